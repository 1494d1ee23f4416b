import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fsyncFile, fsyncFolder, makeFolder, sha256File, writeFileDurably } from '@engine/fsync.ts';
import { followFlushes } from '../../support/flushes.ts';
import { lateWriter } from '../../support/late-writer.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What survives a power cut: content first, then the name that leads to it. */

const base = temporaryFolder();
let folder = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(base, 'flushed-'));
});
afterEach(() => void vi.restoreAllMocks());
const failing = (code: string) => (): never => {
  throw Object.assign(new Error(`${code}: on purpose`), { code });
};
const modeOf = (name: string): number => fs.statSync(name).mode & 0o777;

describe('a small file', () => {
  it('has its content on the disk before it has its name, and its name before it is called written', () => {
    const file = path.join(folder, 'a.json');
    fs.writeFileSync(file, 'the old one');
    const seen: string[] = [];
    followFlushes((name = '') => {
      const what = name === folder ? 'folder' : fs.readFileSync(name, 'utf8');
      seen.push(`${what} while it says: ${fs.readFileSync(file, 'utf8')}`);
    });

    writeFileDurably(file, 'the new one');

    expect(seen).toEqual(['the new one while it says: the old one', 'folder while it says: the new one']);
    expect(modeOf(file)).toBe(0o600);
  });

  it('is not called written where its name could not be flushed', () => {
    const file = path.join(folder, 'a.json');
    const really = fs.openSync;
    vi.spyOn(fs, 'openSync').mockImplementation((name, ...rest) =>
      name === folder ? failing('EIO')() : really(name, ...rest),
    );

    expect(() => writeFileDurably(file, 'the new one')).toThrow('EIO');
  });
});

it('a file is flushed as such, and a folder', () => {
  const file = path.join(folder, 'a.db');
  fs.writeFileSync(file, 'x');
  const seen: unknown[] = [];
  followFlushes((name) => seen.push(name));

  fsyncFile(file);
  expect(fsyncFolder(folder)).toBe(true);

  expect(seen).toEqual([file, folder]);
});

it.each([
  ['EINVAL', false],
  ['EPERM', false],
  ['EIO', null],
  ['ENOSPC', null],
])('a folder of which the system says %s is one that cannot be flushed, or an error', (code, said) => {
  vi.spyOn(fs, 'fsyncSync').mockImplementation(failing(code));

  if (said === null) expect(() => fsyncFolder(folder)).toThrow(code);
  else expect(fsyncFolder(folder)).toBe(said);
});

describe('a folder that is made', () => {
  it('is private, and its name is flushed, as are those above it', () => {
    const seen: unknown[] = [];
    followFlushes((name) => seen.push(name));
    const [outer, inner] = [path.join(folder, 'outer'), path.join(folder, 'outer', 'inner')];

    makeFolder(inner);

    expect(seen).toEqual([folder, outer]);
    expect([modeOf(outer), modeOf(inner)]).toEqual([0o700, 0o700]);
  });

  it('may be made by another process meanwhile, but not be a file', () => {
    const name = path.join(folder, 'inner');
    const really = fs.mkdirSync;
    const meanwhile = (make: () => unknown) =>
      vi.spyOn(fs, 'mkdirSync').mockImplementationOnce((...args) => {
        make();
        return really(...args);
      });
    meanwhile(() => really(name));
    expect(() => makeFolder(name)).not.toThrow();
    fs.rmdirSync(name);

    meanwhile(() => fs.writeFileSync(name, ''));
    expect(() => makeFolder(name)).toThrow('EEXIST');
  });
});

it.skipIf(process.platform === 'win32')('a pipe has no checksum, and nobody waits for its writer', () => {
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const writer = lateWriter(pipe);

  for (const name of [pipe, '/dev/zero']) expect(() => sha256File(name)).toThrow('EINVAL');
  expect(writer.hasCome()).toBe(false);
  writer.kill();
});
