import path from 'node:path';
import { rememberFolder } from '@host/backups.ts';
import { createBusy } from '@host/busy.ts';
import { findNotices } from '@host/recovery-notices.ts';
import { appendToJournal, journalFolder, type JournalLine } from '@host/run-journal.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, codeOf, makeFolder, must, scriptedHost } from './scripted-host.ts';
import { drive } from './silent-drive.ts';

/** Whoever touches a drive that has stopped answering waits for it: were that this process, every window would stand still. */

vi.mock('node:fs', async (original) => (await import('./silent-drive.ts')).notingTouches(await original()));
vi.mock('@host/drives.ts', async (original) => (await import('./silent-drive.ts')).fallingSilent(await original()));

const folder = temporaryFolder();
/** A database on a drive that falls silent once it is open. */
function setUp() {
  const house = closedAfter(scriptedHost(folder));
  makeFolder(house.home, 'away');
  const database = house.open('away/good');
  drive.isSilent = true;
  return { ...house, ...database, file: database.path };
}
afterEach(() => {
  drive.isSilent = false;
  drive.touched = [];
});

describe('a drive that hangs', () => {
  it.each([
    ['database:status', {}],
    ['database:check', {}],
    ['plan:make', { toPhase: 1 }],
    ['issues:list', { afterId: null, limit: 1 }],
  ])('is left to the engine by %s', async (name, input) => {
    const { router, handle } = setUp();

    expect(codeOf(await router(name, { handle, ...input }))).toBe('no error');

    expect(drive.touched).toEqual([]);
  });

  it.each([
    ['recovery:get', {}],
    ['recovery:stay', {}],
    ['recovery:check', {}],
    ['recovery:finish', {}],
    ['backup:list', {}],
    ['backup:create', {}],
    ['backup:verify', { backupId: 'b' }],
    ['backup:restore', { backupId: 'b', confirmation: 'good.db' }],
    ['backup:remove', { backupId: 'b', confirmation: 'good.db' }],
    ['backup:tidy', { keep: 1, isTrial: true }],
    ['backup:putBack', { confirmation: 'good.db', shown: 'none' }],
  ])('is what %s tells of, instead of waiting for it', async (name, input) => {
    const { router, handle } = setUp();

    const answer = await router(name, { handle, ...input });

    expect(answer).toMatchObject({ error: { code: 'E_TIMEOUT', message: expect.stringContaining('good.db') } });
    expect(drive.touched).toEqual([]);
  });

  it('with backups, of which a journal tells by two names, keeps nobody from the first page', async () => {
    const { dataFolder, file } = setUp();
    const at = (minute: number) => `2026-11-21T14:0${minute}:00.000Z`;
    const backups = (name: string) => path.join(path.dirname(file), name, 'b1.db');
    const note = (runId: string, minute: number, ...lines: object[]) => {
      const started = { type: 'started', runId, path: file, toPhase: 1, pid: 999_999_999, appVersion: '0', plan: null };
      for (const line of [{ ...started, order: minute, ...lines[0] }, ...lines.slice(1)])
        appendToJournal(journalFolder(dataFolder, file), runId, { at: at(minute), ...line } as JournalLine);
    };
    const backup = { type: 'backup', sha256: '', verified: true };
    note('r1', 1, {}, { ...backup, backupPath: backups('one') });
    note('r2', 2, { kind: 'restore', toPhase: null, restores: backups('another') }, { type: 'over', ok: true });
    note('r3', 3, {}, { ...backup, backupPath: backups('one').replace('b1', 'b2') });

    const notices = await findNotices({ dataFolder, recents: { files: () => [] }, busy: createBusy() });

    expect(notices).toMatchObject([{ file, notice: { kind: 'upgrade' } }]);
    expect(drive.touched).toEqual([]);
  });
});

describe('a drive that hangs with some of the backups of a database that lies elsewhere', () => {
  /** Of two folders that were chosen for backups one is on it. */
  function setUpBeside() {
    const house = closedAfter(scriptedHost(folder));
    const database = house.open('good');
    const [away, near] = ['away', 'near'].map((name) => makeFolder(house.home, name, 'chosen')) as [string, string];
    for (const each of [near, away]) rememberFolder(house.dataFolder, database.path, each);
    drive.isSilent = true;
    return { ...house, ...database, file: database.path, away, near };
  }
  const own = 'of-good.db backups';

  it('keeps nobody from the others: its folder is told as one that nobody could look into', async () => {
    const { client, handle, away } = setUpBeside();

    const { backups, unusable } = must(await client.call('backup:list', { handle }));

    expect(backups.map(({ id, folder: at }) => [id, path.basename(path.dirname(at))])).toEqual([
      [own, expect.any(String)],
      ['of-chosen', 'near'],
    ]);
    expect(unusable).toMatchObject([
      { path: away, why: { code: 'E_TIMEOUT', message: expect.stringContaining(away) } },
    ]);
    expect(drive.touched).toEqual([]);
  });

  it('is not asked by what restores or deletes the others; what may lie there is not said to be gone', async () => {
    const { client, router, handle, away } = setUpBeside();
    const named = { handle, confirmation: 'good.db' };

    must(await client.call('backup:restore', { ...named, backupId: own }));
    const other = await router('backup:restore', { ...named, backupId: 'of another folder' });

    expect(other).toMatchObject({ error: { code: 'E_TIMEOUT', message: expect.stringContaining(away) } });
    expect(drive.touched).toEqual([]);
  });

  it('says nothing of how many are broken, or whether the last one is gone', async () => {
    const { client, host, handle } = setUpBeside();
    const told = [vi.spyOn(host.recents, 'knowsBroken'), vi.spyOn(host.recents, 'knowsVerified')];
    must(await client.call('backup:list', { handle }));
    for (const each of told) expect(each).not.toHaveBeenCalled();
  });

  it.each([
    [
      'the backup of what was interrupted',
      'upgrade',
      'backup',
      /^The backup from before \(“b1\.db”\) could not be read just now: .* does not answer/,
    ],
    ['what a restore was putting back', 'restore', null, /./],
  ])('is not waited for by the page that tells of %s', async (_, kind, line, told) => {
    const { client, dataFolder, file, handle, away } = setUpBeside();
    const backupPath = path.join(away, 'b1.db');
    const started = { type: 'started', runId: 'r1', kind, path: file, toPhase: 1, pid: 999_999_999, appVersion: '0' };
    const begun = { ...started, plan: null, restores: backupPath };
    for (const each of [begun, ...(line === null ? [] : [{ type: line, backupPath, sha256: '', verified: true }])])
      appendToJournal(journalFolder(dataFolder, file), 'r1', {
        at: '2026-11-21T14:00:00.000Z',
        ...each,
      } as JournalLine);

    const recovery = must(await client.call('recovery:get', { handle }));

    expect(recovery).toMatchObject({ kind, backup: null });
    expect(recovery?.reasons.at(-1)).toMatch(told);
    expect(drive.touched).toEqual([]);
  });
});
