import { describe, expect, it } from 'vitest';
import type { BrowseTable, Filter } from '@shared/browse.ts';
import {
  boxFilterOf,
  filterOfBox,
  usualOperator,
  withBoxFilter,
} from '../../../renderer/panels/data/filters/box-filter.ts';
import { filterOf, filterWords, operators, operatorsOf } from '../../../renderer/panels/data/filters/filter-words.ts';
import { placeWords } from '../../../renderer/panels/data/cell-words.ts';
import { groupTables } from '../../../renderer/panels/data/table-groups.ts';

const draft = { column: 'status', first: '', second: '' } as const;

describe('a filter that is being typed', () => {
  it('is none while a value is missing', () => {
    for (const operator of ['contains', 'starts-with', 'less', 'greater', 'between', 'in', 'json-equals'] as const)
      expect(filterOf({ ...draft, operator }), operator).toBeNull();
    expect(filterOf({ ...draft, operator: 'between', first: '1' })).toBeNull();
    expect(filterOf({ ...draft, operator: 'in', first: ' , ,' })).toBeNull();
  });

  it('may ask for the empty text, or for no value at all', () => {
    expect(filterOf({ ...draft, operator: 'equals' })).toEqual({ operator: 'equals', column: 'status', value: '' });
    expect(filterOf({ ...draft, operator: 'is-null' })).toEqual({ operator: 'is-null', column: 'status' });
  });

  it('takes a list apart at its commas', () => {
    expect(filterOf({ ...draft, operator: 'in', first: 'a, b c ,,d' })).toEqual({
      operator: 'in',
      column: 'status',
      values: ['a', 'b c', 'd'],
    });
  });
});

describe('the words of a filter', () => {
  it('read as a sentence', () => {
    expect(filterWords({ operator: 'equals', column: 'status', value: 'done' })).toBe('status is done');
    expect(filterWords({ operator: 'equals', column: 'status', value: '' })).toBe('status is empty text');
    expect(filterWords({ operator: 'between', column: 'n', from: '1', to: '5' })).toBe('n is between 1 and 5');
    expect(filterWords({ operator: 'in', column: 'n', values: ['1', '2'] })).toBe('n is one of 1, 2');
    expect(filterWords({ operator: 'json-equals', column: 'j', path: 'a.b', value: 'x' })).toBe(
      'j has in its JSON a.b = x',
    );
    expect(filterWords({ operator: 'is-null', column: 'n' })).toBe('n is NULL');
    expect(filterWords({ operator: 'refers', columns: ['a', 'b'], key: 'k' })).toBe('a, b of the row you came from');
  });

  it('are cut where a value is long', () => {
    expect(filterWords({ operator: 'equals', column: 'a', value: 'x'.repeat(99) })).toHaveLength(5 + 41);
  });
});

describe('the box of a column', () => {
  const filters: Filter[] = [
    { operator: 'refers', columns: ['n'], key: 'k' },
    { operator: 'contains', column: 'name', value: 'a' },
    { operator: 'between', column: 'n', from: '1', to: '5' },
    { operator: 'less', column: 'n', value: '4' },
  ];

  it('says the first filter of its column, and can say every kind so that it is read back alike', () => {
    expect(boxFilterOf(filters, 'n')).toEqual({ filter: filters[2], text: '1 .. 5' });
    expect(boxFilterOf(filters, 'other')).toBeNull();
    for (const { operator } of operators) {
      const filter = filterOf({ column: 'c', operator, first: 'p, q', second: 'x = y' });
      const box = filter && boxFilterOf([filter], 'c');
      expect(box && filterOfBox('c', operator, box.text), operator).toEqual(filter);
    }
  });

  it('asks for nothing while it is empty or half filled', () => {
    expect(filterOfBox('n', 'equals', '')).toBeNull();
    expect(filterOfBox('n', 'between', '1 ..')).toBeNull();
    expect(filterOfBox('n', 'json-equals', 'path')).toEqual({
      operator: 'json-equals',
      column: 'n',
      path: 'path',
      value: '',
    });
    expect(filterOfBox('n', 'is-null', '')).toEqual({ operator: 'is-null', column: 'n' });
  });

  it('changes its own filter in its place, and leaves the others alone', () => {
    const next: Filter = { operator: 'greater', column: 'n', value: '9' };
    expect(withBoxFilter(filters, 'n', next)).toEqual([filters[0], filters[1], next, filters[3]]);
    expect(withBoxFilter(filters, 'n', null)).toEqual([filters[0], filters[1], filters[3]]);
    expect(withBoxFilter(filters, 'other', { operator: 'is-null', column: 'other' })).toHaveLength(5);
    expect(withBoxFilter(filters, 'other', null)).toEqual(filters);
  });

  it('looks for an equal number, and for a part of a text', () => {
    const column = (type: string) => usualOperator({ ...anyColumn, type });
    expect(column('INTEGER')).toBe('equals');
    expect(column('varchar(20)')).toBe('contains');
    expect(column('')).toBe('contains');
  });

  it('asks of hidden values only whether they are there', () => {
    expect(operatorsOf({ isSensitive: true }).map(({ operator }) => operator)).toEqual(['is-null', 'is-not-null']);
    expect(operatorsOf({ isSensitive: false })).toBe(operators);
    expect(usualOperator({ ...anyColumn, isSensitive: true })).toBe('is-not-null');
  });
});

describe('the words of the place', () => {
  const of = (value: number, change = {}) => ({ value, isExact: false, isAtLeast: false, ...change });

  it('name the rows in view, and say whether their number was estimated, counted so far, or is exact', () => {
    expect(placeWords(1_200, 1_259, of(200_000))).toBe('1,201–1,260 of about 200,000 rows');
    expect(placeWords(0, 59, of(1_300, { isAtLeast: true }))).toBe('1–60 of at least 1,300 rows');
    expect(placeWords(0, 50, of(3, { isExact: true }))).toBe('1–3 of 3 rows');
    expect(placeWords(0, 0, of(0, { isExact: true }))).toBe('No rows');
    expect(placeWords(0, 0, of(0))).toBe('Looking for rows…');
  });
});

describe('the list of tables', () => {
  it('puts groups of the pack first, then old names, views, the rest and bookkeeping', () => {
    const tables = [
      table('sqlite_stat1', 'Bookkeeping'),
      table('mine', 'Other'),
      table('a_view', 'Other', 'view'),
      table('assets_old', 'Old names'),
      table('runs', 'Runs'),
      table('assets', 'Assets'),
    ];
    const names = (text: string) => groupTables(tables, text).map(({ name }) => name);
    // As the engine gives them: the groups of the pack in the order of the pack.
    expect(names('')).toEqual(['Runs', 'Assets', 'Old names', 'Views', 'Other', 'Bookkeeping']);
    expect(names(' ASSETS')).toEqual(['Assets', 'Old names']);
    expect(names('nothing')).toEqual([]);
  });
});

const anyColumn = {
  name: 'c',
  type: '',
  isNullable: true,
  primaryKeyPosition: 0,
  isGenerated: false,
  isSensitive: false,
  replacedBy: null,
  isLegacy: false,
  isIndexed: false,
};

const table = (name: string, group: string, kind: BrowseTable['kind'] = 'table'): BrowseTable => ({
  name,
  kind,
  group,
  state: 'unknown',
  keyKind: 'rowid',
  rows: null,
  sizeBytes: null,
  columns: [],
  references: [],
  referencedBy: [],
});
