import { create } from 'zustand';
import type { BrowseQuery, BrowseTable, Filter, RowKey } from '@shared/browse.ts';
import type { AppError } from '@shared/errors.ts';
import type { z } from 'zod';
import { call } from '../api.ts';
import { hidesRows } from '../words/errors.ts';
import { newStep, placeAt, rememberPlace, rememberTrail, trailAt, type RowsPlace } from './browse-steps.ts';
import type { Crumb } from './crumb.ts';
import { reportLost } from './databases.ts';
import { navigate } from './route.ts';

type Key = z.infer<typeof RowKey>;

/** What the data browser knows of one database. */
export interface BrowseView {
  readonly tables: readonly BrowseTable[] | null;
  /** The file could not be read where it is without leaving a trace, so a copy is shown. */
  readonly isCopy: boolean;
  readonly error: AppError | null;
  /** The last crumb is what is shown. */
  readonly trail: readonly Crumb[];
  /** The step of the window's history that shows this trail; null = none yet. */
  readonly step: string | null;
  /** Grows when the rows are to be asked for anew. */
  readonly asked: number;
  /** Sorts of large tables that a person agreed to. */
  readonly consented: readonly string[];
}

const emptyView: BrowseView = {
  tables: null,
  isCopy: false,
  error: null,
  trail: [],
  step: null,
  asked: 0,
  consented: [],
};
export const useBrowse = create<{ byHandle: Readonly<Record<string, BrowseView>> }>(() => ({ byHandle: {} }));

export const everyRow = (table: string): BrowseQuery => ({ table, sort: [], filters: [], find: null });

/** Asks for the tables; what is shown stays while the answer is on its way. */
export async function loadTables(handle: string): Promise<void> {
  const answer = await call('browse:tables', { handle });
  if (answer.ok) {
    const { isCopy } = answer.value;
    // What was measured stays until it is measured again: a size that is a little old is better than none.
    const before = new Map(viewOf(handle).tables?.map(({ name, sizeBytes }) => [name, sizeBytes]));
    const tables = answer.value.tables.map((table) => ({
      ...table,
      sizeBytes: table.sizeBytes ?? before.get(table.name) ?? null,
    }));
    setView(handle, { tables, isCopy, error: null });
  } else {
    setView(handle, { error: answer.error });
    if (hidesRows(answer.error)) reportLost(handle, answer.error);
  }
}

/** Asks for the sizes of all tables on disk, which reads the whole file. @returns false where nobody can tell. */
export async function loadSizes(handle: string): Promise<boolean> {
  const answer = await call('browse:sizes', { handle });
  if (!answer.ok || Object.keys(answer.value).length === 0) return false;
  const sizes = new Map(Object.entries(answer.value));
  setTables(handle, (table) => ({ ...table, sizeBytes: sizes.get(table.name) ?? null }));
  return true;
}

/** The rows of a table have been counted: the list of tables says so too. */
export function knowRows(handle: string, name: string, value: number): void {
  const known = viewOf(handle).tables?.find((table) => table.name === name)?.rows;
  if (known?.isExact && known.value === value) return;
  setTables(handle, (table) => (table.name === name ? { ...table, rows: { value, isExact: true } } : table));
}

/** F5, or another program has written, or an upgrade has run: tables and rows are asked for anew. */
export async function refreshRows(handle: string): Promise<void> {
  if (!useBrowse.getState().byHandle[handle]) return;
  // A copy stays what it was: the process that holds it is ended, and the next question makes another.
  if (viewOf(handle).isCopy) await call('browse:stop', { handle });
  await loadTables(handle);
  setView(handle, { asked: viewOf(handle).asked + 1 });
}

/** A new way begins at rows of a table: all of them, or those that the filters leave. */
export function openTable(handle: string, table: string, filters: readonly Filter[] = [], label = table): void {
  go(handle, [{ query: { ...everyRow(table), filters: [...filters] }, from: null, label }]);
}

/**
 * A new way begins at the row with this primary key, open beside its table; at all rows of a table that has no such key,
 * one of several columns, or one that is hidden.
 */
export async function showKey(handle: string, table: string, key: string): Promise<void> {
  const from = whereabouts();
  if (viewOf(handle).tables === null) await loadTables(handle);
  const columns = viewOf(handle).tables?.find(({ name }) => name === table)?.columns ?? [];
  const [column, ...others] = columns.filter(({ primaryKeyPosition }) => primaryKeyPosition > 0);
  const isFindable = column !== undefined && !column.isSensitive && others.length === 0;
  const filter: Filter | null = isFindable ? { operator: 'equals', column: column.name, value: key } : null;
  const rowKey = filter && (await firstRow(handle, table, filter));
  if (whereabouts() !== from) return; // somebody went elsewhere meanwhile
  if (filter === null) openTable(handle, table);
  else if (rowKey === null) openTable(handle, table, [filter]);
  else showRow(handle, table, filter, rowKey);
}

/** Where the window is, by its history itself: another step of the way is elsewhere, also at the same address. */
export const whereabouts = (): string => JSON.stringify([location.hash, history.state]);

/** null = there is none, or it cannot be read. */
async function firstRow(handle: string, table: string, filter: Filter): Promise<Key | null> {
  const query = { ...everyRow(table), filters: [filter] };
  const page = await call('browse:page', { handle, query, anchor: { at: 'start' }, limit: 1, hasConsent: false });
  return page.ok ? (page.value.rows[0]?.key ?? null) : null;
}

/** A new way begins at one row, open beside its table. */
export function showRow(handle: string, table: string, filter: Filter, rowKey: Key): void {
  openTable(handle, table, [filter]);
  openBeside(handle, rowKey);
}

/** The step that has just begun shows its first row beside the others. */
const openBeside = (handle: string, rowKey: Key): void =>
  beginAt(handle, { top: 0, active: { row: 0, column: 0 }, openKey: rowKey });

/** Where in its rows the step begins that has just begun. */
function beginAt(handle: string, place: RowsPlace): void {
  const { step } = viewOf(handle);
  if (step !== null) rememberPlace(step, place);
}

/** Follows a reference from a row; the way back stays. */
export function follow(handle: string, from: Key, table: string, filter: Filter, label: string): void {
  const { trail } = viewOf(handle);
  const left = trail.map((crumb, at) => (at === trail.length - 1 ? { ...crumb, from } : crumb));
  go(handle, [...left, { query: { ...everyRow(table), filters: [filter] }, from: null, label }]);
}

/** Follows a reference to the one row that it means, which stands open there. */
export async function followToRow(handle: string, from: Key, table: string, filter: Filter): Promise<void> {
  const here = whereabouts();
  const rowKey = await firstRow(handle, table, filter);
  if (whereabouts() !== here) return;
  follow(handle, from, table, filter, table);
  if (rowKey !== null) openBeside(handle, rowKey);
}

/** Where one was in the data of this database, rows included; at first, the first of its tables that has rows. */
export function returnToData(handle: string): void {
  const { trail, step, tables } = viewOf(handle);
  const place = placeAt(step);
  const plain = tables?.filter(({ kind }) => kind === 'table') ?? [];
  const first = plain.find(({ rows }) => (rows?.value ?? 0) > 0) ?? plain[0];
  if (trail.length > 0) go(handle, trail, 'replace');
  else if (first) go(handle, [{ query: everyRow(first.name), from: null, label: first.name }], 'replace');
  if (place !== null) beginAt(handle, place);
}

/** @param at index of the crumb to return to. */
export function returnTo(handle: string, at: number): void {
  const { trail } = viewOf(handle);
  if (trail[at]) go(handle, trail.slice(0, at + 1));
}

/**
 * Shows what an entry of the window's history showed: after back and forward, and when an address was typed. Where
 * nothing is known of it, a new way begins at its table.
 */
export function arriveAt(handle: string, table: string, step: string | null): void {
  const trail = trailAt(step, handle);
  if (trail?.at(-1)?.query.table !== table) {
    go(handle, [{ query: everyRow(table), from: null, label: table }], 'replace');
  } else if (viewOf(handle).step !== step) setView(handle, { trail, step });
}

/** Every step of the way is one of the window's history, so that back and forward follow it. */
function go(handle: string, trail: readonly Crumb[], how: 'push' | 'replace' = 'push'): void {
  const step = newStep();
  const table = trail.at(-1)?.query.table ?? null;
  rememberTrail(step, handle, trail);
  setView(handle, { trail, step });
  navigate({ page: 'database', handle, tab: 'data', detail: table }, how, step);
}

/** Sorting and filtering change what is shown here; they are no step of the way. */
export function changeQuery(handle: string, change: Partial<Omit<BrowseQuery, 'table'>>): void {
  const { trail, step } = viewOf(handle);
  const changed = trail.map((crumb, at) =>
    at === trail.length - 1 ? { ...crumb, query: { ...crumb.query, ...change } } : crumb,
  );
  if (step !== null) rememberTrail(step, handle, changed);
  setView(handle, { trail: changed });
}

/** Of the filters as they are by now: what somebody types is asked later, when they may be others than were drawn. */
export function changeFilters(handle: string, change: (filters: readonly Filter[]) => Filter[]): void {
  const filters = viewOf(handle).trail.at(-1)?.query.filters;
  if (filters) changeQuery(handle, { filters: change(filters) });
}

export function consent(handle: string, query: BrowseQuery): void {
  setView(handle, { consented: [...viewOf(handle).consented, orderId(query)] });
}

/** Agreed to is an order of a table, whatever is filtered out of it. */
export const orderId = ({ table, sort }: BrowseQuery): string => JSON.stringify([table, sort]);

function setTables(handle: string, change: (table: BrowseTable) => BrowseTable): void {
  const { tables } = viewOf(handle);
  if (tables) setView(handle, { tables: tables.map(change) });
}

export const viewOf = (handle: string): BrowseView => useBrowse.getState().byHandle[handle] ?? emptyView;

function setView(handle: string, change: Partial<BrowseView>): void {
  useBrowse.setState(({ byHandle }) => ({
    byHandle: { ...byHandle, [handle]: { ...emptyView, ...byHandle[handle], ...change } },
  }));
}
