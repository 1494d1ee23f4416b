import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { appError, ok } from '@shared/errors.ts';
import type { Recovery } from '@shared/recovery.ts';
import { afterEach, expect, it, vi } from 'vitest';
import type { Command } from '../../../electron/cli/arguments.ts';
import { execute } from '../../../electron/cli/commands.ts';
import { interruptionOf } from '../../../electron/cli/interruption.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { scriptedHost } from '../host/scripted-host.ts';

/** A signal that comes when a command has done its work already takes nothing back, and hides nothing of it. */

const folder = temporaryFolder();
const setUp = () => scriptedHost(mkdtempSync(path.join(folder, 'home-')));
const listeners = () => process.listenerCount('SIGINT');
const before = listeners();
const interrupt = (): void => void process.emit('SIGINT', 'SIGINT');
afterEach(() => vi.restoreAllMocks());

it('what is left as it is has been noted then, and that is told', async () => {
  const { host, open } = setUp();
  const { path: file } = open('app');
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  vi.spyOn(host.recoveries, 'get').mockResolvedValue({ runId: 'r', choices: [{ id: 'stay' }] } as unknown as Recovery);
  vi.spyOn(host.recoveries, 'stay').mockImplementation(() => (setImmediate(interrupt), later(ok({}))));

  expect(await execute(host, { name: 'stay', file })).toMatchObject({ exitCode: 0, json: { ok: true, runId: 'r' } });
  expect([exit.mock.calls, listeners()]).toEqual([[], before]);
  host.close();
});

it('a look for the backup of a lost database is cut short, and how the command ended is told all the same', async () => {
  const { host, home } = setUp();
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const really = host.engines.askAlone.bind(host.engines);
  vi.spyOn(host.engines, 'askAlone').mockImplementation((file, name, ...rest) => {
    if (name === 'listBackups') setImmediate(interrupt);
    return really(file, name, ...rest);
  });

  const outcome = await execute(host, { name: 'migrate', file: path.join(home, 'gone.db'), ...unattended });

  expect(outcome).toMatchObject({ exitCode: 130, json: { ok: false, error: { code: 'E_NOT_FOUND' } } });
  expect([exit.mock.calls, listeners()]).toEqual([[], before]);
  host.close();
});

const unattended = { to: null, yes: true, backupFolder: null, source: { kind: 'none' }, contract: false } as const;
const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 50));

it.each<[string, Command, boolean]>([
  ['backups', { name: 'backups', file: '/a.db', keep: null, yes: false }, true],
  ['backups --keep 1', { name: 'backups', file: '/a.db', keep: 1, yes: false }, true],
  ['backups --keep 1 --yes', { name: 'backups', file: '/a.db', keep: 1, yes: true }, false],
  ['sample', { name: 'sample', target: '/a.db' }, false],
  ['status', { name: 'status', file: '/a.db', checkData: true }, true],
])('only of what changes nothing it is said that nothing was changed: %s', (_, command, isUnchanged) => {
  const nothing = appError('E_CANCELLED', '', undefined, { safety: 'untouched' }).safety;
  const { message, safety } = interruptionOf(command);
  expect([message.includes('before it changed anything'), safety === nothing]).toEqual([isUnchanged, isUnchanged]);
});
