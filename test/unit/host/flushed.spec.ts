import fs, { mkdtempSync, readdirSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { writeJsonFile } from '@host/json-file.ts';
import { appendToJournal, openRunJournal } from '@host/run-journal.ts';
import { afterEach, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

/** What the host has noted is on the disk before it goes on: content, then name. */

const folder = temporaryFolder();
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** What is flushed from now on: paths, and for files how many bytes they had by then. */
function watched(): string[] {
  const flushed: string[] = [];
  const names = new Map<number, string>();
  const [open, flush] = [fs.openSync, fs.fsyncSync];
  vi.spyOn(fs, 'openSync').mockImplementation((name, ...rest) => {
    const descriptor = open(name, ...rest);
    names.set(descriptor, String(name));
    return descriptor;
  });
  vi.spyOn(fs, 'fsyncSync').mockImplementation((descriptor) => {
    flush(descriptor);
    const stats = fs.fstatSync(descriptor);
    const name = path.basename(names.get(descriptor) ?? '');
    flushed.push(stats.isFile() ? `${name} ${stats.size}` : name);
  });
  syncBuiltinESMExports();
  return flushed;
}

const AT = '2026-11-21T14:00:00.000Z';
const line = { type: 'stayed', at: AT } as const;
const bytes = `${JSON.stringify(line)}\n`.length;

it('a line that is added to a journal later, and the name of a journal that begins with it', () => {
  const runs = mkdtempSync(path.join(folder, 'runs-'));
  const flushed = watched();

  appendToJournal(runs, 'r1', line);
  expect(flushed).toEqual([`r1.jsonl ${bytes}`, path.basename(runs)]);

  appendToJournal(runs, 'r1', line);
  expect(flushed.slice(2)).toEqual([`r1.jsonl ${2 * bytes}`]);
});

it('the name of the journal of a work that begins, and every line of it', () => {
  const dataFolder = mkdtempSync(path.join(folder, 'data-'));
  const first = openRunJournal(dataFolder, '/a.db', 'r0'); // makes the folders, which are flushed as well
  first.close();
  const flushed = watched();

  const journal = openRunJournal(dataFolder, '/a.db', 'r1');
  expect(flushed).toEqual(readdirSync(path.join(dataFolder, 'runs')));
  journal.write(line);
  journal.write(line);
  journal.close();
  expect(flushed.slice(1)).toEqual([`r1.jsonl ${bytes}`, `r1.jsonl ${2 * bytes}`]);
});

it('a small file, before it takes the place of the one that was there', () => {
  const file = path.join(mkdtempSync(path.join(folder, 'json-')), 'settings.json');
  writeJsonFile(file, { a: 1 });
  const flushed = watched();
  let before = -1;
  const rename = fs.renameSync;
  vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    before = flushed.length;
    rename(from, to);
  });
  syncBuiltinESMExports();

  writeJsonFile(file, { a: 2 });

  expect(flushed).toEqual([expect.stringMatching(/^settings\.json\..+\.tmp 13$/)]);
  expect(before).toBe(1);
});
