import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isLogHeader, isLogWhole } from '@engine/log-check.ts';
import { readSidecars } from '@engine/sidecars.ts';
import { framesOf } from '../../faults/inputs/support/journals.ts';
import { askOne, makeShop } from '../../support/engine/run-shop.ts';
import { manyRows, otherProgram } from '../../support/other-program.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

interface Left {
  readonly file: string;
  readonly log: Buffer;
}

/** What a killed program leaves that has its rows in the log alone. */
async function killed(body: string): Promise<Left> {
  const file = makeShop(folder, { wal: true, extra: `CREATE TABLE noted (what TEXT);${manyRows(2_000)}` });
  await (await otherProgram(file, `db.pragma('wal_autocheckpoint = 0'); ${body}`)).kill();
  return { file, log: fs.readFileSync(`${file}-wal`) };
}
const commits = (count: number): string =>
  `for (let i = 1; i <= ${count}; i++) db.exec("INSERT INTO noted VALUES ('commit " + i + "')");`;

/** A copy of it, without what SQLite keeps in memory about it. */
function changed({ file, log }: Left, change: (bytes: Buffer) => Buffer | void): string {
  const copy = path.join(fs.mkdtempSync(path.join(folder, 'copy-')), 'shop.db');
  const bytes = Buffer.from(log);
  fs.copyFileSync(file, copy);
  fs.writeFileSync(`${copy}-wal`, change(bytes) ?? bytes);
  return copy;
}

const flip = (at: number) => (bytes: Buffer) => void (bytes[at] = (bytes[at] ?? 0) ^ 0xff);
const committed = (file: string): number => askOne(file, `SELECT count(*) FROM noted`);

describe('the log of a killed program', () => {
  it('is read to its end', async () => {
    const left = await killed(commits(3));

    expect(isLogWhole(left.file)).toBe(true);
    expect(committed(left.file)).toBe(3);
  });

  it('is whole where the transaction that had spilled into it was never committed', async () => {
    const left = await killed(
      `${commits(2)} db.pragma('cache_size = 5'); db.exec("BEGIN; UPDATE many SET text = 'half'; UPDATE many SET text = 'written'");`,
    );
    expect(framesOf(left.log).length).toBeGreaterThan(20);
    expect(isLogWhole(left.file)).toBe(true);

    const lastCommit = framesOf(left.log).findLast(({ isCommit }) => isCommit);
    const torn = changed(
      left,
      (bytes) => void bytes.fill(0, (lastCommit?.end ?? 0) + 24, (lastCommit?.end ?? 0) + 2_000),
    );
    expect(isLogWhole(torn)).toBe(true);
    expect(committed(torn)).toBe(2);
  });

  it('is whole with what an earlier log has left behind it', async () => {
    const left = await killed(
      `${commits(9)} db.pragma('wal_checkpoint(RESTART)'); db.exec("DELETE FROM noted WHERE what = 'commit 9'");`,
    );
    expect(framesOf(left.log).length).toBeGreaterThan(5);

    expect(isLogWhole(left.file)).toBe(true);
    expect(committed(left.file)).toBe(8);
  });
});

describe('a log that SQLite throws away, or a part of it', () => {
  it('is told by any of the bytes of its header that count', async () => {
    const left = await killed(commits(1));
    expect(isLogHeader(left.log)).toBe(true);
    for (let at = 0; at < 32; at++) {
      const file = changed(left, flip(at));
      expect(readSidecars(file), `byte ${at}`).toMatchObject({ isWalRead: false, isWalLost: true });
      expect(isLogWhole(file), `byte ${at}`).toBe(false);
    }
    expect(committed(changed(left, flip(20)))).toBe(0);
  });

  it.each([
    ['the page of the first frame', () => 32 + 24 + 100, 0],
    ['the checksum of the first frame', () => 32 + 16, 0],
    ['which log a frame says it is of, with commits behind it', (third: number) => third + 8, 2],
    ['a frame in the middle', (third: number) => third + 500, 2],
  ])('is told by %s', async (_, at, left) => {
    const log = await killed(commits(4));
    const third = framesOf(log.log).filter(({ isCommit }) => isCommit)[1]?.end ?? 0;
    const file = changed(log, flip(at(third)));

    expect(readSidecars(file)).toMatchObject({ isWalRead: true, isWalLost: false });
    expect(isLogWhole(file)).toBe(false);
    expect(committed(file)).toBe(left);
  });
});
