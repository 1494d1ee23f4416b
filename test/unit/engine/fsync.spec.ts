import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { fsyncFile, markConnected, sha256File, writeFileDurably } from '@engine/fsync.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

/** What is written durably, and what is never touched that SQLite has open in this process. */

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());

it('a file that SQLite has open here is neither read nor flushed by us, by whatever name', () => {
  const file = makeDatabase(folder, 'CREATE TABLE a (b)');
  const link = `${file}.link`;
  fs.linkSync(file, link);
  const open = vi.spyOn(fs, 'openSync');
  const [first, second] = [markConnected(file), markConnected(file)];

  for (const name of [file, link])
    for (const act of [sha256File, fsyncFile]) expect(() => act(name)).toThrow('while SQLite had it open');
  first();
  first(); // said twice, it is still one of two
  expect(() => sha256File(file)).toThrow('while SQLite had it open');
  expect(open).not.toHaveBeenCalled(); // closing it would already drop SQLite's locks

  second();
  fsyncFile(file);
  expect(sha256File(link)).toBe(sha256File(file));
});

it.each(['fsyncSync', 'renameSync'] as const)(
  'a small file that cannot be replaced (%s) stays as it was, with nothing beside it',
  (act) => {
    const file = path.join(fs.mkdtempSync(path.join(folder, 'small-')), 'a.json');
    writeFileDurably(file, 'the old one');
    vi.spyOn(fs, act).mockImplementation(() => {
      throw Object.assign(new Error('ENOSPC: refused on purpose'), { code: 'ENOSPC' });
    });

    expect(() => writeFileDurably(file, 'the new one')).toThrow('ENOSPC');

    expect(fs.readdirSync(path.dirname(file))).toEqual(['a.json']);
    expect(fs.readFileSync(file, 'utf8')).toBe('the old one');
  },
);
