import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { WindowGoal } from '@shared/about.ts';
import { appError } from '@shared/errors.ts';
import type { Recovery } from '@shared/recovery.ts';
import { status } from './values.ts';

/** A window that can be gone back to, with or without a dialog in front, and a host that answers from `answers`. */
const answers: Record<string, unknown> = {
  'recents:list': { ok: true, value: [] },
  'database:list': { ok: true, value: [] },
};
const sent: string[] = [];
const heard: Record<string, () => void> = {};
const hostListeners: ((name: string, payload: unknown) => void)[] = [];
const say = (name: string, payload: unknown): void => hostListeners.forEach((listener) => listener(name, payload));
const ok = (value: unknown) => ({ ok: true, value });

const location = { hash: '#/', origin: 'app://phasewise', pathname: '/' };
const back = vi.fn<() => void>();
let dialog: object | null = null;
vi.stubGlobal('location', location);
vi.stubGlobal('history', { back, replaceState: () => {} });
vi.stubGlobal('document', { visibilityState: 'visible', querySelector: () => dialog });
vi.stubGlobal('window', {
  addEventListener: (name: string, listener: () => void) => (heard[name] = listener),
  phasewise: {
    call: (name: string) => {
      sent.push(name);
      return Promise.resolve(answers[name] ?? ok({}));
    },
    on: (listener: typeof say) => {
      hostListeners.push(listener);
      return () => {};
    },
  },
});

const { connect } = await import('../../../renderer/api.ts');
const { listen } = await import('../../../renderer/stores/events.ts');
const { isFileGone, look, openBackupsOf, openRecent, useDatabases } =
  await import('../../../renderer/stores/databases.ts');
const { useBackups } = await import('../../../renderer/stores/backups.ts');
const { loadNotices, loadRecovery, useRecovery } = await import('../../../renderer/stores/recovery.ts');
const { useRoute } = await import('../../../renderer/stores/route.ts');
connect();
listen();
await vi.waitUntil(() => sent.includes('recents:list'));

const lights = { handle: 'k3', name: 'lights.db', folder: '/p' };
const gone = { ok: false, error: appError('E_NOT_FOUND', '/p/lights.db does not exist.') };
const isGone = (): boolean => isFileGone(useDatabases.getState(), 'k3');
const view = () => useDatabases.getState().views['k3'];
const stand = (hash: string): void => {
  location.hash = hash;
  heard['hashchange']?.();
};

let now = Date.parse('2026-11-21T14:02:00Z');
beforeEach(() => {
  for (const name of Object.keys(answers)) delete answers[name];
  Object.assign(answers, {
    'database:list': ok([lights]),
    'recents:list': ok([]),
    'database:openRecent': ok(lights),
    'run:get': ok(null),
    'backup:list': ok({ folder: '/b', backups: [], unusable: [] }),
    'recovery:get': ok(null),
    'recovery:list': ok([]),
  });
  dialog = null;
  back.mockClear();
  vi.spyOn(Date, 'now').mockReturnValue((now += 60_000)); // a window is not looked through at every focus
  useDatabases.setState({ open: [lights], views: {}, refusal: null, opening: null });
  useBackups.setState({ byHandle: {} });
  useRecovery.setState({ byHandle: {}, notices: null });
  stand('#/');
});

describe('a window that is gone back to', () => {
  it('no longer says of a file that came back that it is gone, and asks what was interrupted in it', async () => {
    stand('#/db/k3/backups');
    answers['database:status'] = gone;
    await look('k3');
    answers['database:status'] = ok(status());
    sent.length = 0;

    heard['focus']?.();

    await vi.waitFor(() => expect(sent).toContain('recovery:get'));
    expect(isGone()).toBe(false);
    expect(view()?.status).not.toBeNull();
  });

  it('does not look for a file that is just being put back', async () => {
    stand('#/db/k3/backups');
    answers['database:status'] = gone;
    await look('k3');
    const busy = { what: 'restoring' as const, backupId: 'b1' };
    useBackups.setState({
      byHandle: { k3: { list: null, listError: null, error: null, busy, said: null, undo: null } },
    });
    sent.length = 0;

    heard['focus']?.();

    expect(sent).not.toContain('database:status');
  });

  it('nor where another tab has it put back, or this one did before it was loaded again', async () => {
    stand('#/db/k3/backups');
    answers['database:status'] = gone;
    await look('k3');
    const work = { kind: 'restore', now: 'Putting the backup back', fraction: null, canCancel: false };
    say('work:changed', { handle: 'k3', work });
    sent.length = 0;

    heard['focus']?.();

    expect(sent).not.toContain('database:status');
    say('work:changed', { handle: 'k3', work: null });
  });
});

describe('what was interrupted, when the window is gone back to', () => {
  const stopped: Recovery = {
    ...{ kind: 'upgrade', state: 'interrupted', runId: 'r1', startedAt: '', lastSignAt: '', toPhase: 4 },
    ...{ stepsDone: 6, stepsTotal: 17, what: '', where: '', isSafe: true, reasons: [], backup: null },
    ...{ code: 'E_INTERRUPTED', choices: [{ id: 'continue', title: '', consequence: '' }] },
  };
  const unseen: Recovery = { ...stopped, choices: [{ id: 'look', title: '', consequence: '' }] };
  const notice = { recentId: 'r1', name: 'lights.db', folder: '/p', kind: 'upgrade', what: '', lastSignAt: '' };
  const shown = () => useRecovery.getState().byHandle['k3']?.recovery;
  const comeBack = async (): Promise<void> => {
    sent.length = 0;
    heard['focus']?.();
    await vi.waitFor(() => expect(sent).toContain('database:status'));
    await new Promise((resolve) => setTimeout(resolve));
  };
  const see = async (recovery: Recovery | null): Promise<void> => {
    stand('#/db/k3/overview');
    answers['database:status'] = ok(status());
    answers['recovery:get'] = ok(recovery);
    answers['recovery:list'] = ok(recovery === null ? [] : [notice]);
    await look('k3');
    await Promise.all([loadRecovery('k3'), loadNotices()]);
  };

  it('is asked for again: the command line has completed it', async () => {
    await see(stopped);
    answers['database:status'] = ok(status({ phaseReached: 4 }));
    answers['recovery:get'] = ok(null);
    await comeBack();
    expect(shown()).toBeNull();
  });

  it('or has answered it, of which only the journals tell', async () => {
    await see(stopped);
    answers['recovery:get'] = ok(null);
    answers['recovery:list'] = ok([]);
    await comeBack();
    expect(shown()).toBeNull();
  });

  it('or has left something unfinished itself', async () => {
    await see(null);
    answers['recovery:get'] = ok(stopped);
    await comeBack();
    expect(shown()).toEqual(stopped);
  });

  it('is not looked at again where nothing tells of a change: the whole file would be read each time', async () => {
    await see(stopped);
    await comeBack();
    expect(sent).not.toContain('recovery:get');
  });

  it('is, where the look at the file failed, and so is a database of which nothing is known', async () => {
    await see(unseen);
    answers['recovery:get'] = ok(stopped);
    await comeBack();
    expect(shown()).toEqual(stopped);

    await see(unseen);
    answers['database:status'] = { ok: false, error: appError('E_DB_BUSY', 'It is locked.') };
    useDatabases.setState({ views: {} });
    await look('k3');
    expect(view()?.status).toBeNull();
    answers['database:status'] = ok(status());
    answers['recovery:get'] = ok(null);
    now += 60_000;
    vi.spyOn(Date, 'now').mockReturnValue(now);
    await comeBack();
    expect([shown(), view()?.error]).toEqual([null, null]);
    expect(view()?.status).not.toBeNull();
  });
});

describe('a database that is opened once more', () => {
  it('is told as gone when it was deleted since', async () => {
    answers['database:status'] = ok(status());
    await look('k3');
    answers['database:status'] = gone;
    await openBackupsOf('r1', 'lights.db');
    await vi.waitFor(() => expect(isGone()).toBe(true));
    expect(view()?.status).toBeNull();
  });

  it('is told as there when it came back, with what was interrupted in it', async () => {
    answers['database:status'] = gone;
    await look('k3');
    answers['database:status'] = ok(status());
    sent.length = 0;
    await openRecent('r1', 'lights.db');
    await vi.waitFor(() => expect(isGone()).toBe(false));
    await vi.waitFor(() => expect(sent).toContain('recovery:get'));
  });

  it('keeps a full check while the file is what it was', async () => {
    answers['database:check'] = ok(status());
    await look('k3', 'check');
    answers['database:status'] = ok(status());
    sent.length = 0;
    await openRecent('r1', 'lights.db');
    await vi.waitFor(() => expect(sent).toContain('database:status'));
    expect(view()?.isFull).toBe(true);
  });
});

describe('behind a dialog', () => {
  const pages: WindowGoal = { show: 'database', handle: 'k3', page: 'data' };
  const arrive = (goal: WindowGoal) => {
    say('window:goal', goal);
    heard['hashchange']?.();
    return useRoute.getState().route;
  };

  it.each<[string, WindowGoal]>([
    ['Back', { show: 'previous' }],
    ['Start page', { show: 'home' }],
    ['a page of the database that is shown', pages],
  ])('the menu does not leave the page: %s', (_, goal) => {
    stand('#/db/k3/backups');
    dialog = {};
    expect(arrive(goal)).toMatchObject({ page: 'database', handle: 'k3', tab: 'backups' });
    expect(back).not.toHaveBeenCalled();
  });

  it('a notification about another database is followed: the menu never names one that is not shown', () => {
    stand('#/db/k3/backups');
    dialog = {};
    expect(arrive({ ...pages, handle: 'k4' })).toMatchObject({ handle: 'k4', tab: 'data' });
  });

  it('is no other place: without one the menu leads everywhere', () => {
    stand('#/db/k3/backups');
    expect(arrive(pages)).toMatchObject({ tab: 'data' });
    arrive({ show: 'previous' });
    expect(back).toHaveBeenCalledOnce();
    expect(arrive({ show: 'home' })).toMatchObject({ page: 'home' });
  });
});
