import { beforeEach, expect, it, vi } from 'vitest';
import { mount } from './hooks.ts';
import { backup } from './values.ts';

/** The hook as React runs it, on a list that is asked for and answers when a spec says so. */
vi.mock('react', async () => (await import('./hooks.ts')).hooks);
const view = { list: { backups: [] as unknown[] }, listError: null as unknown };
let answer = (): void => {};
vi.mock('../../../renderer/stores/backups.ts', () => ({
  useBackups: (pick: (state: unknown) => unknown) => pick({ byHandle: { k3: view } }),
  loadBackups: () => new Promise<void>((resolve) => (answer = resolve)),
}));
const { useListed } = await import('../../../renderer/panels/result/use-listed.ts');

beforeEach(() => Object.assign(view, { list: { backups: [] }, listError: null }));

it('a list from before the page was there knows nothing of what is not in it', async () => {
  const page = mount(() => useListed('k3'));
  expect(page.draw()).toEqual({ backups: [], isFresh: false });
  view.list = { backups: [backup()] };
  answer();
  await Promise.resolve();
  await Promise.resolve();
  expect(page.draw()).toEqual({ backups: [backup()], isFresh: true });
});

it('nor does one that could not be asked for again', async () => {
  const page = mount(() => useListed('k3'));
  page.draw();
  view.listError = new Error('the drive does not answer');
  answer();
  await Promise.resolve();
  await Promise.resolve();
  expect(page.draw()).toEqual({ backups: [], isFresh: false });
});
