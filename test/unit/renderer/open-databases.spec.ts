import { beforeEach, describe, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import { status } from './values.ts';

/** A window of the desktop app, and a host that answers from `answers`. */
const answers: Record<string, unknown> = { 'database:list': { ok: true, value: [] } };
const sent: [string, object][] = [];
const listeners: ((name: string, payload: unknown) => void)[] = [];
const say = (name: string, payload: unknown): void => listeners.forEach((listener) => listener(name, payload));
const ok = (value: unknown) => ({ ok: true, value });
const refused = (code: 'E_RUN_ACTIVE' | 'E_UNKNOWN_HANDLE' | 'E_NO_PERMISSION') => ({
  ok: false,
  error: appError(code, 'It is so.'),
});
const location = { hash: '#/', origin: 'app://phasewise', pathname: '/' };
vi.stubGlobal('location', location);
vi.stubGlobal('history', { replaceState: (_state: unknown, _title: string, hash: string) => (location.hash = hash) });
vi.stubGlobal('window', {
  addEventListener: () => {},
  phasewise: {
    call: (name: string, input: object) => {
      sent.push([name, input]);
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
const { closeDatabase, loadDatabases, openRecent, openSample, useDatabases } =
  await import('../../../renderer/stores/databases.ts');
const { startExport } = await import('../../../renderer/stores/exports.ts');
const { exportIssues } = await import('../../../renderer/stores/issues.ts');
const { loadRecovery, useRecovery } = await import('../../../renderer/stores/recovery.ts');
const { useSession } = await import('../../../renderer/stores/session.ts');
connect();
listen();
await vi.waitUntil(() => useSession.getState().connection === 'open');

const lights = { handle: 'k3', name: 'lights.db', folder: '/p' };
const sample = { handle: 's1', name: 'sample.db', folder: '/d', path: '/d/sample.db' };
beforeEach(() => {
  for (const name of Object.keys(answers)) delete answers[name];
  Object.assign(answers, { 'database:list': ok([lights]), 'recents:list': ok([]), 'database:status': ok(status()) });
  useDatabases.setState({ open: [lights], views: {}, refusal: null, opening: null, notClosed: null });
  useRecovery.setState({ byHandle: {} });
  useSession.setState({ info: { door: 'electron' } as never });
  location.hash = '#/db/k3/overview';
});

describe('a database that is to be closed', () => {
  it('stays in the list, with the reason, where something is going on with it', async () => {
    answers['database:close'] = refused('E_RUN_ACTIVE');
    await closeDatabase('k3');
    expect(useDatabases.getState()).toMatchObject({
      open: [lights],
      notClosed: { handle: 'k3', error: { code: 'E_RUN_ACTIVE' } },
    });
    expect(location.hash).toBe('#/db/k3/overview');

    await loadDatabases(); // as behind the end of what was going on
    expect(useDatabases.getState().notClosed).toBeNull();
  });

  describe('from which rows are being written to a file', () => {
    const writing = appError('E_RUN_ACTIVE', 'Rows are being written.', { endsExport: true });
    const said = () => useDatabases.getState().notClosed?.error;
    beforeEach(async () => {
      answers['database:close'] = { ok: false, error: writing };
      await closeDatabase('k3');
      sent.length = 0;
    });

    it('is closed once a person has said that this may be ended, and not before', async () => {
      expect([said(), useDatabases.getState().open]).toEqual([writing, [lights]]);
      answers['database:close'] = ok({});
      answers['database:list'] = ok([]);
      await closeDatabase('k3', true);
      expect(sent[0]).toEqual(['database:close', { handle: 'k3', endsExport: true }]);
      expect(useDatabases.getState().open).toEqual([]);
    });

    it.each([
      ['rows', () => startExport('k3', { query: { table: 'runs' } } as never, null)],
      ['issue rows', () => exportIssues('k3', 'csv')],
    ])('is not said to be kept open by that once the file is written: %s', async (_, written) => {
      expect(said()).toEqual(writing);
      await written();
      expect(said()).toBeUndefined();
    });

    it('is still said to be kept open by something else then', async () => {
      answers['database:close'] = refused('E_RUN_ACTIVE');
      await closeDatabase('k3');
      await exportIssues('k3', 'csv');
      expect(said()?.message).toBe('It is so.');
    });
  });

  it('is gone where another window has closed it already', async () => {
    answers['database:close'] = refused('E_UNKNOWN_HANDLE');
    answers['database:list'] = ok([]);
    await closeDatabase('k3');
    expect(useDatabases.getState()).toMatchObject({ open: [], notClosed: null });
  });
});

describe('what was interrupted', () => {
  it('is called unknown where the question is answered with an error, and what was known stays', async () => {
    const recovery = { runId: 'r1' };
    answers['recovery:get'] = ok(recovery);
    await loadRecovery('k3');
    answers['recovery:get'] = refused('E_NO_PERMISSION');
    await loadRecovery('k3');
    expect(useRecovery.getState().byHandle['k3']).toMatchObject({
      ...{ recovery, isLoaded: true },
      unknown: { message: 'It is so. So whether anything was interrupted here is not known.' },
    });

    answers['recovery:get'] = ok(null);
    await loadRecovery('k3');
    expect(useRecovery.getState().byHandle['k3']).toMatchObject({ recovery: null, unknown: null });
  });
});

describe('a file that is double-clicked', () => {
  it('while the sample is being built is shown when that is there', async () => {
    answers['database:openSample'] = Promise.resolve().then(() => {
      say('database:opened', lights);
      say('database:opened', sample);
      return ok(sample);
    });
    await openSample();
    expect(location.hash).toBe('#/db/k3/overview');
    expect(useDatabases.getState().open).toContainEqual(sample);
  });

  it('does not hide why another could not be opened', async () => {
    answers['database:openRecent'] = Promise.resolve().then(() => {
      say('database:opened', lights);
      return refused('E_NO_PERMISSION');
    });
    await openRecent('r1', 'other.db');
    expect(location.hash).toBe('#/refused');
    await openSample();
    expect(location.hash).not.toBe('#/db/k3/overview'); // nor does it turn up much later
  });
});
