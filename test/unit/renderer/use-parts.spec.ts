import { expect, it, vi } from 'vitest';

/** The hook as React runs it once; its effects at once. */
vi.mock('react', () => ({
  useCallback: <T>(act: T) => act,
  useRef: <T>(current: T) => ({ current }),
  useState: <T>(first: T) => {
    shown.state = first;
    return [first, (next: (before: unknown) => unknown) => (shown.state = next(shown.state))];
  },
  useEffect: (act: () => void) => act(),
}));
const shown: { state: unknown } = { state: null };
const { useParts } = await import('../../../renderer/panels/data/viewer/use-parts.ts');

const asked: number[] = [];
const source = {
  part: (index: number) => {
    asked.push(index);
    return Promise.resolve({ ok: true, value: { index } });
  },
};
const begin = (count: number) => useParts(source as never, count, () => ['row']);
/** Waits until these stretches are there, and no others. */
const areThere = (...indexes: number[]): Promise<void> =>
  vi.waitFor(() => expect(shown.state).toHaveProperty('loaded', indexes.map((index) => ({ index, rows: ['row'] })))); // prettier-ignore

it('a stretch that somebody goes to is shown, whatever is fetched ahead meanwhile', async () => {
  asked.length = 0;
  const { want } = begin(40);
  await areThere(0);

  want(39);
  want(1, true);
  await areThere(39);
  want(38, true);
  await areThere(38, 39);
  want(37, true);
  want(5);
  await areThere(5);
  expect(asked).toEqual([0, 39, 38, 37, 5]);
});

it('the view begins at a stretch that somebody goes to, also where that is a neighbour or there already', async () => {
  const { want } = begin(3);
  await areThere(0);

  want(1);
  await areThere(1);
  want(0, true);
  await areThere(0, 1);
  want(2, true);
  await areThere(0, 1, 2);
  want(1);
  await areThere(1);
  expect(shown.state).toMatchObject({ shiftRows: 0 });
});

it('nor is it a neighbour when it was being fetched ahead already', async () => {
  asked.length = 0;
  const { want } = begin(2);
  await areThere(0);

  want(1, true);
  want(1);
  await areThere(1);
  expect(asked).toEqual([0, 1]);
});
