import { expect, it, vi } from 'vitest';
import { run, status } from './values.ts';

/** A tab of the browser host, with a socket that a test opens and closes. */
const sent: string[] = [];
const location = { hash: '#/db/k3/overview', origin: 'http://127.0.0.1:1', pathname: '/' };
const listening: Record<string, (event: unknown) => void> = {};
const emit = (name: string, event: unknown = {}): void => listening[name]?.(event);
const open = ['k3', 'k4', 'k5'].map((handle) => ({ handle, name: `${handle}.db`, folder: '/p' }));

function answerTo(name: string, handle: string): unknown {
  if (name === 'database:list') return open;
  if (name === 'settings:get') return { colorScheme: 'auto' };
  if (name === 'database:status') return status();
  if (name === 'run:get') return handle === 'k4' ? run({ handle, state: 'completed' }) : null;
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
      queueMicrotask(() => emit('message', { data: JSON.stringify({ id, result }) }));
    }
  },
);

const { connect } = await import('../../../renderer/api.ts');
const { listen } = await import('../../../renderer/stores/events.ts');
const { useDatabases } = await import('../../../renderer/stores/databases.ts');
const { receiveRun, useRuns } = await import('../../../renderer/stores/runs.ts');

it('after a lost connection every open database is asked about, the one that is shown first', async () => {
  connect();
  listen();
  emit('open');
  await vi.waitFor(() => expect(sent).toContain('run:get k5'));
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
