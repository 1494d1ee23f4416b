import type { ColumnDiff, ColumnShape } from '@shared/status.ts';
import type { CanonicalColumn, CanonicalTable, ColumnInfo, TableInfo } from './migration.ts';
import { nameKey } from './schema.ts';

/**
 * Column by column: the canonical ones in their order, then what else the table has.
 * @param present the table as found, under whichever name.
 */
export function diffColumns(target: CanonicalTable, present: TableInfo | undefined): ColumnDiff[] {
  const found = new Map((present?.columns ?? []).map((column) => [nameKey(column.name), column]));
  const canonical = target.columns
    .filter((column) => !column.isExtension || found.has(nameKey(column.name)))
    .map((column) => diffColumn(column, found));
  const named = new Set(target.columns.map(({ name }) => nameKey(name)));
  const others = [...found.values()].filter(({ name }) => !named.has(nameKey(name)));
  return [...canonical, ...others.map((column) => otherColumn(column, target))];
}

/** A gap that is no fault now: the phase that closes it comes later, and the table works without it. */
export const isDeferred = (column: CanonicalColumn): boolean => column.constraintsPhase !== undefined;

/** The end of a note about a rule that only a later phase can make final; '' when it should hold now. */
export const finalWith = (phase: number | undefined): string =>
  phase === undefined ? '' : ` (final with phase ${phase})`;
/** The phase that a note puts the matter off to, null when it does not. */
export const putOffTo = (note: string): number | null =>
  Number(/ \(final with phase (\d+)\)$/.exec(note)?.[1] ?? Number.NaN) || null;

/** What a declared type means to SQLite: VARCHAR(20) and TEXT are the same. https://sqlite.org/datatype3.html#determination_of_column_affinity */
export function affinity(type: string): 'INTEGER' | 'TEXT' | 'BLOB' | 'REAL' | 'NUMERIC' {
  if (/int/i.test(type)) return 'INTEGER';
  if (/char|clob|text/i.test(type)) return 'TEXT';
  if (type === '' || /blob/i.test(type)) return 'BLOB';
  return /real|floa|doub/i.test(type) ? 'REAL' : 'NUMERIC';
}

function diffColumn(column: CanonicalColumn, found: ReadonlyMap<string, ColumnInfo>): ColumnDiff {
  const now = found.get(nameKey(column.name));
  const target = targetShape(column);
  if (!now) {
    const isRenamed = column.legacyName !== undefined && found.has(nameKey(column.legacyName));
    const note = isRenamed ? `is ${column.legacyName} now` : `comes with phase ${column.phase}`;
    return { name: column.name, now: null, target, gap: 'missing', note };
  }
  const shape = presentShape(now);
  if (column.isExtension) {
    return { name: column.name, now: shape, target, gap: 'approved-extension', note: 'kept on purpose' };
  }
  const differences = shapeDifferences(shape, target);
  const isSameType = affinity(shape.type) === affinity(target.type);
  const later = isSameType ? finalWith(column.constraintsPhase) : '';
  const note = differences.length > 0 ? differences.join(', ') + later : '';
  return { name: now.name, now: shape, target, gap: note === '' ? 'none' : 'differs', note };
}

function otherColumn(column: ColumnInfo, target: CanonicalTable): ColumnDiff {
  const legacy = Object.entries(target.legacyColumns ?? {}).find(([name]) => nameKey(name) === nameKey(column.name));
  const base = { name: column.name, now: presentShape(column), target: null };
  if (!legacy) return { ...base, gap: 'unknown', note: 'not part of the canonical schema; kept' };
  const [, successor] = legacy;
  return { ...base, gap: 'legacy', note: successor === null ? 'goes in the last phase' : `replaced by ${successor}` };
}

const presentShape = (column: ColumnInfo): ColumnShape => ({
  type: column.type,
  isNullable: !column.notNull,
  defaultSql: column.defaultSql,
  isPrimaryKey: column.primaryKeyPosition > 0,
});

const targetShape = (column: CanonicalColumn): ColumnShape => ({
  type: column.type,
  isNullable: column.notNull !== true,
  defaultSql: column.defaultSql ?? null,
  isPrimaryKey: column.isPrimaryKey ?? false,
});

function shapeDifferences(now: ColumnShape, target: ColumnShape): string[] {
  const differences: string[] = [];
  if (affinity(now.type) !== affinity(target.type)) {
    differences.push(`type ${now.type || 'without name'} instead of ${target.type}`);
  }
  if (now.isPrimaryKey !== target.isPrimaryKey) {
    differences.push(target.isPrimaryKey ? 'not the primary key' : 'part of the primary key');
  } else if (!target.isPrimaryKey && now.isNullable !== target.isNullable) {
    // Whether a TEXT primary key says NOT NULL is of no consequence here: nothing relies on its absence.
    differences.push(target.isNullable ? 'a value is required' : 'may be empty');
  }
  if (plainDefault(now.defaultSql) !== plainDefault(target.defaultSql)) {
    differences.push(`default ${now.defaultSql ?? 'none'} instead of ${target.defaultSql ?? 'none'}`);
  }
  return differences;
}

/** `('x')`, `"x"` and `'x'` are the same default; NULL is the same as none. */
function plainDefault(sql: string | null): string | null {
  let text = (sql ?? 'NULL').trim();
  while (text.startsWith('(') && text.endsWith(')')) text = text.slice(1, -1).trim();
  return /^null$/i.test(text) ? null : text.replace(/^"(.*)"$/, "'$1'");
}
