import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { restoreLockFile } from '@shared/beside.ts';
import { clearDeadRestore } from '@engine/restore-dead.ts';
import { lockRestores, resolveTargetFile } from '@engine/restore-target.ts';
import { codeOf } from '../../support/code-of.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Where a restore writes to: one name of one ordinary file, or of none yet, that is not the backup. */

const folder = temporaryFolder();
let home: string;
let file: string;
let backup: string;
beforeEach(() => {
  home = fs.mkdtempSync(path.join(fs.realpathSync(folder), 'target-'));
  [file, backup] = [path.join(home, 'shop.db'), path.join(home, 'backup.db')];
  for (const each of [file, backup]) fs.writeFileSync(each, 'some bytes');
});

it.each<[string, () => string, string]>([
  ['that the system would read in another way', () => `${file} `, 'E_PATH_UNSUPPORTED'],
  ['in a folder that is not there', () => path.join(home, 'none', 'shop.db'), 'E_RESTORE_TARGET'],
  ['of a folder', () => home, 'E_RESTORE_TARGET'],
  ['of a link to nowhere', () => linkTo('nowhere'), 'E_RESTORE_TARGET'],
  ['of the backup', () => backup, 'E_RESTORE_TARGET'],
  ['of a link to the backup', () => linkTo('backup.db'), 'E_RESTORE_TARGET'],
])('no restore writes to a name %s', (_, name, code) => {
  expect(codeOf(() => resolveTargetFile(name(), backup))).toBe(code);
});

function linkTo(name: string): string {
  const link = path.join(home, 'link.db');
  fs.symlinkSync(name, link);
  return link;
}

it('a file has one name, also where it is missing', () => {
  const linked = `${home}-link`;
  fs.symlinkSync(home, linked);
  expect(resolveTargetFile(linkTo('shop.db'), backup)).toBe(file);
  expect(resolveTargetFile(path.join(linked, 'shop.db'), backup)).toBe(file);
  fs.rmSync(file);
  expect(resolveTargetFile(path.join(linked, 'shop.db'), backup)).toBe(file);
});

it('a name that leaves no room for a lock beside it is locked all the same, and let go', () => {
  const [long, locks] = [path.join(home, `${'s'.repeat(243)}.db`), path.join(home, 'locks')];
  fs.writeFileSync(long, 'some bytes');

  const lock = lockRestores(long, locks);
  expect(codeOf(() => lockRestores(long, locks))).toBe('E_RUN_ACTIVE');
  lock.release();

  lockRestores(long, locks).release();
  expect(fs.readdirSync(home).filter((name) => name.startsWith('s'.repeat(243)))).toEqual([path.basename(long)]);
});

it('where no lock lies beside the file, none is taken to clear it', () => {
  const locks = path.join(home, 'locks');
  clearDeadRestore(file, locks);
  expect([fs.existsSync(locks), fs.existsSync(restoreLockFile(file))]).toEqual([false, false]);
});
