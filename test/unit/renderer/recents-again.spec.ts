import { beforeEach, expect, it, vi } from 'vitest';
import { mount } from './hooks.ts';
import { storesAlone } from './stores-alone.ts';

/** The start page may have been drawn of what was known long ago: a list of backups, or a deletion, has changed it since. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
const heard: Record<string, () => void> = {};
const sent: string[] = [];
let recents: object[] = [];
vi.stubGlobal('history', { state: null, replaceState: () => {} });
vi.stubGlobal('location', { hash: '#/', origin: 'app://phasewise', pathname: '/' });
vi.stubGlobal('document', { visibilityState: 'visible', querySelector: () => null });
vi.stubGlobal('window', {
  addEventListener: (name: string, listener: () => void) => (heard[name] = listener),
  phasewise: {
    call: (name: string) => {
      sent.push(name);
      return Promise.resolve({ ok: true, value: name === 'recents:list' ? recents : [] });
    },
    on: () => () => {},
  },
});
await storesAlone();

const { connect } = await import('../../../renderer/api.ts');
const { RecentCards } = await import('../../../renderer/panels/home/recent-cards.tsx');
const { listen } = await import('../../../renderer/stores/events.ts');
const { useDatabases } = await import('../../../renderer/stores/databases.ts');
connect();
listen();

const known = () => useDatabases.getState().recents;
beforeEach(async () => {
  await new Promise((resolve) => setTimeout(resolve)); // what was asked once connected
  useDatabases.setState({ recents: [] });
  recents = [{ recentId: 'r1', isLastBackupGone: true }];
  sent.length = 0;
});

it('is asked for again when it is come to', async () => {
  mount(() => RecentCards()).draw();
  await vi.waitFor(() => expect(known()).toEqual(recents));
});

it('and when the window is, but not before it was asked for at all', async () => {
  heard['visibilitychange']?.();
  heard['focus']?.();
  await vi.waitFor(() => expect(known()).toEqual(recents));
  expect(sent).toEqual(['recovery:list', 'recents:list']); // once: each goes to every drive
  useDatabases.setState({ recents: null });
  sent.length = 0;
  mount(() => RecentCards()).draw();
  expect(sent).toEqual([]);
});
