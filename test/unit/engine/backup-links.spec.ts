import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { codeOfPromise } from '../../support/code-of.ts';
import { at, backUpWith } from '../../support/engine/back-up-with.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** SQLite and the system follow links: a backup must not be led to a file of somebody else. */

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());
const filesIn = (file: string): string[] => fs.readdirSync(backupFolderOf(file));

it.each(['reserved', 'copied', 'hashed', 'rehearsed'] as const)(
  'a link that is put in the place of the copy (%s) leads nothing of ours to a file elsewhere',
  async (point) => {
    const file = makeShop(folder, { wal: true });
    const elsewhere = path.join(folder, `elsewhere-${point}.db`);
    let found = Buffer.alloc(0);
    const swap = (partial: string): void => {
      fs.copyFileSync(partial, elsewhere);
      found = fs.readFileSync(elsewhere);
      fs.rmSync(partial);
      fs.symlinkSync(elsewhere, partial);
    };

    expect(await codeOfPromise(backUpWith(file, at(point, swap)))).toMatch(/^E_BACKUP_/);
    if (point !== 'reserved') expect(fs.readFileSync(elsewhere).equals(found)).toBe(true);
    expect(filesIn(file).filter((name) => name.endsWith('.db') || name.endsWith('.json'))).toEqual([]);
  },
);

it('nor one that takes the place of the copy in the very moment in which that gets its name', async () => {
  const file = makeShop(folder);
  const elsewhere = path.join(folder, 'elsewhere-renamed.db');
  const rename = fs.renameSync;
  vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    if (String(from).endsWith('.partial')) {
      rename(from, elsewhere);
      fs.symlinkSync(elsewhere, from);
    }
    rename(from, to);
  });

  expect(await codeOfPromise(backUpWith(file, () => {}))).toBe('E_BACKUP_UNVERIFIED');

  expect(filesIn(file)).toEqual([]);
});

it('a copy with a second name is no backup: whoever writes to that one would write to it', async () => {
  const file = makeShop(folder);
  const second = path.join(folder, 'second name.db');

  const code = await codeOfPromise(
    backUpWith(
      file,
      at('rehearsed', (partial) => fs.linkSync(partial, second)),
    ),
  );

  expect(code).toBe('E_BACKUP_UNVERIFIED');
  expect(filesIn(file)).toEqual([]);
});
