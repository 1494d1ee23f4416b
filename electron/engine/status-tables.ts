import type { ColumnDiff, RowCount, ScoreCard, TableState, TableStatus } from '@shared/status.ts';
import { isOwnName } from './bookkeeping.ts';
import { affinity, diffColumns, isDeferred } from './column-diff.ts';
import type { CanonicalTable, Pack, Schema, TableInfo } from './migration.ts';
import { diffObjects } from './object-diff.ts';
import { nameKey } from './schema.ts';
import { whatIsMissing } from './what-is-missing.ts';

type CountRows = (table: TableInfo) => RowCount;

/** The status matrix: canonical tables in the pack's order, then everything else that the file has. */
export function tableStatuses(pack: Pack, schema: Schema, countRows: CountRows): TableStatus[] {
  const canonical = pack.canonical
    .filter((table) => !table.isExtension || schema.table(table.name))
    .map((table) => canonicalStatus(table, schema, countRows));
  const taken = new Set(canonical.flatMap(({ name, presentName }) => [nameKey(name), nameKey(presentName ?? name)]));
  const others = [...schema.tables.values()].filter(({ name }) => !taken.has(nameKey(name)));
  return [...canonical, ...others.map((table) => otherStatus(table, pack, countRows))];
}

/** Counts over the canonical tables; approved extensions are counted apart. */
export function scoreCard(pack: Pack, tables: readonly TableStatus[]): ScoreCard {
  const extensions = new Set(pack.canonical.filter(({ isExtension }) => isExtension).map(({ name }) => name));
  const canonical = new Set(pack.canonical.filter(({ isExtension }) => !isExtension).map(({ name }) => name));
  const scored = tables.filter(({ name }) => canonical.has(name));
  const ofState = (state: TableState) => scored.filter((table) => table.state === state).length;
  const present = scored.filter(({ state }) => state !== 'missing');
  const extensionColumns = scored.flatMap(({ columns }) => columns).filter(({ gap }) => gap === 'approved-extension');
  return {
    canonicalTables: canonical.size,
    aligned: ofState('aligned'),
    legacyName: ofState('legacy-name'),
    missing: ofState('missing'),
    wrongColumns: ofState('wrong-columns'),
    columnsMissing: present.flatMap(({ columns }) => columns).filter(({ gap }) => gap === 'missing').length,
    indexesMissing: scored
      .flatMap(({ objects }) => objects)
      .filter(({ kind, gap }) => kind === 'index' && gap !== 'none').length,
    approvedExtensions: tables.filter(({ name }) => extensions.has(name)).length + extensionColumns.length,
  };
}

function canonicalStatus(target: CanonicalTable, schema: Schema, countRows: CountRows): TableStatus {
  const own = schema.table(target.name);
  const legacy = own || target.legacyName === undefined ? undefined : schema.table(target.legacyName);
  const present = own ?? legacy;
  const columns = diffColumns(target, present);
  const objects = diffObjects(target, present, schema);
  const state = stateOf(target, own, legacy, columns);
  return {
    name: target.name,
    state,
    priority: target.priority,
    group: target.group,
    presentName: legacy?.name ?? null,
    rows: present ? countRows(present) : null,
    whatIsMissing: whatIsMissing(present, legacy !== undefined, columns, objects),
    columns,
    objects,
  };
}

function stateOf(
  target: CanonicalTable,
  own?: TableInfo,
  legacy?: TableInfo,
  columns: readonly ColumnDiff[] = [],
): TableState {
  if (target.isExtension) return 'approved-extension';
  if (!own) return legacy ? 'legacy-name' : 'missing';
  return columns.some((column) => isWrong(column, target)) ? 'wrong-columns' : 'aligned';
}

/** Missing, of another type, or with other rules than those that only the last phase can make final. */
function isWrong({ name, gap, now, target: shape }: ColumnDiff, table: CanonicalTable): boolean {
  if (gap === 'missing') return true;
  if (gap !== 'differs') return false;
  const column = table.columns.find((each) => nameKey(each.name) === nameKey(name));
  const isOtherType = now !== null && shape !== null && affinity(now.type) !== affinity(shape.type);
  return isOtherType || column === undefined || !isDeferred(column);
}

function otherStatus(table: TableInfo, pack: Pack, countRows: CountRows): TableStatus {
  const isBookkeeping = isOwnName(table.name) || nameKey(table.name) === nameKey(pack.ledger.table);
  const isLegacy = pack.legacyTables.some((name) => nameKey(name) === nameKey(table.name));
  const state = isBookkeeping ? 'bookkeeping' : isLegacy ? 'legacy' : 'unknown';
  const words = {
    bookkeeping: '',
    legacy: 'Kept for older programs until the last phase',
    unknown: 'Not part of the canonical schema; kept',
  };
  return {
    name: table.name,
    state,
    priority: 'none',
    group: { bookkeeping: 'Bookkeeping', legacy: 'Old names', unknown: 'Other' }[state],
    presentName: null,
    rows: table.kind === 'table' ? countRows(table) : null,
    whatIsMissing: table.kind === 'table' ? words[state] : `A ${table.kind}; kept`,
    columns: [],
    objects: [],
  };
}
