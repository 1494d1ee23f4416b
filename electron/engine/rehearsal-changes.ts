import { isOwnName } from './bookkeeping.ts';
import type { TableInfo } from './migration.ts';
import type { Comparison, Loss } from './rehearsal-comparison.ts';
import { laterReference, successorTable } from './rehearsal-rules.ts';
import type { Stage } from './rehearsal-stage.ts';
import { isFamilyColumn, isFamilyTable } from './removal.ts';
import { nameKey } from './schema.ts';

/** What would be there and work afterwards, but not quite as before: nothing to refuse, and nothing to keep quiet about. */
export const compareMeanings = (before: Stage, after: Stage, how: Comparison): Loss[] => [
  ...[...before.shown].flatMap(([view, columns]) => narrowed(view, columns, after)),
  ...[...before.schema.tables.values()]
    .filter(({ name, kind }) => kind === 'table' && isFamilyTable(how.pack, name))
    .flatMap((table) => {
      const now = successorTable(table.name, after, how);
      return now ? [...otherColumns(table, now, how), ...otherActions(table, now, how)] : [];
    }),
];

/** A view of all columns shows those that are there. One that does not work any more is a loss, and told as that. */
function narrowed(view: string, columns: readonly string[], { shown, compiled }: Stage): Loss[] {
  const now = shown.get(view)?.map(nameKey);
  if (isOwnName(view) || now === undefined || compiled.get(`view ${view}`) !== null) return [];
  const gone = columns.filter((name) => !now.includes(nameKey(name)));
  return gone.length === 0 ? [] : [{ object: `view ${view}`, why: `it will no longer show ${gone.join(', ')}` }];
}

/**
 * Of the family's columns in tables that every version of its programs has: in the others, those versions differ among
 * themselves. Columns of others must stay as they are.
 */
const otherColumns = (table: TableInfo, now: TableInfo, { pack }: Comparison): Loss[] =>
  table.columns.flatMap(({ name, notNull, defaultSql, primaryKeyPosition }) => {
    const isOld = Object.keys(pack.programUniques ?? {}).some((each) => nameKey(each) === nameKey(table.name));
    if (!isOld || !isFamilyColumn(pack, table.name, name)) return [];
    const column = now.columns.find((each) => nameKey(each.name) === nameKey(name));
    if (column === undefined) return [];
    const object = `column ${table.name}.${name}`;
    const isLooser = notNull && !column.notNull && primaryKeyPosition === 0;
    const isOther = defaultSql !== null && defaultSql !== column.defaultSql;
    return [
      ...(isLooser ? [{ object, why: 'it may be empty then' }] : []),
      ...(isOther ? [{ object, why: `its default will be ${column.defaultSql ?? 'none'}, not ${defaultSql}` }] : []),
    ];
  });

/** What becomes of a row when the one that it refers to is deleted. */
const otherActions = (table: TableInfo, now: TableInfo, how: Comparison): Loss[] =>
  table.foreignKeys.flatMap((key) => {
    const later = laterReference(key, now, how);
    if (later === undefined || later.onDelete === key.onDelete) return [];
    const object = `column ${table.name}.${key.from.join(', ')}`;
    const why = `its reference to ${key.table} will say ON DELETE ${later.onDelete}, not ${key.onDelete}`;
    return [{ object, why }];
  });
