import { beforeEach, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import { partsIn } from './elements.ts';
import { mount } from './hooks.ts';

/** The value that is looked at, read anew with the rows; the host answers when a spec says so. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
vi.mock('@mantine/hooks', () => ({ useElementSize: () => ({ ref: null, height: 600 }), useMergedRef: () => null }));
vi.mock('../../../renderer/api.ts', () => ({}));
const { JsonTab } = await import('../../../renderer/panels/data/viewer/json-tab.tsx');
const { useLook } = await import('../../../renderer/panels/data/viewer/use-look.ts');
const { useParts } = await import('../../../renderer/panels/data/viewer/use-parts.ts');

const questions: ((answer: unknown) => void)[] = [];
/** What `createValueSource` gives, of which only the first question has to be answered for a number. */
const newSource = () => ({ head: () => new Promise((answer) => questions.push(answer)) }) as never;
const answer = async (answered: unknown): Promise<void> => {
  questions.shift()?.(answered);
  await new Promise((resolve) => setTimeout(resolve));
};
const number = (value: string, parts = 1) => ({
  ok: true,
  value: { type: 'integer', value, encoding: 'UTF-8', totalBytes: 8, parts },
});
const failed = { ok: false, error: appError('E_DB_BUSY', 'Another program is writing.') };

let source = newSource();
let viewer = mount(() => useLook(source));
const draw = () => viewer.draw();
const readAnew = (): void => {
  source = newSource();
  draw();
};

beforeEach(() => {
  questions.length = 0;
  source = newSource();
  viewer = mount(() => useLook(source));
  draw();
});

it('what is shown stays until the newer answer is there, and its tabs ask where it came from', async () => {
  await answer(number('1'));
  const before = source;
  expect(draw()).toMatchObject({ look: { text: '1' } });

  readAnew();
  expect(draw()).toMatchObject({ look: { text: '1' } });
  expect(draw().source).toBe(before);
  await answer(number('2'));
  expect(draw()).toMatchObject({ look: { text: '2' } });
  expect(draw().source).toBe(source);
  expect(questions).toEqual([]);
});

it('stays below the reason why it could not be read again, until that is over', async () => {
  await answer(number('1'));
  draw();
  readAnew();
  await answer(failed);
  expect(draw()).toMatchObject({ look: { text: '1' }, error: failed.error });

  readAnew();
  await answer(number('2'));
  expect(draw()).toMatchObject({ look: { text: '2' }, error: null });
});

it('comes to an end beside a program that writes all the time, and the last state is asked for in the end', async () => {
  readAnew();
  readAnew();
  expect(questions).toHaveLength(1);
  await answer(number('1'));
  expect(draw()).toMatchObject({ look: { text: '1' } });
  expect(questions).toHaveLength(1);
  await answer(number('3'));
  expect(draw()).toMatchObject({ look: { text: '3' } });
  expect(questions).toEqual([]);
});

it('a value of several stretches stays as it was when somebody came to it', async () => {
  await answer(number('1', 2));
  draw();
  readAnew();
  expect(questions).toEqual([]);
  expect(draw()).toMatchObject({ look: { text: '1' } });
});

it('its first stretch is asked for anew while that of the older value is still under way, which is not shown', async () => {
  const asked: { of: string; answer: () => void }[] = [];
  const partsOf = (of: string) =>
    ({
      part: (index: number) =>
        new Promise((done) => asked.push({ of, answer: () => done({ ok: true, value: { index, of } }) })),
    }) as never;
  const layOut = (part: unknown): string[] => [(part as { of: string }).of];
  let from = partsOf('older');
  const parts = mount(() => useParts(from, 1, layOut));
  parts.draw();
  from = partsOf('newer');
  parts.draw();
  expect(asked.map(({ of }) => of)).toEqual(['older', 'newer']);

  for (const { answer: tell } of asked.toReversed()) tell();
  await new Promise((resolve) => setTimeout(resolve));
  expect(parts.draw().loaded).toEqual([{ index: 0, rows: ['newer'] }]);
});

it('the keys go on in the tree of a value that has become shorter, from its last row', () => {
  let text = JSON.stringify(Object.fromEntries(Array.from({ length: 900 }, (_, at) => [`k${at}`, at])));
  const tab = mount(() => JsonTab({ text }));
  let shown = tab.draw() as { type: (props: unknown) => never; props: unknown };
  const inside = mount(() => shown.type(shown.props));
  const tree = () => {
    shown = tab.draw() as typeof shown;
    return partsIn(inside.draw(), 'div').find(({ props }) => props.role === 'tree')?.props;
  };
  const press = (key: string): string => {
    tree().onKeyDown({ key, preventDefault: () => {} });
    return tree()['aria-activedescendant'];
  };
  expect(press('End')).toBe('json-900');
  tree().onScroll({ currentTarget: { scrollTop: 19_000 } });

  text = '{"a":1,"b":2}';
  expect(tree()['aria-activedescendant']).toBe('json-2');
  expect(tree().children.props.children.map(({ props }: { props: { number: number } }) => props.number)).toEqual([0, 1, 2]); // prettier-ignore
  expect(press('ArrowUp')).toBe('json-1');
  expect(press('Home')).toBe('json-0');
  expect(press('End')).toBe('json-2');
});
