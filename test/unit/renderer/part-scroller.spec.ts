import { isValidElement, type ReactNode } from 'react';
import { expect, it, vi } from 'vitest';
import { mount } from './hooks.ts';

/** Going to a stretch of a value, in a box that only notes where it stands. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
const scrolled = { scrollTop: 0, scrollHeight: 0 };
vi.mock('@mantine/hooks', () => ({
  useElementSize: () => ({ ref: () => {}, height: 400 }),
  useMergedRef: (box: { current: unknown }) => void (box.current = scrolled),
}));
const { PartScroller } = await import('../../../renderer/panels/data/viewer/part-scroller.tsx');

type Props = Readonly<Record<string, (event: unknown) => void>>;
const ROWS = 1_000;
const HEIGHT_PX = ROWS * 20;

/** A value of five stretches, of which these are there; `want` notes what is asked for. */
function scroller() {
  const asked: number[] = [];
  let parts = {
    loaded: [] as { index: number; rows: string[] }[],
    shiftRows: 0,
    error: null,
    want: (index: number, isAhead = false) => void (isAhead || asked.push(index)),
  };
  const { draw } = mount(() => PartScroller({ label: 'Text', parts, count: 5, totalBytes: 1_200_000, draw: () => null })); // prettier-ignore
  return {
    asked,
    show(indexes: readonly number[], shiftRows = 0) {
      parts = { ...parts, loaded: indexes.map((index) => ({ index, rows: Array<string>(ROWS).fill('') })), shiftRows };
      scrolled.scrollHeight = indexes.length * HEIGHT_PX;
      draw();
    },
    slideTo: (part: number) => propOf(draw(), 'onChange')(part),
    press: (key: string) => propOf(draw(), 'onKeyDown')({ ctrlKey: true, key, preventDefault: () => {} }),
  };
}

function find(node: ReactNode, name: string): Props | undefined {
  if (Array.isArray(node)) return node.map((each: ReactNode) => find(each, name)).find((found) => found);
  if (!isValidElement<Props & { children?: ReactNode }>(node)) return undefined;
  return name in node.props ? node.props : find(node.props.children, name);
}
const propOf = (node: ReactNode, name: string) => find(node, name)?.[name] ?? expect.fail(`nothing has ${name}`);

it('stays where it is until the stretch is there, and then shows its first row', () => {
  const value = scroller();
  value.show([0]);
  scrolled.scrollTop = 700;
  value.slideTo(1);
  expect([value.asked, scrolled.scrollTop]).toEqual([[1], 700]);

  value.show([1]);
  expect(scrolled.scrollTop).toBe(0);
  value.show([0, 1], ROWS);
  expect(scrolled.scrollTop).toBe(HEIGHT_PX);
});

it('Ctrl+End shows the last row, Ctrl+Home the first, also when neighbours come', () => {
  const value = scroller();
  value.show([0]);
  value.press('End');
  value.show([4]);
  expect([value.asked, scrolled.scrollTop]).toEqual([[4], HEIGHT_PX]);
  value.show([3, 4], ROWS);
  expect(scrolled.scrollTop).toBe(2 * HEIGHT_PX);

  value.press('Home');
  value.show([0]);
  expect([value.asked, scrolled.scrollTop]).toEqual([[4, 0], 0]);
});
