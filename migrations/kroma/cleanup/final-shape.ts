import { quoteName, type CanonicalTable, type Db } from '@engine/migration.ts';
import { definitionOf, finalColumns, finalUniques, removedColumns, renames, ruleName } from './final-schema.ts';

/**
 * In words, what keeps a table from being final, lists of words apart: they can be added to a table as it stands. Read
 * from pragmas, so it does not matter how a definition is written. Empty = the table need not be rebuilt.
 */
export function notFinal(db: Db, table: CanonicalTable): string[] {
  return [
    ...removedColumns(db, table).map((name) => `${table.name} still has the column ${name}`),
    ...wrongColumns(db, table),
    ...wrongReferences(db, table),
    ...wrongUniques(db, table),
  ];
}

/** Rules about words that `listed` asks for and the table does not have. */
export function missingWordRules(db: Db, table: CanonicalTable, listed: readonly string[]): string[] {
  const texts = definitionOf(db, table.name).constraints.map(({ text }) => text);
  return listed.filter((column) => !texts.some((text) => text.includes(` ${ruleName(table.name, column)} `)));
}

interface Found {
  name: string;
  type: string;
  notNull: number;
  defaultSql: string | null;
  pk: number;
}

function wrongColumns(db: Db, table: CanonicalTable): string[] {
  const found = db
    .prepare<[string], Found>(
      `SELECT lower(name) AS name, upper(type) AS type, "notnull" AS "notNull", dflt_value AS defaultSql, pk FROM pragma_table_xinfo(?)`,
    )
    .all(table.name);
  return finalColumns(db, table).flatMap((column) => {
    const where = `${table.name}.${column.name}`;
    const now = found.find(({ name }) => name === column.name);
    if (now === undefined) return [`${where} is missing`];
    const isKey = column.isPrimaryKey === true;
    if (now.type !== column.type) return [`${where} is ${now.type}, not ${column.type}`];
    if (now.pk > 0 !== isKey) return [`${where} is ${isKey ? 'not the' : 'part of the'} primary key`];
    // Whether a key says NOT NULL is of no consequence: nothing relies on its absence.
    if (!isKey && (now.notNull === 1) !== (column.notNull === true))
      return [`${where} ${column.notNull ? 'may be empty' : 'must be filled'}`];
    const isDefault = (now.defaultSql ?? undefined) === column.defaultSql;
    return isDefault
      ? []
      : [`${where} has the default ${now.defaultSql ?? 'none'}, not ${column.defaultSql ?? 'none'}`];
  });
}

function wrongReferences(db: Db, table: CanonicalTable): string[] {
  const found = db
    .prepare<[string], { from: string; table: string; onDelete: string }>(
      `SELECT lower("from") AS "from", lower("table") AS "table", on_delete AS onDelete FROM pragma_foreign_key_list(?)`,
    )
    .all(table.name);
  const old = found.filter((each) => Object.hasOwn(renames, each.table));
  const wrong = finalColumns(db, table).flatMap(({ name, references }) => {
    const own = found.filter(({ from }) => from === name);
    const isRight =
      references === undefined
        ? true
        : own.length === 1 && own[0]?.table === references.table && own[0].onDelete === references.onDelete;
    return isRight ? [] : [`${table.name}.${name} does not refer to ${references?.table}`];
  });
  return [...old.map(({ from, table: parent }) => `${table.name}.${from} still refers to ${parent}`), ...wrong];
}

function wrongUniques(db: Db, table: CanonicalTable): string[] {
  const rules = db
    .prepare<[string], string>(
      `SELECT (SELECT group_concat(lower(name)) FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY lower(name)))
       FROM pragma_index_list(?) AS l WHERE l.origin = 'u'`,
    )
    .pluck()
    .all(table.name);
  return finalUniques(db, table)
    .filter((columns) => !rules.includes(columns.toSorted().join()))
    .map((columns) => `${quoteName(table.name)} does not say that ${columns.join(', ')} are unique`);
}
