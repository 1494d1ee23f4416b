import type {
  BrowseColumn,
  BrowsePage,
  BrowseRow,
  BrowseTable,
  CellValue,
} from '../../../../electron/shared/browse.ts';

/** Tables and rows for the data browser: one of every kind of value, a hidden column, a reference, a large table. */

const ROWS = 10_000_000;
const column = (name: string, type: string, more: Partial<BrowseColumn> = {}): BrowseColumn => ({
  ...{ name, type, isNullable: true, primaryKeyPosition: 0, isGenerated: false, isSensitive: false },
  ...{ replacedBy: null, isLegacy: false, isIndexed: false },
  ...more,
});
const table = (name: string, group: string, value: number, more: Partial<BrowseTable> = {}): BrowseTable => ({
  ...{ name, kind: 'table', group, state: 'aligned', keyKind: 'rowid', rows: { value, isExact: true } },
  ...{
    sizeBytes: null,
    columns: [column('id', 'INTEGER', { primaryKeyPosition: 1 })],
    references: [],
    referencedBy: [],
  },
  ...more,
});
const toRuns = { fromTable: 'run_jobs', from: ['run_id'], toTable: 'runs', to: ['id'], origin: 'declared' as const };

const tables: readonly BrowseTable[] = [
  table('run_jobs', 'Runs', ROWS, {
    rows: { value: ROWS, isExact: false },
    columns: [
      column('id', 'INTEGER', { primaryKeyPosition: 1 }),
      column('run_id', 'TEXT'),
      column('note', 'TEXT', { isLegacy: true, replacedBy: 'remark' }),
      column('api_key', 'TEXT', { isSensitive: true }),
      column('data', ''),
    ],
    references: [toRuns],
  }),
  table('runs', 'Runs', 40, { referencedBy: [toRuns] }),
  table('candidates', 'Old names', 205, { state: 'legacy' }),
  table('recent_jobs', 'Other', 0, { kind: 'view', rows: null, keyKind: 'none' }),
];

const data: readonly CellValue[] = [
  { type: 'null' },
  { type: 'text', value: '', length: 0 },
  { type: 'blob', hex: '89504e47', length: 70 },
  { type: 'real', value: '0.1' },
  { type: 'broken-text', hex: '61ff62', length: 3 },
];
const text = (value: string): CellValue => ({ type: 'text', value, length: value.length });
const cellsOf = (at: number): CellValue[] => [
  { type: 'integer', value: String(9_007_199_254_740_993n + BigInt(at)) },
  text('0f8c1a2b-run'),
  text('<b>bold</b> is only text here'),
  { type: 'masked', storage: 'text', length: 44 },
  data[at % data.length] ?? { type: 'null' },
];
const rowAt = (at: number): BrowseRow => ({ key: `[["i","${at}"]]`, cells: cellsOf(at) });

/** @param isOutdated a copy is shown, and the file has changed since. */
export const rowAnswers = (isOutdated: boolean): Record<string, (input: Record<string, unknown>) => unknown> => ({
  'browse:tables': () => ({ tables, isCopy: isOutdated, version: 1 }),
  'browse:layout': () => null,
  'browse:sizes': () => ({}),
  'browse:cost': () => ({ kind: 'sort', rows: ROWS, needsConsent: true }),
  'browse:count': () => ({ value: ROWS, isExact: true, isFinal: true }),
  'browse:page': ({ anchor, limit }): BrowsePage => {
    const from = Number((anchor as { position?: number }).position ?? 0);
    const rows = Array.from({ length: Number(limit) }, (_, at) => rowAt(from + at));
    const place = { position: from, isPositionExact: true, hasBefore: from > 0, hasAfter: true };
    return { rows, ...place, version: 1, isOutdated };
  },
  'browse:record': ({ key }) => ({
    key,
    cells: cellsOf(0),
    references: [{ reference: toRuns, filter: { operator: 'refers', columns: ['id'], key }, isThere: true }],
    referencedBy: [],
  }),
  'browse:cell': () => {
    const value = '{"phase": 4, "list": [1, 2]}';
    return {
      value: Buffer.from(value).toString('hex'),
      type: 'text',
      from: 0,
      length: value.length,
      totalLength: value.length,
      encoding: 'UTF-8',
    };
  },
});
