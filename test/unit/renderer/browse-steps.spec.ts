import { beforeEach, expect, it, vi } from 'vitest';
import type { Filter } from '@shared/browse.ts';

/** A window with a history of its own, and a host that knows two tables. */
const entries: { state: unknown; hash: string }[] = [{ state: null, hash: '#/db/k3/overview' }];
let at = 0;
const listeners: (() => void)[] = [];
const entry = () => entries[at] ?? { state: null, hash: '' };
vi.stubGlobal('location', {
  get hash() {
    return entry().hash;
  },
});
vi.stubGlobal('history', {
  get state() {
    return entry().state;
  },
  pushState: (state: unknown, _title: string, hash: string) => void entries.splice(++at, Infinity, { state, hash }),
  replaceState: (state: unknown, _title: string, hash: string) => void (entries[at] = { state, hash }),
});
const columns = [{ name: 'id', primaryKeyPosition: 1 }];
const hidden = [{ name: 'id', primaryKeyPosition: 1, isSensitive: true }];
const tables = [
  { name: 'none', kind: 'table', rows: { value: 0, isExact: true }, columns },
  { name: 'runs', kind: 'table', rows: { value: 3, isExact: true }, columns },
  { name: 'secrets', kind: 'table', rows: { value: 3, isExact: true }, columns: hidden },
];
/** Rows that the host finds for a key. */
let found: { key: string; cells: [] }[] = [];
const toRuns = { from: ['id'], toTable: 'runs' };
const answers: Record<string, unknown> = {
  get 'browse:page'() {
    return { rows: found };
  },
  'browse:record': {
    references: [{ reference: toRuns, isThere: true, filter: { operator: 'equals', column: 'id', value: '7' } }],
  },
};
vi.stubGlobal('window', {
  addEventListener: (name: string, listener: () => void) => name === 'popstate' && listeners.push(listener),
  phasewise: {
    call: (channel: string) => Promise.resolve({ ok: true, value: answers[channel] ?? { tables, isCopy: false } }),
    on: () => () => {},
  },
});
const { connect } = await import('../../../renderer/api.ts');
const { navigate, useRoute } = await import('../../../renderer/stores/route.ts');
const { arriveAt, changeQuery, follow, followToRow, loadTables, openTable, returnToData, showKey, showRow, viewOf } =
  await import('../../../renderer/stores/browse.ts');
const { followCell } = await import('../../../renderer/panels/data/references.ts');
const { placeAt, rememberPlace } = await import('../../../renderer/stores/browse-steps.ts');
connect();

/** As the browser does, and then the data panel. */
function goBy(steps: number): void {
  at += steps;
  for (const listener of listeners) listener();
  const { route, step } = useRoute.getState();
  if (route.page === 'database' && route.detail !== null) arriveAt(route.handle, route.detail, step);
}
const way = (): string[] => viewOf('k3').trail.map(({ query }) => query.table);
const refers: Filter = { operator: 'refers', columns: ['id'], key: '["7"]' };

beforeEach(() => openTable('k3', 'runs'));

it('gives back the way, what was asked and where one was', () => {
  changeQuery('k3', { find: 'night' });
  const { step } = viewOf('k3');
  const place = { top: 1_200, active: { row: 1_203, column: 2 }, openKey: '["12"]' };
  rememberPlace(step ?? '', place);
  follow('k3', '["12"]', 'jobs', refers, 'jobs');
  expect(way()).toEqual(['runs', 'jobs']);

  goBy(-1);
  expect(way()).toEqual(['runs']);
  expect(viewOf('k3').trail[0]?.query.find).toBe('night');
  expect(placeAt(viewOf('k3').step)).toEqual(place);
  goBy(1);
  expect(way()).toEqual(['runs', 'jobs']);
  expect(viewOf('k3').trail[1]?.query.filters).toEqual([refers]);
});

it('tells two steps with the same address apart: a row of a table that refers to itself', () => {
  follow('k3', '["12"]', 'runs', refers, 'runs');
  follow('k3', '["7"]', 'runs', refers, 'runs');
  expect(way()).toHaveLength(3);
  goBy(-1);
  expect(way()).toHaveLength(2);
  goBy(-1);
  expect(way()).toHaveLength(1);
});

it('begins a new way where an address was typed, or nothing is known of a step any more', () => {
  const before = at;
  entries[at] = { state: 'of-an-earlier-page', hash: '#/db/k3/data/jobs' };
  goBy(0);
  expect(way()).toEqual(['jobs']);
  expect(at).toBe(before); // no entry more: back leads to where one came from
  expect(entry().state).toBe(viewOf('k3').step);
});

it('never gives the rows of one database to another', () => {
  const { step } = viewOf('k3');
  entries.splice(++at, Infinity, { state: step, hash: '#/db/k4/data/runs' });
  changeQuery('k3', { find: 'night' });
  goBy(0);
  expect(viewOf('k4').trail[0]?.query.find).toBeNull();
});

it('leads from a key to its row, where the key is one column', async () => {
  await showKey('k3', 'runs', '12');
  expect(viewOf('k3').trail[0]?.query.filters).toEqual([{ operator: 'equals', column: 'id', value: '12' }]);
  expect(placeAt(viewOf('k3').step)).toBeNull(); // there is none
  found = [{ key: '["12"]', cells: [] }];
  await showKey('k3', 'runs', '12');
  expect(placeAt(viewOf('k3').step)?.openKey).toBe('["12"]');
  for (const table of ['gone', 'secrets']) {
    await showKey('k3', table, '12');
    expect(viewOf('k3').trail[0]?.query).toMatchObject({ table, filters: [] });
  }
  showRow('k3', 'runs', { operator: 'equals', column: 'id', value: '12' }, '["12"]');
  expect(placeAt(viewOf('k3').step)?.openKey).toBe('["12"]');
});

it('follows a reference to the row that it means, which stands open there', async () => {
  found = [{ key: '["7"]', cells: [] }];
  await followToRow('k3', '["12"]', 'jobs', refers);
  expect(way()).toEqual(['runs', 'jobs']);
  expect(placeAt(viewOf('k3').step)?.openKey).toBe('["7"]');

  const pending = followToRow('k3', '["7"]', 'runs', refers);
  openTable('k3', 'none'); // somebody went elsewhere before the answer came
  await pending;
  expect(way()).toEqual(['none']);
});

it('goes nowhere any more once somebody is elsewhere, in the data or on another page', async () => {
  found = [{ key: '["7"]', cells: [] }];
  const shown = showKey('k3', 'runs', '7');
  openTable('k3', 'none');
  await shown;
  expect(way()).toEqual(['none']);

  const others = [
    showKey('k3', 'runs', '7'),
    followToRow('k3', '["7"]', 'runs', refers),
    followCell('k3', { name: 'jobs', references: [toRuns] } as never, '["7"]', 'id'),
  ];
  navigate({ page: 'database', handle: 'k3', tab: 'backups', detail: null }, 'replace');
  await Promise.all(others);
  expect(useRoute.getState().route).toMatchObject({ tab: 'backups' });
  expect(way()).toEqual(['none']);

  const untold = showKey('k6', 'gone', '7'); // its tables are not known yet
  navigate({ page: 'home' }, 'replace');
  await untold;
  expect(useRoute.getState().route).toEqual({ page: 'home' });
});

it('begins at the first table that has rows, and later where one was', async () => {
  await loadTables('k5');
  returnToData('k5');
  expect(viewOf('k5').trail.map(({ query }) => query.table)).toEqual(['runs']);
  const [before] = [at];
  openTable('k5', 'none');
  returnToData('k5');
  expect(viewOf('k5').trail.map(({ query }) => query.table)).toEqual(['none']);
  expect(at).toBe(before + 1); // only the table that was opened is a step
});

it('comes back to the place in the rows where one was, also from another page', () => {
  const place = { top: 1_200, active: { row: 1_203, column: 2 }, openKey: '["12"]' };
  rememberPlace(viewOf('k3').step ?? '', place);
  navigate({ page: 'database', handle: 'k3', tab: 'data', detail: null }, 'replace');
  returnToData('k3');
  expect(useRoute.getState().route).toMatchObject({ detail: 'runs' });
  expect(placeAt(viewOf('k3').step)).toEqual(place);
  openTable('k3', 'runs');
  expect(placeAt(viewOf('k3').step)).toBeNull(); // opened anew, it begins at its first row
});
