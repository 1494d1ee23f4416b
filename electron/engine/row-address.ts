/** What has to be known of a table and a schema; migration.ts, which has the whole types, hands this on to the packs. */
interface Table {
  readonly name: string;
  readonly isWithoutRowid: boolean;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly primaryKeyPosition: number }[];
  readonly indexes: readonly { readonly origin: string }[];
}
interface Tables {
  table(name: string): Table | undefined;
  readonly triggers: readonly { readonly name: string; readonly table: string; readonly sql: string }[];
}

/**
 * Where SQL of ours means something else than it was written for: `rowid` is not the rowid of a table, so that "where
 * rowid = …" reaches other rows or fails; or a column has the name of another table's, and is read in its place.
 */
export interface HiddenRows {
  readonly confuses: 'rows' | 'columns';
  readonly table: string;
  /** "column cost_events.rowid", "table users" */
  readonly object: string;
  /** A clause to follow it: "it hides …" */
  readonly why: string;
}

/** What stands between `rowid` and the rowid of this table; null = nothing. A column that is the rowid may bear its name. */
export function hiddenRows(table: Table): HiddenRows | null {
  const found = { confuses: 'rows', table: table.name } as const;
  if (table.isWithoutRowid) {
    const why = 'it is WITHOUT ROWID, so its rows lack the number by which the upgrade addresses them';
    return { ...found, object: `table ${table.name}`, why };
  }
  const column = table.columns.find(({ name }) => name.toLowerCase() === 'rowid');
  if (column === undefined || column.name === integerKey(table)) return null;
  const why =
    'it hides the number by which the upgrade addresses rows, and what is meant for one row would reach others';
  return { ...found, object: `column ${table.name}.${column.name}`, why };
}

/** The columns of these names that are there, by table; in small letters. */
export function mistakenColumns(schema: Tables, names: Readonly<Record<string, readonly string[]>>): HiddenRows[] {
  const why =
    'it would be taken for the column of that name in another table, and what is meant for one would reach others';
  return Object.entries(names).flatMap(([table, columns]) =>
    (schema.table(table)?.columns ?? [])
      .filter(({ name }) => columns.includes(name.toLowerCase()))
      .map(({ name }) => ({ confuses: 'columns', table, object: `column ${table}.${name}`, why }) as const),
  );
}

/**
 * What misleads the triggers of ours that are there: a table on which one addresses rows by their rowid, and that hides
 * it, or a column that one would take for another table's. Somebody changed it behind us.
 */
export const misledTriggers = (
  schema: Tables,
  columnsMistaken: Readonly<Record<string, readonly string[]>>,
): HiddenRows[] => {
  const ours = schema.triggers.filter(({ name }) => /^_phasewise_/i.test(name));
  const byRowid = ours.filter(({ sql }) => /\browid\b/i.test(sql));
  return [
    ...[...new Set(byRowid.map(({ table }) => table.toLowerCase()))].flatMap((name) => {
      const table = schema.table(name);
      return (table && hiddenRows(table)) ?? [];
    }),
    ...mistakenColumns(schema, columnsMistaken).filter(({ table, object }) =>
      ours.some(({ sql }) => asksBarely(sql, table, object.slice(object.lastIndexOf('.') + 1))),
    ),
  ];
};

/** What it does reads the table, and names such a column without saying whose; before that it says what it watches. */
function asksBarely(trigger: string, table: string, column: string): boolean {
  const does = trigger.replace(/^[^]*?\bON\s+\S+/i, '');
  return new RegExp(`\\b${table}\\b`, 'i').test(does) && new RegExp(`(?<![\\w.])${column}\\b`, 'i').test(does);
}

/**
 * The column that is the rowid by another name. INTEGER PRIMARY KEY DESC is none: like every other primary key it has an
 * index of its own, and may hold NULL.
 */
export function integerKey(table: Table): string | null {
  const key = table.columns.filter(({ primaryKeyPosition }) => primaryKeyPosition > 0);
  const only = key.length === 1 ? key[0] : undefined;
  const hasIndex = table.isWithoutRowid || table.indexes.some(({ origin }) => origin === 'pk');
  return only && !hasIndex && only.type.toUpperCase() === 'INTEGER' ? only.name : null;
}
