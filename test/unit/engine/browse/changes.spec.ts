import { copyFileSync, renameSync, utimesSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import type { BrowseQuery } from '@shared/browse.ts';
import { browseAnswers } from '@engine/browse/answers.ts';
import { openBrowser } from '@engine/browse/browser.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

/** What is shown is what the file holds, whoever changes it and however; or the window is told that it is old. */

const folder = temporaryFolder();
let made = 0;
const open: { close(): void }[] = [];
afterEach(() => open.splice(0).forEach((each) => each.close()));

function makeFile(value: string, mode: 'delete' | 'wal' = 'delete'): string {
  const file = path.join(folder, `${++made}.db`);
  const db = new Database(file);
  db.pragma(`journal_mode = ${mode}`);
  db.exec(`CREATE TABLE t(v TEXT); INSERT INTO t VALUES ('${value}')`);
  db.close();
  return file;
}

const query: BrowseQuery = { table: 't', sort: [], filters: [], find: null };

/** As the host asks: one process for one file. */
function browsing(file: string) {
  const answers = browseAnswers([], () => {});
  return {
    tables: () => answers.browseTables({ path: file }),
    async page() {
      const page = await answers.browsePage({
        path: file,
        query,
        anchor: { at: 'start' },
        limit: 9,
        hasConsent: false,
      });
      const [cell] = page.rows[0]?.cells ?? [];
      return { ...page, first: cell?.type === 'text' ? cell.value : null };
    },
  };
}

describe('a file that is browsed where it lies', () => {
  it.each<[string, (file: string, other: string) => void]>([
    ['put in its place', (file, other) => renameSync(other, file)],
    ['copied over it', (file, other) => copyFileSync(other, file)],
  ])('is read anew when another one is %s', async (_how, replace) => {
    const file = makeFile('old');
    const { page } = browsing(file);
    const before = await page();
    expect(before.first).toBe('old');

    // The same length and the same counters: nothing that SQLite would notice.
    replace(file, makeFile('new'));
    utimesSync(file, new Date(), new Date(Date.now() + 5_000));

    const after = await page();
    expect(after).toMatchObject({ first: 'new', isOutdated: false });
    expect(after.version).not.toBe(before.version);
  });

  it('is shown as it is when another program has written into it', async () => {
    const file = makeFile('old');
    const { page } = browsing(file);
    const before = await page();
    const db = new Database(file);
    db.exec(`UPDATE t SET v = 'new'`);
    db.close();
    const after = await page();
    expect(after.first).toBe('new');
    expect(after.version).not.toBe(before.version);
  });

  it('has numbers for its states that no other process gives again', async () => {
    const file = makeFile('one');
    const versions = new Set<number>();
    for (let turn = 0; turn < 5; turn++) {
      const browser = await openBrowser(file, []);
      open.push(browser);
      versions.add(browser.tables().version);
    }
    expect(versions.size).toBe(5);
  });
});

describe('a copy', () => {
  it('is said to be old once the file has changed, and is made anew when somebody asks for the tables', async () => {
    const file = makeFile('old', 'wal');
    const { page, tables } = browsing(file);
    expect(await tables()).toMatchObject({ isCopy: true });
    expect(await page()).toMatchObject({ first: 'old', isOutdated: false });
    const other = new Database(file);
    open.push(other);
    other.exec(`UPDATE t SET v = 'new'`); // stands in the WAL only
    expect(await page()).toMatchObject({ first: 'old', isOutdated: true });
    await new Promise((resolve) => setTimeout(resolve, 50)); // a file written to just now is not copied yet
    await tables();
    expect(await page()).toMatchObject({ first: 'new', isOutdated: false });
  });

  it('is said to be old when the file was replaced', async () => {
    const file = makeFile('old', 'wal');
    const { page } = browsing(file);
    expect(await page()).toMatchObject({ first: 'old', isOutdated: false });
    renameSync(makeFile('new', 'wal'), file);
    expect(await page()).toMatchObject({ first: 'old', isOutdated: true });
  });
});
