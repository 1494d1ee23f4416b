import { beforeEach, expect, it, vi } from 'vitest';
import type { BrowseColumn, BrowseRecord, BrowseTable } from '@shared/browse.ts';
import { appError } from '@shared/errors.ts';
import { mount } from './hooks.ts';

/** The row beside the grid; the host answers when a spec says so. */
vi.mock('react', async () => (await import('./hooks.ts')).hooks);
const questions: { channel: string; answer: (with_: unknown) => void }[] = [];
vi.mock('../../../renderer/api.ts', () => ({
  call: (channel: string) => new Promise((answer) => questions.push({ channel, answer })),
}));
const { useRecord } = await import('../../../renderer/panels/data/use-record.ts');
const { useRevealedValue } = await import('../../../renderer/panels/data/use-revealed-value.ts');

const tableOf = (...names: string[]) => ({ name: 'users', columns: names.map((name) => ({ name })) }) as BrowseTable;
const recordOf = (key: string, ...values: string[]): BrowseRecord => ({
  key,
  cells: values.map((value) => ({ type: 'text', value, length: value.length })),
  references: [],
  referencedBy: [],
});
const answer = async (value: unknown): Promise<void> => {
  questions.shift()?.answer(value);
  await Promise.resolve();
};
const ok = (value: unknown) => ({ ok: true, value });
const failed = { ok: false, error: appError('E_DB_BUSY', 'Another program is writing.') };

let place = { table: tableOf('id', 'name'), key: '1', asked: 0 };
const panel = () => mount(() => useRecord('k3', place.table, place.key, place.asked));
/** "id=1 name=Ada", as the panel pairs them. */
const words = ({ columns, record }: { columns: readonly BrowseColumn[]; record: BrowseRecord | null }): string =>
  columns.map(({ name }, at) => `${name}=${(record?.cells[at] as { value?: string } | undefined)?.value}`).join(' ');

beforeEach(() => {
  questions.length = 0;
  place = { table: tableOf('id', 'name'), key: '1', asked: 0 };
});

it('is asked for again when the rows are, and what is shown stays until the answer is there', async () => {
  const { draw } = panel();
  draw();
  await answer(ok(recordOf('1', '1', 'Ada')));
  expect(words(draw())).toBe('id=1 name=Ada');

  place = { ...place, asked: 1 };
  expect(words(draw())).toBe('id=1 name=Ada');
  expect(questions).toHaveLength(1);
  await answer(ok(recordOf('1', '1', 'Grace')));
  expect(words(draw())).toBe('id=1 name=Grace');
  expect(questions).toEqual([]);
});

it('stands under the names that it was asked for by, whatever the columns are by now', async () => {
  const { draw } = panel();
  draw();
  await answer(ok(recordOf('1', '1', 'Ada')));
  expect(words(draw())).toBe('id=1 name=Ada');

  place = { ...place, table: tableOf('name', 'id') };
  expect(words(draw())).toBe('id=1 name=Ada');
  await answer(ok(recordOf('1', 'Ada', '1')));
  expect(words(draw())).toBe('name=Ada id=1');
});

it('stays below the reason why it could not be read again, as rows do; another row does not', async () => {
  const { draw } = panel();
  draw();
  await answer(ok(recordOf('1', '1', 'Ada')));
  draw();

  place = { ...place, asked: 1 };
  draw();
  await answer(failed);
  expect(draw()).toMatchObject({ error: failed.error, record: { key: '1' } });

  place = { ...place, key: '2' };
  draw();
  await answer(failed);
  expect(draw()).toMatchObject({ error: failed.error, record: null });
});

it('asks again for a hidden value that is shown, and shows the one before meanwhile', async () => {
  let record = recordOf('1');
  const cell = (value: string) => ok({ type: 'text', value, length: 3, totalLength: 3 });
  const { draw } = mount(() =>
    useRevealedValue({ handle: 'k3', table: 'users', rowKey: '1', column: 'api_token' }, record),
  );
  expect(draw()).toBeNull();
  await answer(cell('old'));
  expect(draw()).toMatchObject({ text: 'old' });

  record = recordOf('1');
  expect(draw()).toMatchObject({ text: 'old' });
  await answer(cell('new'));
  expect(draw()).toMatchObject({ text: 'new' });
});
