import { execFileSync } from 'node:child_process';
import fs, { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { dataFolderPath, ensureFolder, folderError } from '@host/data-folder.ts';
import { readJsonFile, readText, writeJsonFile } from '@host/json-file.ts';
import { isStillRunning, processIdentity } from '@host/process-identity.ts';
import { appendToJournal, beginWork, openRunJournal, startedLine } from '@host/run-journal.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { codeOf } from '../../support/code-of.ts';
import { followFlushes } from '../../support/flushes.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What Phasewise keeps for itself: for this user alone, whole, and never waited for. */

const folder = temporaryFolder();
const newFolder = (): string => mkdtempSync(path.join(folder, 'own-'));
const AT = '2026-11-21T14:00:00.000Z';
const line = { type: 'stayed', at: AT } as const;
const start = {
  kind: 'backup',
  at: AT,
  runId: 'r1',
  path: '/a.db',
  toPhase: null,
  appVersion: '0',
  plan: null,
} as const;

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});
const failing = (name: 'fsyncSync' | 'accessSync', code: string): void => {
  vi.spyOn(fs, name).mockImplementation(() => {
    throw Object.assign(new Error(`${code}: no, ${name}`), { code, syscall: name });
  });
  syncBuiltinESMExports();
};

it.skipIf(process.platform === 'win32')('is readable to nobody else, whatever else this user makes', () => {
  const home = newFolder();
  const before = process.umask(0);
  try {
    const data = ensureFolder(home, 'data', 'runs');
    openRunJournal(home, '/a.db', 'r1').close();
    appendToJournal(data, 'r2', line);
    writeJsonFile(path.join(data, 'settings.json'), {});
  } finally {
    process.umask(before);
  }
  const modes = readdirSync(home, { recursive: true, withFileTypes: true }).map((entry) => [
    entry.isDirectory(),
    (statSync(path.join(entry.parentPath, entry.name)).mode & 0o777).toString(8),
  ]);
  expect(new Set(modes.map(String))).toEqual(new Set(['true,700', 'false,600']));
});

describe('a journal', () => {
  it('is begun once: another work of its name does not write into it', () => {
    const home = newFolder();
    openRunJournal(home, '/a.db', 'r1').close();
    expect(codeOf(() => openRunJournal(home, '/a.db', 'r1'))).toBe('E_DATA_FOLDER');
  });

  it('that was closed, or cannot be written any more, keeps nobody from ending', () => {
    const home = newFolder();
    const journal = openRunJournal(home, '/a.db', 'r1');
    journal.close();
    journal.close();
    const end = beginWork(home, { ...start, runId: 'r2' });
    failing('fsyncSync', 'EIO');
    end(true);
  });

  it('says by whom it is written, so that a later process of the same id is not taken for that one', () => {
    expect(startedLine(start)).toMatchObject({ pid: process.pid, process: processIdentity(process.pid) });
    expect(isStillRunning(process.pid, processIdentity(process.pid), AT)).toBe(true);
    if (processIdentity(process.pid) !== '') expect(isStillRunning(process.pid, 'another', AT)).toBe(false);
  });

  it('goes on behind a line that was cut off', () => {
    const runs = newFolder();
    const file = path.join(runs, 'r1.jsonl');
    writeFileSync(file, '{"type":"app');
    appendToJournal(runs, 'r1', line);
    appendToJournal(runs, 'r1', line);
    expect(readFileSync(file, 'utf8').split('\n')).toEqual([
      '{"type":"app',
      JSON.stringify(line),
      JSON.stringify(line),
      '',
    ]);
  });
});

it('a process is not believed to live since before the computer was started', () => {
  const ago = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString();
  vi.spyOn(os, 'uptime').mockReturnValue(3_600);
  expect(isStillRunning(process.pid, undefined, ago(600))).toBe(true);
  expect(isStillRunning(process.pid, '', ago(7_200))).toBe(false);
});

it.skipIf(process.platform === 'win32')('a pipe in the place of a file is no file, and is not waited for', () => {
  const pipe = path.join(newFolder(), 'recents.json');
  execFileSync('mkfifo', [pipe]);
  expect(codeOf(() => readText(pipe))).toBe('EINVAL');
  expect(readJsonFile(pipe, z.array(z.string()), ['usual'])).toEqual(['usual']);
});

describe('a folder', () => {
  it('that is made is there after a power cut, and each above it', () => {
    const home = newFolder();
    const flushed: (string | undefined)[] = [];
    followFlushes((name) => flushed.push(name));
    syncBuiltinESMExports();
    ensureFolder(home, 'a', 'b');
    expect(flushed).toEqual([home, path.join(home, 'a')]);
  });

  it('is used where its parent cannot be flushed, or another process was quicker', () => {
    const home = newFolder();
    failing('fsyncSync', 'EINVAL');
    expect(statSync(ensureFolder(home, 'a')).isDirectory()).toBe(true);
    vi.restoreAllMocks();
    const make = fs.mkdirSync;
    vi.spyOn(fs, 'mkdirSync').mockImplementation((name, options) => {
      make(name, options);
      throw Object.assign(new Error('EEXIST: file already exists, mkdir'), { code: 'EEXIST', syscall: 'mkdir' });
    });
    syncBuiltinESMExports();
    expect(statSync(ensureFolder(home, 'b')).isDirectory()).toBe(true);
  });

  it('that cannot be written is said to be so', () => {
    const home = newFolder();
    mkdirSync(path.join(home, 'data'));
    expect(folderError(path.join(home, 'data'))).toBeNull();
    failing('accessSync', 'EACCES');
    expect(folderError(path.join(home, 'data'))?.code).toBe('E_DATA_FOLDER');
  });

  it('is a whole path: a relative one of the environment is no place', () => {
    const usual = path.join(os.homedir(), '.local', 'share', 'phasewise');
    expect(dataFolderPath({ XDG_DATA_HOME: 'share' }, 'linux')).toBe(usual);
    expect(dataFolderPath({ XDG_DATA_HOME: '/share' }, 'linux')).toBe(path.join('/share', 'phasewise'));
  });
});
