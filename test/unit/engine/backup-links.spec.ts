import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { codeOfPromise } from '../../support/code-of.ts';
import { at, backUpWith } from '../../support/engine/back-up-with.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** SQLite and the system follow links: a backup must not be led to a file of somebody else. */

const folder = temporaryFolder();
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
