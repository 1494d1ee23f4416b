import { beforeEach, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import { mount } from './hooks.ts';

/** The value that is looked at, read anew with the rows; the host answers when a spec says so. */
vi.mock('react', async () => (await import('./hooks.ts')).hooks);
vi.mock('../../../renderer/api.ts', () => ({}));
const { useLook } = await import('../../../renderer/panels/data/viewer/use-look.ts');

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
