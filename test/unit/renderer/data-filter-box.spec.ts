import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { BrowseColumn, Filter } from '@shared/browse.ts';
import { mount } from './hooks.ts';

/** The boxes of the filter row, with the store that they ask through. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
vi.stubGlobal('location', { hash: '#/' });
vi.stubGlobal('history', { state: null, pushState: () => {}, replaceState: () => {} });
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call: () => new Promise(() => {}), on: () => {} } });
const { changeQuery, openTable, viewOf } = await import('../../../renderer/stores/browse.ts');
const { useFilterBox } = await import('../../../renderer/panels/data/filters/use-filter-box.ts');

const filters = (): readonly Filter[] => viewOf('k3').trail[0]?.query.filters ?? [];
const columnOf = (name: string, type = 'TEXT', isSensitive = false) => ({ name, type, isSensitive }) as BrowseColumn;
const box = (column: BrowseColumn, drawnBy = filters) => mount(() => useFilterBox('k3', column, drawnBy()));
const pause = (): void => void vi.advanceTimersByTime(500);

beforeEach(() => {
  vi.useFakeTimers();
  openTable('k3', 'runs');
});
afterEach(() => void vi.useRealTimers());

it('keeps what is typed in its own words, also while the rows before are shown', () => {
  let drawnBy = filters();
  const { draw } = box(columnOf('status'), () => drawnBy);
  draw().choose('in');
  draw().type('done,');
  draw();
  pause();
  expect(filters()).toEqual([{ operator: 'in', column: 'status', values: ['done'] }]);
  expect(draw().text).toBe('done,');
  drawnBy = filters();
  expect(draw().text).toBe('done,');

  draw().type('done,failed');
  draw().ask();
  expect(filters()).toEqual([{ operator: 'in', column: 'status', values: ['done', 'failed'] }]);
  expect(draw()).toMatchObject({ operator: 'in', text: 'done,failed' });
});

it('asks beside what the other boxes have asked for meanwhile', () => {
  const [number, kind] = [box(columnOf('number', 'INTEGER')), box(columnOf('kind'))];
  number.draw().type('5');
  kind.draw();
  vi.advanceTimersByTime(300);
  kind.draw().type('fizz');
  vi.advanceTimersByTime(300); // the first is asked; the second was typed before that
  vi.advanceTimersByTime(300);
  expect(filters()).toEqual([
    { operator: 'equals', column: 'number', value: '5' },
    { operator: 'contains', column: 'kind', value: 'fizz' },
  ]);
});

it('says what holds as soon as that is newer than what was typed, and asks no more for that', () => {
  const { draw } = box(columnOf('number', 'INTEGER'));
  draw().type('5');
  pause();
  draw().type('55');
  draw();
  changeQuery('k3', { filters: [{ operator: 'less', column: 'number', value: '9' }] });
  expect(draw()).toMatchObject({ operator: 'less', text: '9' });
  pause();
  expect(draw()).toMatchObject({ operator: 'less', text: '9' });

  draw().type('1 ..');
  draw().choose('between'); // half a range: what held goes on
  expect(draw()).toMatchObject({ operator: 'between', text: '1 ..' });
  expect(filters()).toHaveLength(1);
  changeQuery('k3', { filters: [] });
  expect(draw().text).toBe('');
});

it('is emptied together with its filter, and waits for nothing then', () => {
  const { draw } = box(columnOf('status'));
  draw().type('do');
  pause();
  draw().type('done');
  draw().clear();
  expect(draw().text).toBe('');
  pause();
  expect(filters()).toEqual([]);

  draw().choose('is-null');
  expect(filters()).toEqual([{ operator: 'is-null', column: 'status' }]);
  draw();
  changeQuery('k3', { filters: [] }); // by its chip
  expect(draw()).toMatchObject({ operator: 'contains', text: '' }); // a box that can be typed in
});

it('asks nothing more once it is gone', () => {
  const { draw, takeAway } = box(columnOf('status'));
  draw().type('done');
  takeAway();
  pause();
  expect(filters()).toEqual([]);
});
