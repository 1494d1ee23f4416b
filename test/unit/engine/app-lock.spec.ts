import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { takeAppLock } from '@engine/app-lock.ts';
import { codeOf } from '../../support/code-of.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
let files = 0;
const someFile = () => ({ dev: '1', ino: String((files += 1)), sizeBytes: 0, mtimeNs: '0' });
const lockFile = ({ dev, ino }: { dev: string; ino: string }) => path.join(folder, `${dev}-${ino}.lock`);
const write = (file: string, owner: object | string) =>
  fs.writeFileSync(file, typeof owner === 'string' ? owner : JSON.stringify(owner));

it('one holds it, the second is refused, and after its release the next one gets it', () => {
  const file = someFile();
  const lock = takeAppLock(folder, file);

  expect(codeOf(() => takeAppLock(folder, file))).toBe('E_RUN_ACTIVE');
  expect(takeAppLock(folder, someFile())).toBeDefined();
  lock.release();

  takeAppLock(folder, file).release();
  expect(fs.existsSync(lockFile(file))).toBe(false);
});

it('that could not be removed does not keep out the process that let it go', () => {
  const file = someFile();
  const lock = takeAppLock(folder, file);
  const remove = vi.spyOn(fs, 'rmSync').mockImplementation(() => {
    throw Object.assign(new Error('EIO'), { code: 'EIO' });
  });
  lock.release();
  remove.mockRestore();
  expect(fs.existsSync(lockFile(file))).toBe(true);

  takeAppLock(folder, file).release();

  expect(fs.existsSync(lockFile(file))).toBe(false);
});

it.each([
  ['whose process is gone', { pid: spawnSync('true').pid, startedAt: '1', token: 'a' }],
  ['whose process number is used by another process now', { pid: process.pid, startedAt: '1', token: 'a' }],
  ['that cannot be read', '{"pid": 1'],
])('a lock %s is taken over', (_, owner) => {
  const file = someFile();
  write(lockFile(file), owner);

  const lock = takeAppLock(folder, file);

  expect(codeOf(() => takeAppLock(folder, file))).toBe('E_RUN_ACTIVE');
  lock.release();
});

it('a release leaves the lock of somebody else alone', () => {
  const file = someFile();
  const lock = takeAppLock(folder, file);
  write(lockFile(file), { pid: process.pid, startedAt: 'x', token: 'other' });

  lock.release();

  expect(fs.existsSync(lockFile(file))).toBe(true);
});

it('that cannot be written says so, and leaves nothing', () => {
  const blocked = path.join(folder, 'a file');
  fs.writeFileSync(blocked, '');
  expect(codeOf(() => takeAppLock(path.join(blocked, 'locks'), someFile()))).toBe('E_DATA_FOLDER');
  const full = vi.spyOn(fs, 'linkSync').mockImplementation(() => {
    throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  });
  const file = someFile();
  expect(codeOf(() => takeAppLock(folder, file))).toBe('E_DATA_FOLDER');
  full.mockRestore();
  expect(fs.readdirSync(folder).filter((name) => name.startsWith(`1-${file.ino}.`))).toEqual([]);
});
