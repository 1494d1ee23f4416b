import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { assertLocksWork } from '@engine/lock-probe.ts';
import { codeOf } from '../../support/code-of.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const setUp = () => {
  const home = fs.mkdtempSync(path.join(folder, 'lock-'));
  const scratch = path.join(home, '.a.db.lock-test');
  return { home, file: path.join(home, 'a.db'), scratch };
};

it('on a disk that locks nothing is said, and nothing is left', () => {
  const { home, file } = setUp();
  assertLocksWork(file);
  expect(fs.readdirSync(home)).toEqual([]);
});

it('on a disk where even a file of our own cannot be locked it is said', () => {
  const { file, scratch } = setUp();
  fs.writeFileSync(scratch, '');
  const db = new Database(scratch); // stands for a driver that refuses every lock
  db.exec('BEGIN EXCLUSIVE');
  const remove = fs.rmSync;
  fs.rmSync = () => {}; // or a second try would find another file
  const code = codeOf(() => assertLocksWork(file));
  fs.rmSync = remove;
  db.close();
  expect(code).toBe('E_LOCKING_UNAVAILABLE');
});

it('a file of that name that is somebody else’s is left alone, and nothing is said', () => {
  const { file, scratch } = setUp();
  fs.writeFileSync(scratch, 'not ours');
  assertLocksWork(file);
  expect(fs.readFileSync(scratch, 'utf8')).toBe('not ours');
});

it('where no file can be made nothing is said', () => {
  assertLocksWork('/nowhere/a.db');
});

it.skipIf(process.platform === 'win32')('a pipe of that name is left alone, and not opened', () => {
  const { file, scratch } = setUp();
  spawnSync('mkfifo', [scratch]);
  assertLocksWork(file);
  expect(fs.lstatSync(scratch).isFIFO()).toBe(true);
});
