import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { takeAppLock } from '@engine/app-lock.ts';
import { startOf } from '@engine/process-life.ts';
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

it('one whose process is gone, but that the system does not let go, is no reason to wait for anybody', () => {
  const file = someFile();
  write(lockFile(file), { pid: spawnSync('true').pid, startedAt: '1', token: 'stale' });
  vi.spyOn(fs, 'renameSync').mockImplementation(() => {
    throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
  });

  expect(codeOf(() => takeAppLock(folder, file))).toBe('E_DATA_FOLDER');
  vi.restoreAllMocks();
});

it('a folder that has the name of a lock is put aside with what is in it', () => {
  const file = someFile();
  fs.mkdirSync(lockFile(file));
  fs.writeFileSync(path.join(lockFile(file), 'of somebody'), '');

  takeAppLock(folder, file).release();

  const [aside = ''] = fs.readdirSync(folder).filter((name) => name.startsWith(`1-${file.ino}.lock.`));
  expect(fs.readdirSync(path.join(folder, aside))).toEqual(['of somebody']);
});

it('one that a living process took between the look and the taking over is given back', () => {
  const file = someFile();
  write(lockFile(file), { pid: spawnSync('true').pid, startedAt: '1', token: 'stale' });
  const living = spawn('sleep', ['30']);
  const pid = living.pid ?? 0;
  vi.spyOn(fs, 'renameSync').mockImplementationOnce((from, to) => {
    write(lockFile(file), { pid, startedAt: startOf(pid), token: 'living' });
    fs.renameSync(from, to);
  });

  expect(codeOf(() => takeAppLock(folder, file))).toBe('E_RUN_ACTIVE');
  vi.restoreAllMocks();
  living.kill('SIGKILL');

  expect(JSON.parse(fs.readFileSync(lockFile(file), 'utf8'))).toMatchObject({ token: 'living' });
  expect(fs.readdirSync(folder).filter((name) => name.startsWith(`1-${file.ino}.lock.`))).toEqual([]);
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

it('one that another process took in the moment it was made is not held', () => {
  const file = someFile();
  const link = fs.linkSync;
  const other = { pid: process.ppid, startedAt: startOf(process.ppid), token: 'other' };
  vi.spyOn(fs, 'linkSync').mockImplementationOnce((from, to) => {
    link(from, to);
    write(String(to), other);
  });

  const code = codeOf(() => takeAppLock(folder, file));
  vi.restoreAllMocks();

  expect(code).toBe('E_RUN_ACTIVE');
  expect(JSON.parse(fs.readFileSync(lockFile(file), 'utf8'))).toEqual(other);
});

it('where a disk has no second names for a file, the lock of a living process is not written over either', () => {
  const file = someFile();
  vi.spyOn(fs, 'linkSync').mockImplementation(() => {
    throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
  });
  const owner = { pid: process.ppid, startedAt: startOf(process.ppid), token: 'living' };
  write(lockFile(file), owner);

  const code = codeOf(() => takeAppLock(folder, file));
  const other = someFile();
  const lock = takeAppLock(folder, other);
  vi.restoreAllMocks();

  expect(code).toBe('E_RUN_ACTIVE');
  expect(JSON.parse(fs.readFileSync(lockFile(file), 'utf8'))).toEqual(owner);
  expect(codeOf(() => takeAppLock(folder, other))).toBe('E_RUN_ACTIVE');
  lock.release();
});
