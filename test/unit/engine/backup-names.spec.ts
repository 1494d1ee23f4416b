import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { prepareFolder, reserveName } from '@engine/backup-folder.ts';
import { codeOf } from '../../support/code-of.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** The name of a backup, and the folder it lies in, are asked of the disk and believed only then. */

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());

const AT = new Date(2026, 0, 2, 3, 4, 5);
const request = { path: '/somewhere/shop.db', reason: 'by hand' };

it('a backup that another process has finished in that very moment keeps its name, and loses nothing', () => {
  const place = fs.mkdtempSync(path.join(folder, 'backups-'));
  const named: string[] = [];
  const finishAnother = (partial: string): void => {
    named.push(partial);
    if (named.length === 1) fs.writeFileSync(partial.replace(/\.partial$/, ''), 'of another');
  };

  const { id, partial } = reserveName(place, request, AT, finishAnother);

  expect(id).toBe('shop 2026-01-02 03.04.05 by hand 2');
  expect(fs.readdirSync(place).toSorted()).toEqual([path.basename(partial), 'shop 2026-01-02 03.04.05 by hand.db']);
});

it.each([
  ['ENOSPC', 'E_BACKUP_NO_SPACE'],
  ['EDQUOT', 'E_BACKUP_NO_SPACE'],
  ['EACCES', 'E_BACKUP_FOLDER'],
])('a folder that cannot be made says whether the disk is full (%s)', (code, told) => {
  vi.spyOn(fs, 'mkdirSync').mockImplementation(() => {
    throw Object.assign(new Error(`${code}: refused on purpose`), { code, syscall: 'mkdir' });
  });
  expect(codeOf(() => prepareFolder(path.join(folder, 'new')))).toBe(told);
});
