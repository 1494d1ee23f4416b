import fs, { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { writeJsonFile } from '@host/json-file.ts';
import { openRunJournal } from '@host/run-journal.ts';
import { afterEach, expect, it, vi } from 'vitest';
import { codeOf } from '../../support/code-of.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What is left of a file of ours where the disk takes a part of it only. Without a full disk: not every system makes one. */

const folder = temporaryFolder();
const putBack = () => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
};
afterEach(putBack);

/** From now on. */
function fillDisk(): void {
  const write = fs.writeFileSync;
  vi.spyOn(fs, 'writeFileSync').mockImplementation((file, data) => {
    write(file, typeof data === 'string' ? data.slice(0, 9) : '');
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  });
  syncBuiltinESMExports();
}

it('a line of a journal that was cut off does not become the begin of the next one', () => {
  const dataFolder = mkdtempSync(path.join(folder, 'data-'));
  const journal = openRunJournal(dataFolder, '/a.db', 'r1');
  const line = { type: 'stayed', at: '2026-11-21T14:00:00.000Z' } as const;
  fillDisk();
  expect(codeOf(() => journal.write(line))).toBe('E_NO_SPACE');
  putBack();

  journal.write(line);
  journal.write(line);
  journal.close();

  const [runs = ''] = readdirSync(path.join(dataFolder, 'runs'));
  const text = readFileSync(path.join(dataFolder, 'runs', runs, 'r1.jsonl'), 'utf8');
  const whole = JSON.stringify(line);
  expect(text.split('\n')).toEqual([whole.slice(0, 9), whole, whole, '']);
});

it('a small file that could not be written leaves the one that was there, and nothing beside it', () => {
  const file = path.join(mkdtempSync(path.join(folder, 'json-')), 'settings.json');
  writeJsonFile(file, { a: 1 });
  fillDisk();

  expect(codeOf(() => writeJsonFile(file, { a: 2 }))).toBe('E_NO_SPACE');
  putBack();

  expect(readdirSync(path.dirname(file))).toEqual(['settings.json']);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ a: 1 });
});
