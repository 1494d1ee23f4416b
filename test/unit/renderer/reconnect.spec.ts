import { beforeAll, expect, it, vi } from 'vitest';
import { appError, type AppError } from '@shared/errors.ts';
import type { Recovery } from '@shared/recovery.ts';
import { run, status } from './values.ts';

/** A tab of the browser host, with a socket that a test opens and closes. */
const sent: string[] = [];
/** Calls that wait for their answers: now, and at most. */
const waiting = { now: 0, most: 0 };
const location = { hash: '#/db/k3/overview', origin: 'http://127.0.0.1:1', pathname: '/' };
const listening: Record<string, (event: unknown) => void> = {};
const emit = (name: string, event: unknown = {}): void => listening[name]?.(event);
let open = ['k3', 'k4', 'k5'].map((handle) => ({ handle, name: `${handle}.db`, folder: '/p' }));

const goingOn = new Set<string>();
const saving = { kind: 'restore', now: 'Backing up what will be replaced', fraction: null, canCancel: true } as const;

function answerTo(name: string, handle: string): unknown {
  if (name === 'database:list') return open;
  if (name === 'settings:get') return { colorScheme: 'auto' };
  if (name === 'database:status') return status();
  if (name === 'run:get') return handle === 'k4' ? run({ handle, state: 'completed' }) : null;
  if (name === 'work:get') return goingOn.has(handle) ? { ...saving } : null;
  return name.endsWith(':list') ? [] : null;
}

vi.stubGlobal('location', location);
vi.stubGlobal('history', { replaceState: () => {} });
vi.stubGlobal('document', { visibilityState: 'visible', querySelector: () => null });
vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => {} });
vi.stubGlobal('fetch', () => Promise.reject(new Error('nobody listens')));
vi.stubGlobal('window', { addEventListener: () => {} });
vi.stubGlobal(
  'WebSocket',
  class {
    static readonly OPEN = 1;
    readyState = 1;
    addEventListener(name: string, listener: (event: unknown) => void): void {
      listening[name] = listener;
    }
    send(text: string): void {
      const { id, name, input } = JSON.parse(text) as { id: number; name: string; input: { handle?: string } };
      sent.push(`${name} ${input.handle ?? ''}`.trim());
      const result = { ok: true, value: answerTo(name, input.handle ?? '') };
      waiting.most = Math.max(waiting.most, ++waiting.now);
      queueMicrotask(() => {
        waiting.now -= 1;
        emit('message', { data: JSON.stringify({ id, result }) });
      });
    }
  },
);

const { call, connect } = await import('../../../renderer/api.ts');
const { listen } = await import('../../../renderer/stores/events.ts');
const { useDatabases } = await import('../../../renderer/stores/databases.ts');
const { useBackups } = await import('../../../renderer/stores/backups.ts');
const { useIngest } = await import('../../../renderer/stores/ingest.ts');
const { useRecovery } = await import('../../../renderer/stores/recovery.ts');
const { receiveRun, useRuns } = await import('../../../renderer/stores/runs.ts');
const { receiveWork, useWorks } = await import('../../../renderer/stores/works.ts');

beforeAll(async () => {
  connect();
  listen();
  emit('open');
  await vi.waitUntil(() => sent.includes('run:get k5'));
});

it('after a lost connection every open database is asked about, the one that is shown first', async () => {
  const seen = { status: status(), error: null, busy: null, isFull: false, seenAt: null };
  useDatabases.setState({ views: { k3: seen, k4: seen } });
  receiveRun(run({ handle: 'k4', state: 'migrating' }));
  emit('close');
  sent.length = 0;

  emit('open'); // the laptop had slept, and the run of k4 has ended meanwhile

  await vi.waitFor(() => expect(sent).toContain('run:get k5'));
  expect(useRuns.getState().byHandle['k4']?.state).toBe('completed');
  const looks = sent.filter((name) => name.startsWith('database:status'));
  expect(looks).toEqual(['database:status k3', 'database:status k4']); // k5 was not looked at before
  expect(sent).toContain('recovery:get k4');
});

/** The connection is lost and there again; all that is asked then is answered. */
async function reconnect(...going: string[]): Promise<void> {
  goingOn.clear();
  for (const handle of going) goingOn.add(handle);
  emit('close');
  sent.length = 0;
  emit('open');
  await vi.waitFor(() => expect(sent).toContain('run:get k5'));
  await vi.waitFor(() => expect(sent.filter((name) => name === 'recovery:list')).not.toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve));
}

it('what only a lost connection was the reason of goes once it is there again, and nothing else does', async () => {
  const tell = (error: AppError): void => {
    const backups = { list: null, listError: null, error, busy: null, said: null, undo: null };
    useBackups.setState({ byHandle: { k3: backups } });
    useIngest.setState({ byHandle: { k3: { busy: null, looked: null, taken: null, error } } });
    useRuns.setState({ refused: { k3: error } });
    const recovery = {
      recovery: null,
      isLoaded: true,
      isStruck: false,
      looking: null,
      busy: null,
      error,
      unknown: null,
    };
    useRecovery.setState({ byHandle: { k3: { ...recovery, putOff: null, hasRestored: false } } });
  };
  const told = () => [
    useBackups.getState().byHandle['k3']?.error?.code,
    useIngest.getState().byHandle['k3']?.error?.code,
    useRuns.getState().refused['k3']?.code,
    useRecovery.getState().byHandle['k3']?.error?.code,
  ];
  tell(appError('E_DB_BUSY', ''));
  await reconnect();
  expect(told()).toEqual(Array.from({ length: 4 }, () => 'E_DB_BUSY'));

  tell(appError('E_DISCONNECTED', ''));
  await reconnect();
  expect(told()).toEqual(Array.from({ length: 4 }, () => undefined));
});

it('of files that were being taken in nobody else tells how it ended', async () => {
  const looked = {} as NonNullable<ReturnType<typeof useIngest.getState>['byHandle'][string]['looked']>;
  const error = appError('E_DISCONNECTED', '');
  useIngest.setState({ byHandle: { k3: { busy: null, looked, taken: null, error } } });
  await reconnect();
  expect(useIngest.getState().byHandle['k3']?.error).toBe(error);
});

const begin = (handle: string): void => receiveWork({ handle, work: { ...saving } });

it('of work whose end was missed nothing is shown any more, and of other work what is going on', async () => {
  begin('k3');
  begin('k4');
  await reconnect('k4', 'k5'); // the one of k5 was begun meanwhile, and says nothing for long
  expect(useWorks.getState().byHandle).toMatchObject({ k3: null, k4: saving, k5: saving });
});

it('of work that goes on nobody takes it that nothing is unfinished any more', async () => {
  const recovery = { runId: 'r1', kind: 'restore' } as Recovery;
  const view = { recovery, isLoaded: true, isStruck: false, looking: null, busy: null, error: null, unknown: null };
  useRecovery.setState({ byHandle: { k3: { ...view, putOff: null, hasRestored: false } } });
  begin('k3');
  await reconnect('k3');
  expect(useRecovery.getState().byHandle['k3']?.recovery?.runId).toBe('r1');

  await reconnect();
  await vi.waitFor(() => expect(useRecovery.getState().byHandle['k3']?.recovery).toBeNull());
});

it('asks about any number of databases without as many calls at once as the host cuts a page off for', async () => {
  const few = open;
  open = Array.from({ length: 250 }, (_, at) => ({ handle: `m${at}`, name: `m${at}.db`, folder: '/p' }));
  open.push(...few.slice(2));
  waiting.most = 0;
  await reconnect();
  open = few;
  expect(sent.filter((name) => name.startsWith('work:get'))).toHaveLength(251);
  expect(waiting.most).toBeLessThanOrEqual(25);
});

it('what no message can hold is refused before it is sent, which would cut the connection', async () => {
  sent.length = 0;
  const tokens = Array.from({ length: 1_000 }, () => '\u00e4'.repeat(600)); // two bytes each
  expect(await call('ingest:use', { handle: 'k3', tokens })).toMatchObject({ error: { code: 'E_BAD_REQUEST' } });
  expect(sent).toEqual([]);
});
