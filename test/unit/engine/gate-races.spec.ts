import { execFileSync } from 'node:child_process';
import type * as FileSystem from 'node:fs';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { passGate } from '@engine/gate.ts';
import { codeOf } from '../../support/code-of.ts';
import { lateWriter } from '../../support/late-writer.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

/** What the file becomes between the look at its name and its opening, and what only the system knows of it. */

interface Race {
  become: ((file: string) => void) | null;
  file: string;
  forbidden: string;
}
const race = vi.hoisted((): Race => ({ become: null, file: '', forbidden: '' }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof FileSystem>();
  return {
    ...real,
    accessSync: (...args: Parameters<typeof real.accessSync>) => {
      if (String(args[0]) === race.forbidden) throw Object.assign(new Error('on purpose'), { code: 'EACCES' });
      real.accessSync(...args);
    },
    openSync: (...args: Parameters<typeof real.openSync>) => {
      if (String(args[0]) === race.file) race.become?.(race.file);
      return real.openSync(...args);
    },
  };
});

const base = temporaryFolder();
let file = '';
let writer: ReturnType<typeof lateWriter> | undefined;
afterEach(() => {
  writer?.kill();
  writer = undefined;
});
beforeEach(() => {
  file = makeDatabase(mkdtempSync(path.join(base, 'race-')), 'CREATE TABLE t (a)', 'project.db');
  race.file = file;
});

it.each<[string, string, (file: string) => void]>([
  [
    'a link to another database',
    'E_PATH_CHANGED',
    (name) => {
      renameSync(name, `${name}.old`);
      symlinkSync(makeDatabase(base, 'CREATE TABLE other (a)'), name);
    },
  ],
  [
    'a pipe, for whose writer nobody waits',
    'E_NOT_A_FILE',
    (name) => {
      rmSync(name);
      execFileSync('mkfifo', [name]);
      writer = lateWriter(name);
    },
  ],
  [
    'a folder',
    'E_NOT_A_FILE',
    (name) => {
      rmSync(name);
      mkdirSync(name);
    },
  ],
  ['nothing', 'E_NOT_FOUND', (name) => rmSync(name)],
])('%s is refused as %s', (_, code, become) => {
  race.become = become;

  expect(codeOf(() => passGate(file))).toBe(code);
  expect(writer?.hasCome() ?? false).toBe(false);
});

it.each([
  ['file', 'E_READONLY_FILE', (name: string) => name],
  ['folder', 'E_READONLY_DIR', (name: string) => path.dirname(name)],
])('a %s that the system forbids to be written, whatever its mode says, is not: %s', (_, code, placeOf) => {
  race.become = null;
  race.forbidden = placeOf(file);

  expect(passGate(file).readOnlyReason?.code).toBe(code);
});
