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

it('a stretch that somebody goes to is shown, whatever is fetched ahead meanwhile', async () => {
  const asked: number[] = [];
  const source = {
    part: (index: number) => {
      asked.push(index);
      return Promise.resolve({ ok: true, value: { index } });
    },
  };
  const { want } = useParts(source as never, 40, () => ['row']);
  await vi.waitFor(() => expect(shown.state).toMatchObject({ loaded: [{ index: 0 }] }));

  want(39);
  want(1, true);
  await vi.waitFor(() => expect(shown.state).toMatchObject({ loaded: [{ index: 39 }] }));
  want(38, true);
  await vi.waitFor(() => expect(shown.state).toMatchObject({ loaded: [{ index: 38 }, { index: 39 }] }));
  want(37, true);
  want(5);
  await vi.waitFor(() => expect(shown.state).toMatchObject({ loaded: [{ index: 5 }] }));
  expect(asked).toEqual([0, 39, 38, 37, 5]);
});
