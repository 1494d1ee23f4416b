import { isValidElement, type ReactNode, type RefObject } from 'react';
import { beforeEach, expect, it, vi } from 'vitest';
import type { BrowseQuery } from '@shared/browse.ts';
import { mount } from './hooks.ts';

/** The question before a slow sort; the host answers when a spec says so. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
vi.stubGlobal('location', { hash: '#/' });
vi.stubGlobal('history', { state: null });
vi.stubGlobal('window', { addEventListener: () => {} });
const questions: ((answer: unknown) => void)[] = [];
vi.mock('../../../renderer/api.ts', () => ({ call: () => new Promise((answer) => questions.push(answer)) }));
const { SortQuestion, useCost } = await import('../../../renderer/panels/data/sort-question.tsx');

const sorted = (column: string, find: string | null = null): BrowseQuery => ({
  table: 'numbers',
  sort: [{ column, isDescending: false }],
  filters: [],
  find,
});
const costOf = (rows: number, needsConsent = true) => ({ kind: 'sort', rows, needsConsent }) as const;
const answer = async (rows: number, needsConsent = true): Promise<void> => {
  questions.shift()?.({ ok: true, value: costOf(rows, needsConsent) });
  await Promise.resolve();
};

beforeEach(() => void (questions.length = 0));

it('stays while somebody types what to find, until the newer answer is there', async () => {
  let query = sorted('kind');
  const { draw } = mount(() => useCost('k3', query, false));
  expect(draw()).toBeUndefined();
  await answer(2_000_000);
  expect(draw()).toEqual(costOf(2_000_000));

  query = sorted('kind', 'number');
  expect(draw()).toEqual(costOf(2_000_000));
  await answer(300_000);
  expect(draw()).toEqual(costOf(300_000));
  query = sorted('kind', 'number 19');
  draw();
  await answer(200, false);
  expect(draw()).toBeNull();

  query = sorted('kind', 'number'); // nothing was asked about this order last
  expect(draw()).toBeUndefined();
});

it('is another one for another order', async () => {
  let query = sorted('kind');
  const { draw } = mount(() => useCost('k3', query, false));
  draw();
  await answer(2_000_000);
  draw();
  query = sorted('name');
  expect(draw()).toBeUndefined();
});

it.each([
  ['takes the keys where nobody types', false, 1],
  ['leaves them to the field where somebody types', true, 0],
])('%s', (_, isField, times) => {
  vi.stubGlobal('document', { activeElement: { matches: (rule: string) => isField && rule.includes('input') } });
  const focus = vi.fn();
  mount(() => {
    const tree = SortQuestion({ handle: 'k3', query: sorted('kind'), cost: costOf(2_000_000) });
    const button = refIn(tree);
    if (button) button.current = { focus };
    return tree;
  }).draw();
  expect(focus).toHaveBeenCalledTimes(times);
});

/** That of the button which begins the sort. */
function refIn(node: ReactNode): RefObject<unknown> | undefined {
  if (Array.isArray(node)) return node.map(refIn).find((found) => found);
  if (!isValidElement<{ ref?: RefObject<unknown>; children?: ReactNode }>(node)) return undefined;
  return node.props.ref ?? refIn(node.props.children);
}
