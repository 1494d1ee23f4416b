import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { intentFile } from '@shared/beside.ts';
import { appError } from '@shared/errors.ts';
import type { IngestReport } from '@shared/run.ts';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { Command } from '../../../electron/cli/arguments.ts';
import { execute } from '../../../electron/cli/commands.ts';
import { isConfirmed } from '../../../electron/cli/terminal.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { scriptedHost } from '../host/scripted-host.ts';
import { backup, run as snapshot } from '../renderer/values.ts';

/** What the command line refuses, or asks about, before any engine is told to change a thing. */

const folder = temporaryFolder();
const hosts: ReturnType<typeof scriptedHost>['host'][] = [];
const { isTTY } = process.stdin;
const isTerminal = (is: boolean): void =>
  void Object.defineProperty(process.stdin, 'isTTY', { value: is, configurable: true });
afterEach(() => {
  vi.restoreAllMocks();
  isTerminal(false);
  for (const host of hosts.splice(0)) host.close();
});
afterAll(() => Object.defineProperty(process.stdin, 'isTTY', { value: isTTY, configurable: true }));

const CHANGES = ['run', 'restore', 'finishRestore', 'putBack', 'ingest', 'retryIssues', 'clearPlainSecrets'];

/** A database whose name says what its engine does, and what was asked of it that changes something. */
function setUp(script: string) {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const { host } = scriptedHost(folder, {}, path.join(home, 'data'));
  hosts.push(host);
  const file = path.join(home, `${script}.db`);
  writeFileSync(file, 'bytes');
  const asked = vi.spyOn(host.engines, 'askAlone');
  const changed = () => asked.mock.calls.map(([, name]) => String(name)).filter((name) => CHANGES.includes(name));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  return { home, host, file, changed };
}

const migrate = (file: string, more: object = {}) =>
  ({
    ...{ name: 'migrate', file, to: 1, yes: true, backupFolder: null, source: { kind: 'none' }, contract: false },
    ...more,
  }) as Command;
const codeIn = ({ json }: { json: object }) => (json as { error?: { code?: string } }).error?.code;

describe('an upgrade', () => {
  it('is run, and done only with its verdict', async () => {
    const { host, file, changed } = setUp('good');
    expect(await execute(host, migrate(file))).toMatchObject({ exitCode: 0, json: { ok: true, verified: true } });
    expect(changed()).toEqual(['run']);
  });

  it.each([
    ['blocked', {}, 'E_NO_SPACE', 3],
    ['removes', {}, 'E_REMOVAL_UNCONFIRMED', 3],
    ['good', { yes: false }, 'E_USAGE', 2],
    ['removes', { yes: false, contract: true }, 'E_USAGE', 2],
  ] as const)('is not begun: %s %o', async (script, more, code, exitCode) => {
    const { host, file, changed } = setUp(script);

    const ended = await execute(host, migrate(file, more));

    expect([codeIn(ended), ended.exitCode]).toEqual([code, exitCode]);
    expect(ended.json).toMatchObject({ ok: false, verified: false, backup: null, migrations: [] });
    expect(changed()).toEqual([]);
  });

  it.each([
    ['dies', 1],
    ['dies-early', 1],
    ['untrue', 1],
    ['refused', 3],
  ] as const)('that failed is called refused only where it changed nothing: %s', async (script, exitCode) => {
    const { host, file } = setUp(script);
    expect(await execute(host, migrate(file))).toMatchObject({ exitCode, json: { ok: false, verified: false } });
  });

  it('that failed behind its backup is not called refused, whatever the error is', async () => {
    const { host, file } = setUp('good');
    const run = snapshot({ state: 'failed', backup: backup(), error: appError('E_STATE_CHANGED', 'It has changed.') });
    vi.spyOn(host.runs, 'start').mockReturnValue({ ok: true, value: { snapshot: run, done: Promise.resolve(run) } });
    expect(await execute(host, migrate(file))).toMatchObject({ exitCode: 1, json: { ok: false } });
  });

  it.each([
    ['it is so', 'done', 0, []],
    ['it is not, and is done again behind a backup', 'untrue', 1, ['run']],
    ['nobody could look', 'nothing', 1, []],
  ])('with nothing left to do says so only after a fresh look: %s', async (_, script, exitCode, begun) => {
    const { host, file, changed } = setUp(script);
    const { plan } = host.looks;
    vi.spyOn(host.looks, 'plan').mockImplementation(async (...args) => {
      const made = await plan(...args);
      return made.ok ? { ok: true, value: { ...made.value, steps: [], fromPhase: 1, toPhase: 1 } } : made;
    });

    const ended = await execute(host, migrate(file));

    expect(ended).toMatchObject({ exitCode, json: { ok: exitCode === 0, verified: exitCode === 0 } });
    expect(changed()).toEqual(begun);
  });
});

describe('where nobody can be asked and --yes is missing, nothing is begun:', () => {
  const common = { backupFolder: null, yes: false };
  it.each<[string, (file: string) => object]>([
    ['restore', (file) => ({ name: 'restore', how: 'backup', source: file, file, yes: false })],
    ['restore --finish', (file) => ({ name: 'restore', how: 'finish', source: '', file, yes: false })],
    ['restore --put-back', (file) => ({ name: 'restore', how: 'put-back', source: file, file, yes: false })],
    ['keys --clear', (file) => ({ name: 'keys', file, clear: true, ...common })],
    [
      'issues --retry',
      (file) => ({ name: 'issues', file, exportTo: null, retry: true, source: { kind: 'none' }, ...common }),
    ],
  ])('%s', async (_, command) => {
    const { host, file, changed } = setUp('good');

    const ended = await execute(host, command(file) as Command);

    expect([codeIn(ended), ended.exitCode]).toEqual(['E_USAGE', 2]);
    expect(changed()).toEqual([]);
  });
});

const { stdin } = process;
/** Does something in front of a terminal, where somebody types this; null: they close it. */
async function typing<T>(typed: string | null, act: () => Promise<T>): Promise<T> {
  const keyboard = Object.assign(new PassThrough(), { isTTY: true });
  Object.defineProperty(process, 'stdin', { value: keyboard, configurable: true });
  const asked = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const ended = act().finally(() => Object.defineProperty(process, 'stdin', { value: stdin, configurable: true }));
  // Only who is asked answers.
  await vi.waitFor(() => expect(asked.mock.calls.join('')).toMatch(/(Start\?|to do it:|to start:)/), 10_000);
  if (typed === null) keyboard.end();
  else keyboard.write(`${typed}\n`);
  return ended;
}

describe('an answer', () => {
  it.each([
    ['a.db', true],
    [' A.DB ', true],
    ['yes', false],
    ['', false],
    ['a.dbx', false],
    [null, false],
  ])('%s is a yes: %s', async (typed, isYes) => {
    expect(await typing(typed, () => isConfirmed('Start?', 'a.db'))).toBe(isYes);
  });

  it('may be a name that is not stored as a keyboard types it', async () => {
    const asked = () => isConfirmed('Start?', 'Gro\u0308\u00dfe  1\u00a0neu.db');
    expect(await typing('Gr\u00f6\u00dfe 1 neu.db', asked)).toBe(true);
    expect(await typing('Gr\u00f6\u00dfe 2 neu.db', asked)).toBe(false);
  });
});

describe('whoever does not say yes has nothing begun:', () => {
  const common = { backupFolder: null, yes: false };
  const source = { kind: 'none' };
  it.each<[string, string, (file: string) => object]>([
    ['migrate', 'no', (file) => migrate(file, { yes: false })],
    ['migrate --contract', 'yes', (file) => migrate(file, { yes: false, contract: true })],
    ['restore', 'yes', (file) => ({ name: 'restore', how: 'backup', source: file, file, yes: false })],
    ['restore --finish', 'yes', (file) => ({ name: 'restore', how: 'finish', source: '', file, yes: false })],
    ['restore --put-back', 'yes', (file) => ({ name: 'restore', how: 'put-back', source: file, file, yes: false })],
    ['keys --clear', 'y', (file) => ({ name: 'keys', file, clear: true, ...common })],
    ['issues --retry', 'n', (file) => ({ name: 'issues', file, exportTo: null, retry: true, source, ...common })],
  ])('%s, answered with "%s"', async (name, typed, command) => {
    const { host, file, changed } = setUp(name.includes('contract') ? 'removes' : 'good');

    const ended = await typing(typed, () => execute(host, command(file) as Command));

    expect([codeIn(ended), ended.exitCode]).toEqual(['E_CONFIRMATION', 3]);
    expect(changed()).toEqual([]);
  });
});

it('who is asked before a restore is told that what is there now is kept, in whichever way', async () => {
  const { host, file } = setUp('good');
  const said = vi.mocked(process.stderr.write);
  await typing('no', () => execute(host, { name: 'restore', how: 'backup', source: file, file, yes: false }));
  expect(said.mock.calls.join('')).toContain(
    'What is there now is backed up first or, where it is too damaged for that, kept byte for byte beside it.',
  );
});

describe('a backup', () => {
  it.each([
    ['good', 0],
    ['broken', 1],
  ])('is called whole only where it is: %s', async (script, exitCode) => {
    const { host, file } = setUp(script);
    expect(await execute(host, { name: 'verify', backup: file, isAll: false })).toMatchObject({ exitCode });
    expect(await execute(host, { name: 'verify', backup: file, isAll: true })).toMatchObject({ exitCode });
  });
});

it('files of which none was taken in are no success', async () => {
  const { host, file } = setUp('good');
  const refused = { name: 'a.json', state: 'refused', reason: 'It is none.', project: null, counts: {} };
  const taken = { title: '', files: [refused], backup: null, isTrial: false, checks: [] } as unknown as IngestReport;
  vi.spyOn(host.ingests, 'take').mockResolvedValue({ ok: true, value: taken });
  const command: Command = {
    name: 'ingest',
    file,
    files: ['a.json'],
    project: null,
    isTrial: false,
    backupFolder: null,
  };
  expect(codeIn(await execute(host, command))).toBe('E_INGEST_NOTHING');
});

it('backups are only counted as long as nobody says --yes', async () => {
  const { host, file } = setUp('good');
  const tidied = vi.spyOn(host.backups, 'tidy');
  for (const yes of [false, true]) await execute(host, { name: 'backups', file, keep: 2, yes });
  expect(tidied.mock.calls.map(([, keep, isTrial]) => [keep, isTrial])).toEqual([
    [2, true],
    [2, false],
  ]);
});

it('rows beside an interrupted restore are not shown without saying so first', async () => {
  const { host, file } = setUp('good');
  writeFileSync(intentFile(file), '{');
  const said = vi.mocked(process.stderr.write);
  const command = { ...{ exportTo: null, retry: false, yes: false, backupFolder: null }, source: { kind: 'none' } };

  const ended = await execute(host, { name: 'issues', file, ...command } as Command);

  expect(ended.json).toMatchObject({ ok: true, warning: { code: 'E_RESTORE_UNFINISHED' } });
  expect(said.mock.calls.join('')).toContain('E_RESTORE_UNFINISHED');
});

it.each(['in a folder that is not there', 'as a folder'])('nothing is put into a database %s', async (where) => {
  const { home, host, file, changed } = setUp('good');
  const target = path.join(home, where === 'as a folder' ? 'folder.db' : 'gone/a.db');
  if (where === 'as a folder') mkdirSync(target);

  const ended = await execute(host, { name: 'restore', how: 'backup', source: file, file: target, yes: true });

  expect(codeIn(ended)).toBe(where === 'as a folder' ? 'E_NOT_A_FILE' : 'E_NOT_FOUND');
  expect(changed()).toEqual([]);
});
