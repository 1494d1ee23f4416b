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

/** Whether `rowid` means the rowid of a table: what is written "where rowid = …" otherwise reaches other rows, or fails. */
export interface HiddenRows {
  readonly table: string;
  /** "column cost_events.rowid", "table users" */
  readonly object: string;
  /** A clause to follow it: "it hides …" */
  readonly why: string;
}

/** What stands between `rowid` and the rowid of this table; null = nothing. A column that is the rowid may bear its name. */
export function hiddenRows(table: Table): HiddenRows | null {
  const found = { table: table.name };
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

/** Tables on which a trigger of ours addresses rows by their rowid, and that hide it. Somebody changed them behind us. */
export const misledTriggers = (schema: Tables): HiddenRows[] => {
  const misled = schema.triggers.filter(({ name, sql }) => /^_phasewise_/i.test(name) && /\browid\b/i.test(sql));
  return [...new Set(misled.map(({ table }) => table.toLowerCase()))].flatMap((name) => {
    const table = schema.table(name);
    return (table && hiddenRows(table)) ?? [];
  });
};

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
