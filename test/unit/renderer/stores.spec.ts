import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backup, backupList, report, run, status } from './values.ts';

/** A window with just what the stores touch, and a host that answers from `answers`. */
const answers: Record<string, unknown> = { 'database:list': { ok: true, value: [] } };
const sent: { name: string; input: unknown }[] = [];
const listeners: ((name: string, payload: unknown) => void)[] = [];
const say = (name: string, payload: unknown): void => listeners.forEach((listener) => listener(name, payload));

const ok = (value: unknown) => ({ ok: true, value });
const location = { hash: '#/', origin: 'app://phasewise', pathname: '/' };
vi.stubGlobal('location', location);
vi.stubGlobal('history', { replaceState: (_state: unknown, _title: string, hash: string) => (location.hash = hash) });
vi.stubGlobal('window', {
  addEventListener: () => {},
  phasewise: {
    call: (name: string, input: unknown) => {
      sent.push({ name, input });
      return Promise.resolve(answers[name] ?? ok({}));
    },
    on: (listener: typeof say) => {
      listeners.push(listener);
      return () => {};
    },
  },
});

const { connect } = await import('../../../renderer/api.ts');
const { listen } = await import('../../../renderer/stores/events.ts');
const { adopt, isFileGone, look, lookIfChanged, openBackupsOf, openRecent, useDatabases } =
  await import('../../../renderer/stores/databases.ts');
const { loadTables, useBrowse } = await import('../../../renderer/stores/browse.ts');
const { useSession } = await import('../../../renderer/stores/session.ts');
const { chooseLogs, forgetLogs, lookAtLogs, takeIn, useIngest } = await import('../../../renderer/stores/ingest.ts');
const { exportIssues, forgetIssues, retryIssues, useIssues } = await import('../../../renderer/stores/issues.ts');
const { cancelRun, isOutdatedBy, startRun, useRuns } = await import('../../../renderer/stores/runs.ts');
const { useRecovery } = await import('../../../renderer/stores/recovery.ts');
const { loadBackups, verifyBackup, restoreBackup, useBackups } = await import('../../../renderer/stores/backups.ts');
connect();
listen();

const lights = { handle: 'k3', name: 'lights.db', folder: '/p' };
beforeEach(() => {
  for (const name of Object.keys(answers)) delete answers[name];
  Object.assign(answers, { 'database:list': ok([lights]), 'recents:list': ok([]) });
  sent.length = 0;
  location.hash = '#/';
  useDatabases.setState({ open: [lights], views: {}, refusal: null, opening: null });
  useBrowse.setState({ byHandle: {} });
});
afterEach(() => void vi.useRealTimers());

it('is connected as soon as it listens, and asks for what there is', async () => {
  await vi.waitFor(() => expect(useSession.getState().connection).toBe('open'));
});

describe('opening', () => {
  it('goes to the overview of what was opened', async () => {
    answers['database:openRecent'] = ok(lights);
    await openRecent('r1', 'lights.db');
    expect(location.hash).toBe('#/db/k3/overview');
    expect(useDatabases.getState().opening).toBeNull();
  });

  it('keeps a refusal with a way to try again', async () => {
    answers['database:openRecent'] = { ok: false, error: appError('E_NOT_FOUND', 'gone') };
    await openRecent('r1', 'lights.db');
    expect(location.hash).toBe('#/refused');
    answers['database:openRecent'] = ok(lights);
    await useDatabases.getState().refusal?.retry();
    expect(location.hash).toBe('#/db/k3/overview');
  });

  it('of a file that is gone goes to its backups, and says when it was last there', async () => {
    const gone = {
      recentId: 'r1',
      name: 'lights.db',
      folder: '/p',
      exists: false,
      lastOpenedAt: '2026-11-20T14:02:00',
    };
    answers['database:openRecent'] = ok(lights);
    answers['recents:list'] = ok([gone, { ...gone, folder: '/q', lastOpenedAt: '2026-01-01T00:00:00' }]);
    await openBackupsOf('r1', 'lights.db');
    expect(location.hash).toBe('#/db/k3/backups');
    await vi.waitFor(() => expect(useDatabases.getState().recents).toHaveLength(2));
    expect(isFileGone(useDatabases.getState(), 'k3')).toBe(false);

    answers['database:status'] = { ok: false, error: appError('E_NOT_FOUND', '/p/lights.db does not exist.') };
    await look('k3');

    expect(isFileGone(useDatabases.getState(), 'k3')).toBe(true);
    expect(useDatabases.getState().views['k3']?.error?.message).toBe(
      'It was here on 2026-11-20 14:02 and is gone. Phasewise did not remove it.',
    );
  });

  it('lists a database once, however often it is announced', () => {
    adopt(lights);
    adopt(lights);
    expect(useDatabases.getState().open).toEqual([lights]);
  });
});

describe('looking', () => {
  it('keeps the last status on screen when a later look fails', async () => {
    answers['database:status'] = ok(status());
    await look('k3');
    answers['database:status'] = { ok: false, error: appError('E_WORKER_DIED', 'SIGKILL') };
    await look('k3');
    expect(useDatabases.getState().views['k3']).toMatchObject({
      status: { phaseReached: null },
      error: { code: 'E_WORKER_DIED' },
      busy: null,
    });
  });

  it('of a file that is gone keeps nothing that was said of it, and says when it was there', async () => {
    answers['database:status'] = ok(status({ checkedAt: '2026-11-21T14:00:00' }));
    await look('k3');
    answers['database:status'] = { ok: false, error: appError('E_NOT_FOUND', '/p/lights.db does not exist.') };
    for (const looking of [lookIfChanged, look]) {
      await looking('k3');
      expect(useDatabases.getState().views['k3']).toMatchObject({
        status: null,
        busy: null,
        error: {
          ...{ code: 'E_NOT_FOUND', title: 'The file is gone', safety: 'Phasewise changed nothing.' },
          message: 'It was here at 14:00 and is gone. Phasewise did not remove it.',
        },
      });
    }
  });

  it('tells the overview what the rows have found out: that the file is gone', async () => {
    answers['database:status'] = ok(status());
    await look('k3');
    answers['browse:tables'] = { ok: false, error: appError('E_NOT_FOUND', '') };
    await loadTables('k3');
    expect(useDatabases.getState().views['k3']).toMatchObject({ status: null, error: { code: 'E_NOT_FOUND' } });
  });

  it('keeps what was said while only the rows of a damaged file cannot be read', async () => {
    answers['database:status'] = ok(status());
    await look('k3');
    answers['browse:tables'] = { ok: false, error: appError('E_CORRUPT', '') };
    await loadTables('k3');
    expect(useDatabases.getState().views['k3']?.status).not.toBeNull();
  });

  it('is repeated for everything on screen when the host says that a database changed', async () => {
    answers['database:status'] = ok(status());
    say('database:changed', { handle: 'k3' });
    await vi.waitFor(() => expect(sent.map(({ name }) => name)).toContain('recents:list'));
    expect(sent.map(({ name }) => name)).toEqual(expect.arrayContaining(['database:status', 'run:get']));
  });

  it('shows what is remembered of it at once, while it is still being found out whether anything was interrupted', async () => {
    answers['database:status'] = ok(status());
    answers['recovery:get'] = new Promise(() => {});
    say('recovery:looking', { handle: 'k3', now: 'Reading the backup' });
    say('database:changed', { handle: 'k3' });
    await vi.waitFor(() => expect(sent.map(({ name }) => name)).toContain('recents:list'));
    expect(useRecovery.getState().byHandle['k3']).toMatchObject({ looking: 'Reading the backup' });
  });

  it('after another program drops what a short look knew of the data and knows no more', async () => {
    const read = status();
    const unread = status({ health: { ...read.health, state: 'not-checked', summary: 'Not checked yet.' } });
    answers['database:status'] = ok(read);
    await look('k3');
    answers['database:status'] = ok(unread);
    await lookIfChanged('k3');
    expect(useDatabases.getState().views['k3']?.status?.health.state).toBe('not-checked');
    answers['database:check'] = ok(read);
    await look('k3', 'check');
    await lookIfChanged('k3');
    expect(useDatabases.getState().views['k3']?.status?.health.state).toBe('healthy'); // all of it was read for that
  });

  it('from before the end of a run says nothing of what the run has left', () => {
    const ended = run({ state: 'completed', report: report({ finishedAt: '2026-11-21T14:00:00Z' }) });
    const [before, after] = ['2026-11-21T13:59:59Z', '2026-11-21T14:00:01Z'].map((checkedAt) => status({ checkedAt }));
    const looking = (seen: typeof before) => ({ status: seen ?? null, busy: 'looking' as const });
    expect(isOutdatedBy(ended, looking(before))).toBe(true);
    expect(isOutdatedBy(ended, looking(after))).toBe(false);
    expect(isOutdatedBy({ ...ended, state: 'migrating' }, looking(before))).toBe(false);
    expect(isOutdatedBy(null, looking(before))).toBe(false);
  });

  it('is shown once it has ended, also where the clock was set back during the run', () => {
    const ended = run({ state: 'completed', report: report({ finishedAt: '2026-11-21T14:00:00Z' }) });
    const seen = status({ checkedAt: '2026-11-21T13:00:00Z' });
    expect(isOutdatedBy(ended, { status: seen, busy: null })).toBe(false);
  });

  it('after another program keeps a full check while the file is what it was', async () => {
    const checked = status({ checkedAt: '2026-11-21T14:00:00Z' });
    answers['database:check'] = ok(checked);
    await look('k3', 'check');
    answers['database:status'] = ok(status());
    await lookIfChanged('k3');
    expect(useDatabases.getState().views['k3']?.status).toBe(checked);
    answers['database:status'] = ok(status({ phaseReached: 1 }));
    await lookIfChanged('k3');
    expect(useDatabases.getState().views['k3']?.status?.phaseReached).toBe(1);
  });

  it('forgets a database that was closed elsewhere', () => {
    say('database:closed', { handle: 'k3' });
    expect(useDatabases.getState().open).toEqual([]);
  });
});

describe('a run', () => {
  const progress = (rowsDone: number) => ({ rowsDone, rowsTotal: 100, rowsPerSecond: null, etaSeconds: null });
  const shown = () => useRuns.getState().byHandle['k3'];

  it('shows a change of state at once and progress ten times a second, the latest first', () => {
    vi.useFakeTimers();
    say('run:changed', run({ progress: progress(1) }));
    expect(shown()?.progress?.rowsDone).toBe(1);
    say('run:changed', run({ progress: progress(2) }));
    say('run:changed', run({ progress: progress(3) }));
    expect(shown()?.progress?.rowsDone).toBe(1);
    vi.advanceTimersByTime(100);
    expect(shown()?.progress?.rowsDone).toBe(3);
    say('run:changed', run({ progress: progress(4) }));
    say('run:changed', run({ state: 'paused', progress: progress(5) }));
    expect(shown()).toMatchObject({ state: 'paused', progress: { rowsDone: 5 } });
    vi.advanceTimersByTime(1_000);
    expect(shown()?.state).toBe('paused');
  });

  it('says why a control was refused', async () => {
    answers['run:cancel'] = { ok: false, error: appError('E_UNKNOWN_HANDLE', '') };
    await cancelRun('k3');
    expect(useRuns.getState().refused['k3']?.code).toBe('E_UNKNOWN_HANDLE');
  });
});

describe('taking files in', () => {
  const looked = { ingestId: 'i1', report: { title: 'run log', files: [], backup: null, isTrial: true, checks: [] } };
  const view = () => useIngest.getState().byHandle['k3'];

  it('looks first, then takes in exactly what was looked at', async () => {
    answers['ingest:use'] = ok(looked);
    await lookAtLogs('k3', ['t1']);
    expect(view()?.looked?.ingestId).toBe('i1');
    answers['ingest:start'] = ok({ ...looked.report, isTrial: false });
    await takeIn('k3');
    expect(sent.find(({ name }) => name === 'ingest:start')?.input).toEqual({ handle: 'k3', ingestId: 'i1' });
    expect(view()).toMatchObject({ busy: null, looked: null, taken: { isTrial: false } });
  });

  it('changes nothing when the dialog is closed', async () => {
    forgetLogs('k3');
    answers['ingest:choose'] = ok(null);
    await chooseLogs('k3', 'folder');
    expect(view()).toEqual({ busy: null, looked: null, taken: null, error: null });
  });

  it('keeps what was looked at when taking in is refused', async () => {
    answers['ingest:use'] = ok(looked);
    await lookAtLogs('k3', ['t1']);
    answers['ingest:start'] = { ok: false, error: appError('E_DB_IN_USE', '') };
    await takeIn('k3');
    expect(view()).toMatchObject({ looked, error: { code: 'E_DB_IN_USE' } });
  });

  const work = (kind: string) => ({ handle: 'k3', work: { kind, now: '', fraction: null, canCancel: true } });
  it.each([
    ['a restore', 'work:changed', work('restore')],
    ['issue rows that are tried again', 'work:changed', work('retry')],
    ['an upgrade', 'run:changed', run()],
  ])('forgets what was tried and what was taken in where the rows become others: %s', async (_, event, payload) => {
    answers['ingest:use'] = ok(looked);
    await lookAtLogs('k3', ['t1']);
    say(event, payload);
    expect(view()?.looked).toBeNull();

    await lookAtLogs('k3', ['t1']);
    answers['ingest:start'] = ok({ ...looked.report, isTrial: false });
    await takeIn('k3');
    say(event, payload);
    expect(view()?.taken).toBeNull();
    say('run:changed', run({ state: 'completed' }));
  });

  it('keeps them while its own work is told of, and while backups are made or deleted', async () => {
    answers['ingest:use'] = ok(looked);
    await lookAtLogs('k3', ['t1']);
    for (const kind of ['backup', 'backups']) say('work:changed', work(kind));
    expect(view()?.looked).toEqual(looked);
    answers['ingest:start'] = new Promise(() => {});
    void takeIn('k3');
    say('work:changed', work('ingest'));
    expect(view()).toMatchObject({ busy: 'taking', looked });
  });
});

describe('issue rows', () => {
  it('say what was achieved until the page is left', async () => {
    answers['issues:retry'] = ok({ tried: 1, cleared: 1, left: 0, kept: 0, backup: null });
    await retryIssues('k3');
    expect(useIssues.getState().byHandle['k3']).toMatchObject({ busy: null, retried: { cleared: 1 } });
    answers['issues:export'] = { ok: false, error: appError('E_IO', '') };
    await exportIssues('k3', 'csv');
    expect(useIssues.getState().byHandle['k3']).toMatchObject({ retried: null, error: { code: 'E_IO' } });
    forgetIssues('k3');
    expect(useIssues.getState().byHandle['k3']?.error).toBeNull();
  });
});

describe('starting', () => {
  it('sends what was typed where something is removed', async () => {
    answers['run:start'] = ok(run());
    await startRun('k3', 5, 'f1', 'lights.db');
    expect(sent.find(({ name }) => name === 'run:start')?.input).toMatchObject({ confirmation: 'lights.db' });
  });
});

describe('backups', () => {
  beforeEach(() => {
    answers['backup:list'] = ok({ folder: '/b', backups: [], unusable: [] });
    useBackups.setState({ byHandle: {} });
  });

  it('are listed again after each action, and the outcome is said', async () => {
    await verifyBackup('k3', 'b1');
    expect(useBackups.getState().byHandle['k3']).toMatchObject({
      busy: null,
      said: 'Backup checked.',
      list: { folder: '/b' },
    });
  });

  it('hand the reason of a refused restore to the dialog', async () => {
    answers['backup:restore'] = { ok: false, error: appError('E_CONFIRMATION', '') };
    expect((await restoreBackup('k3', 'b1', 'wrong'))?.code).toBe('E_CONFIRMATION');
    expect(useBackups.getState().byHandle['k3']).toMatchObject({ busy: null, said: null });
  });

  it.each<[string, { before: BackupRecord | null; replacedFolder: string | null }, RegExp, object | null]>([
    ['rows', { before: backup(), replacedFolder: null }, /backed up first\.$/, { by: 'rows' }],
    [
      'rows, and files',
      { before: backup(), replacedFolder: '/p r' },
      /backed up first\. SQLite could not read everything .* \/p r\.$/,
      { by: 'rows' },
    ],
    [
      'files',
      { before: null, replacedFolder: '/p r' },
      /could not read all of what was there.* byte for byte, in \/p r\.$/,
      { by: 'files' },
    ],
    ['nothing', { before: null, replacedFolder: null }, /There was nothing that it replaced\.$/, null],
  ])('say what a restore replaced, and how to go back: %s', async (_, replaced, said, undo) => {
    answers['backup:restore'] = ok({ restored: backup(), ...replaced });
    await restoreBackup('k3', 'b1', 'a.db');
    const view = useBackups.getState().byHandle['k3'];
    expect(view?.said).toMatch(said);
    if (undo === null) expect(view?.undo).toBeNull();
    else expect(view?.undo).toMatchObject(undo);
  });

  it.each([
    ['of that restore', '/p r', { by: 'files' }],
    ['of an earlier one, as there was no database', '/earlier r', null],
  ])('offer to put files back only where the last that can be are %s', async (_, folder, undo) => {
    answers['backup:restore'] = ok({ restored: backup(), before: null, replacedFolder: '/p r' });
    const replaced = { folder, at: '2026-11-21T12:00:00.000Z', isOfUndo: false };
    answers['backup:list'] = ok(backupList({ replaced }));
    await restoreBackup('k3', 'b1', 'a.db');
    await loadBackups('k3');
    const found = useBackups.getState().byHandle['k3']?.undo;
    if (undo === null) expect(found).toBeNull();
    else expect(found).toMatchObject(undo);
  });

  it('say nothing of an older action once a run begins', async () => {
    await verifyBackup('k3', 'b1');
    say('run:changed', run());
    expect(useBackups.getState().byHandle['k3']?.said).toBeNull();
  });
});
