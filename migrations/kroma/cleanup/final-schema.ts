import {
  namesIn,
  quoteName,
  quoteText,
  readTableDefinition,
  renameReferences,
  tableExists,
} from '@engine/migration.ts';
import type { CanonicalColumn, CanonicalTable, Db, TableDefinition } from '@engine/migration.ts';
import { inlineRules } from './inline-rules.ts';

/**
 * The final definition of a table: canonical columns and rules from the canonical data, approved extensions that the
 * file has, and whatever its owner added, word for word. Part of the rebuilding migrations and as immutable as they are.
 */
export interface FinalTable {
  readonly columns: readonly { readonly name: string; readonly sql: string; readonly isCopied: boolean }[];
  readonly rules: readonly string[];
  /** 'STRICT', 'WITHOUT ROWID' or ''. */
  readonly options: string;
}

/** Tables whose names go, with those that replace them, in references of tables that their owner made. */
export const renames: Readonly<Record<string, string>> = { users: 'app_users', run_job_candidates: 'run_candidates' };

export const createSql = (name: string, { columns, rules, options }: FinalTable): string =>
  `CREATE TABLE ${quoteName(name)} (\n  ${[...columns.map(({ sql }) => sql), ...rules].join(',\n  ')}\n)${options === '' ? '' : ` ${options}`}`;

/**
 * What a table is to become. @param listed columns whose words all are on their list (see `listedColumns`).
 * @throws Error naming what its owner added and what cannot stay, because it names a column that goes.
 */
export function finalTable(db: Db, table: CanonicalTable, listed: readonly string[]): FinalTable {
  const definition = definitionOf(db, table.name);
  const own = ownParts(table, definition);
  if (own.problems.length > 0) throw new Error(own.problems.join('; '));
  const generated = generatedColumns(db, table.name);
  const present = new Map(definition.columns.map((column) => [column.name.toLowerCase(), column]));
  const canonical = finalColumns(db, table).map((column) => ({
    name: column.name,
    sql: columnSql(column, present.get(column.name)?.collation ?? null),
    isCopied: present.has(column.name),
  }));
  return {
    columns: [
      ...canonical,
      ...own.columns.map((column) => ({ ...column, isCopied: !generated.includes(column.name.toLowerCase()) })),
    ],
    rules: [
      ...finalUniques(db, table).map((columns) => `UNIQUE (${columns.join(', ')})`),
      ...table.columns.filter(({ name }) => listed.includes(name)).map((column) => wordRule(table.name, column)),
      ...own.rules,
    ],
    options: definition.options,
  };
}

/** The canonical columns; extensions only where the file has them. */
export const finalColumns = (db: Db, table: CanonicalTable): CanonicalColumn[] => {
  const present = namesOf(db, table.name);
  return table.columns.filter(({ name, isExtension }) => isExtension !== true || present.has(name));
};

export const finalUniques = (db: Db, table: CanonicalTable): (readonly string[])[] => {
  const names = new Set(finalColumns(db, table).map(({ name }) => name));
  return table.uniques.filter((columns) => columns.every((name) => names.has(name)));
};

/** Old columns that this table still has, in small letters. */
export const removedColumns = (db: Db, table: CanonicalTable): string[] => {
  const present = namesOf(db, table.name);
  return Object.keys(table.legacyColumns ?? {}).filter((name) => present.has(name));
};

export const ruleName = (table: string, column: string): string => `${table}_${column}_listed`;
export const wordRule = (table: string, column: CanonicalColumn): string =>
  `CONSTRAINT ${ruleName(table, column.name)} CHECK (${column.name} IN (${wordList(column)}))`;
/** The words as SQL values: numbers for switches. */
export const wordList = ({ type, allowed = [] }: CanonicalColumn): string =>
  allowed.map((word) => (type === 'TEXT' ? quoteText(word) : word)).join(', ');

/** Columns with a list of words that every row keeps to. The others stay without that rule. */
export function listedColumns(db: Db, table: CanonicalTable): string[] {
  const present = tableExists(db, table.name) ? namesOf(db, table.name) : null;
  const worded = table.columns.filter(({ name, allowed }) => allowed !== undefined && present?.has(name) !== false);
  if (present === null || worded.length === 0) return worded.map(({ name }) => name);
  const open = worded.map((column) => `max(${column.name} NOT IN (${wordList(column)}))`);
  const found =
    db
      .prepare<[], unknown[]>(`SELECT ${open.join(', ')} FROM ${table.name}`)
      .raw()
      .get() ?? [];
  return worded.filter((_, at) => found[at] !== 1).map(({ name }) => name);
}

const columnSql = (column: CanonicalColumn, collation: string | null): string =>
  [
    `${column.name} ${column.type}`,
    column.isPrimaryKey ? 'PRIMARY KEY' : '',
    column.notNull ? 'NOT NULL' : '',
    column.defaultSql === undefined ? '' : `DEFAULT ${column.defaultSql}`,
    collation === null ? '' : `COLLATE ${quoteName(collation)}`,
    column.references ? `REFERENCES ${column.references.table}(id) ON DELETE ${column.references.onDelete}` : '',
  ]
    .filter((part) => part !== '')
    .join(' ');

interface OwnParts {
  readonly columns: readonly { readonly name: string; readonly sql: string }[];
  readonly rules: readonly string[];
  /** In words, what cannot be kept. */
  readonly problems: readonly string[];
}

/** What the owner of the file added to a table: columns, and rules over any columns. */
export function ownParts(table: CanonicalTable, definition: TableDefinition): OwnParts {
  const canonical = new Map(table.columns.map((column) => [column.name, column]));
  const removed = new Set(Object.keys(table.legacyColumns ?? {}));
  const goingIn = (text: string) => [...namesIn(text)].filter((name) => removed.has(name));
  const columns = definition.columns.filter(
    ({ name }) => !canonical.has(name.toLowerCase()) && !removed.has(name.toLowerCase()),
  );
  const checks = definition.columns
    .filter(({ name }) => canonical.has(name.toLowerCase()))
    .flatMap((each) => each.checks);
  const rules = [
    ...checks,
    ...[...definition.constraints, ...inlineRules(table, definition)]
      .filter((rule) => isOwnRule(table, rule))
      .map(({ text }) => text),
  ].filter((text) => !table.columns.some(({ name }) => namesIn(text).has(ruleName(table.name, name))));
  const problems = [...columns.map(({ text }) => text), ...rules].flatMap((text) =>
    goingIn(text).map((name) => `${table.name} has “${text}”, which names the column ${name}, and that is removed`),
  );
  return {
    columns: columns.map(({ name, text }) => ({ name, sql: renameReferences(text, renames) })),
    rules: rules.map((text) => renameReferences(text, renames)),
    problems,
  };
}

/** Columns that are computed, not stored by whoever writes the row, in small letters. */
export const generatedColumns = (db: Db, table: string): string[] =>
  db
    .prepare<[string], string>(`SELECT lower(name) FROM pragma_table_xinfo(?) WHERE hidden IN (2, 3)`)
    .pluck()
    .all(table);

/** Not one that the original made, and not one that the canonical data has. */
function isOwnRule(table: CanonicalTable, rule: TableDefinition['constraints'][number]): boolean {
  const columns = rule.columns.map((name) => name.toLowerCase());
  const isOf = (list: readonly string[]) => list.toSorted().join() === columns.toSorted().join();
  switch (rule.kind) {
    case 'primary-key':
      return false;
    case 'unique':
      return ![...table.uniques, ...legacyUniques].some(isOf);
    case 'foreign-key':
      return !columns.some(
        (name) =>
          Object.hasOwn(table.legacyColumns ?? {}, name) ||
          table.columns.some(
            ({ name: own, references }) =>
              own === name && [references?.table, ...Object.keys(renames)].includes(rule.references?.toLowerCase()),
          ),
      );
    case 'check':
      return true;
  }
}

/** Rules of old columns; rules of the new ones replace them. */
const legacyUniques = [
  ['user_id', 'slug'],
  ['project_id', 'rel_path'],
];

export function definitionOf(db: Db, table: string): TableDefinition {
  const sql = db
    .prepare<[string], string>(`SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE`)
    .pluck()
    .get(table);
  return sql === undefined ? { columns: [], constraints: [], options: '' } : readTableDefinition(sql);
}

/** Names in small letters: SQLite does not tell them apart. */
export const namesOf = (db: Db, table: string): Set<string> =>
  new Set(db.prepare<[string], string>(`SELECT lower(name) FROM pragma_table_xinfo(?)`).pluck().all(table));
