import { isOwnName } from './bookkeeping.ts';
import {
  isSameTable,
  quoteName,
  type Db,
  type IdentifiedMigration,
  type Pack,
  type Schema,
  type TableInfo,
} from './migration.ts';
import { isFamilyColumn, isFamilyTable, type Removal } from './removal.ts';
import { nameKey, readSchema } from './schema.ts';

/** Something that somebody else made, and why it would not outlive the steps. */
export interface Loss {
  /** "view by_city" */
  readonly object: string;
  readonly why: string;
  /** Of a step or phase of ours, which would not succeed. */
  readonly isOurs?: true;
}

/** A schema, and which of its views and triggers work. */
export interface Stage {
  readonly schema: Schema;
  /** "view name" or "trigger name" -> why SQLite cannot compile it; null = it can. */
  readonly compiled: ReadonlyMap<string, string | null>;
}

/** An object of the file that could not be made in the rehearsal, with SQLite's reason. */
export interface Unmade {
  readonly kind: 'table' | 'index' | 'view' | 'trigger';
  readonly name: string;
  readonly sql: string;
  readonly reason: string;
}

export interface Comparison {
  readonly pack: Pack;
  readonly removal: Removal;
  readonly steps: readonly IdentifiedMigration[];
  /** What could not be made in memory. */
  readonly unmade: ReadonlyMap<string, Unmade>;
}

export function readStage(db: Db): Stage {
  const schema = readSchema(db);
  const views = [...schema.tables.values()].filter(({ kind, name }) => kind === 'view' && !isOwnName(name));
  const triggers = schema.triggers.filter(({ name }) => !isOwnName(name));
  return {
    schema,
    compiled: new Map([
      ...views.map(({ name }) => [`view ${name}`, viewError(db, name)] as const),
      ...triggers.map(({ name, table }) => [`trigger ${name}`, triggerError(db, schema, name, table)] as const),
    ]),
  };
}

/** Everything of others that is missing, changed or broken afterwards. */
export const compareStages = (before: Stage, after: Stage, how: Comparison): Loss[] => [
  ...[...before.schema.tables.values()]
    .filter(({ name }) => !isOwnName(name))
    .flatMap((table) => {
      if (table.kind === 'view')
        return codeLoss('view', table.name, table.sql, after.schema.table(table.name)?.sql, before, after, how);
      return [
        ...(isFamilyTable(how.pack, table.name) ? columnLosses(table, after, how) : tableLoss(table, after, how)),
        ...referenceLosses(table, before, after, how),
        ...indexLosses(table, after, how),
      ];
    }),
  ...before.schema.triggers
    .filter(({ name, table }) => !isOwnName(name) && !isOwnName(table))
    .flatMap(({ name, sql }) => {
      const now = after.schema.triggers.find((each) => nameKey(each.name) === nameKey(name))?.sql;
      return codeLoss('trigger', name, sql, now, before, after, how);
    }),
  ...[...how.unmade.values()].flatMap((object) => unjudgedLoss(object, how)),
];

/** A table of others may refer to the successor of a table that is removed; nothing else of it may change. */
function tableLoss({ name, sql }: TableInfo, { schema }: Stage, { removal }: Comparison): Loss[] {
  const now = schema.table(name);
  if (now?.sql === sql || (now && isSameTable(sql, now.sql, Object.fromEntries(removal.tables)))) return [];
  return [{ object: `table ${name}`, why: now ? 'it would be changed' : 'it would be removed' }];
}

/** Columns that others added to a table of the family. */
function columnLosses(table: TableInfo, after: Stage, { pack, removal }: Comparison): Loss[] {
  const place = after.schema.table(table.name)?.name ?? removal.tables.get(nameKey(table.name)) ?? table.name;
  return table.columns
    .filter(({ name }) => !isFamilyColumn(pack, table.name, name))
    .flatMap(({ name, type, notNull, defaultSql, hidden }) => {
      const now = after.schema.column(place, name);
      const isSame =
        now?.type === type && now.notNull === notNull && now.defaultSql === defaultSql && now.hidden === hidden;
      if (isSame) return [];
      return [{ object: `column ${table.name}.${name}`, why: now ? 'it would be changed' : 'it would be removed' }];
    });
}

/** References that would lead to a table or column that is removed. Those of the family are the pack's own matter. */
function referenceLosses(table: TableInfo, before: Stage, after: Stage, { pack }: Comparison): Loss[] {
  const now = after.schema.table(table.name);
  return (now?.foreignKeys ?? []).flatMap(({ from, table: parent, to }) => {
    const isOurs = isFamilyTable(pack, table.name) && from.every((name) => isFamilyColumn(pack, table.name, name));
    if (isOurs || !before.schema.table(parent)) return [];
    const object = isFamilyTable(pack, table.name) ? `column ${table.name}.${from.join(', ')}` : `table ${table.name}`;
    if (!after.schema.table(parent)) return [{ object, why: `it refers to ${parent}, which is removed` }];
    const gone = to.filter((name) => before.schema.column(parent, name) && !after.schema.column(parent, name));
    return gone.map((name) => ({ object, why: `it refers to ${parent}.${name}, which is removed` }));
  });
}

/** Indexes that SQLite makes itself follow from the rules of their table. */
function indexLosses(table: TableInfo, after: Stage, { removal }: Comparison): Loss[] {
  const now = after.schema.table(table.name);
  return table.indexes
    .filter(({ name, sql }) => sql !== null && !isOwnName(name) && !removal.indexes.has(nameKey(name)))
    .filter(({ name, sql }) => now?.indexes.find((each) => nameKey(each.name) === nameKey(name))?.sql !== sql)
    .map(({ name, columns }) => {
      const gone = columns.flatMap((column) =>
        column.name !== null && now && !after.schema.column(table.name, column.name) ? [column.name] : [],
      );
      const why = now === undefined ? `it is on ${table.name}, which is removed` : whyIndex(table.name, gone);
      return { object: `index ${name}`, why };
    });
}

const whyIndex = (table: string, gone: readonly string[]): string =>
  gone.length === 0 ? 'it would be removed' : `it names ${table}.${gone.join(', ')}, which is removed`;

/** A view or trigger: there, with the same text, and working where it worked before. */
function codeLoss(
  kind: 'view' | 'trigger',
  name: string,
  sql: string,
  now: string | undefined,
  before: Stage,
  after: Stage,
  how: Comparison,
): Loss[] {
  const object = `${kind} ${name}`;
  if (now === undefined) return [{ object, why: 'it would be removed' }];
  if (now !== sql) return [{ object, why: 'it would be changed' }];
  const earlier = before.compiled.get(object) ?? null;
  const later = after.compiled.get(object) ?? null;
  if (earlier !== null) return isForeign(earlier, how) ? unjudgedLoss({ kind, name, sql, reason: earlier }, how) : [];
  return later === null ? [] : [{ object, why: `it would not work any more (${later})` }];
}

/** It needs a function, module or collation that only another program has, or something that needs one. */
const isForeign = (error: string, { unmade }: Comparison): boolean =>
  /no such (function|module|collation)/i.test(error) || [...unmade.values()].some(({ name }) => names(error, name));

/** Nobody here can tell whether it would still work: refused when it names a table that the steps take something from. */
function unjudgedLoss({ kind, name, sql, reason }: Unmade, { pack, steps }: Comparison): Loss[] {
  if (isOwnName(name) || !steps.some((step) => step.kind === 'contract')) return [];
  const family = [
    ...pack.canonical.flatMap((table) => [table.name, table.legacyName ?? table.name]),
    ...pack.legacyTables,
  ];
  const named = family.find((table) => names(sql, table));
  if (named === undefined) return [];
  return [
    { object: `${kind} ${name}`, why: `it uses ${named}, and whether it would still work cannot be told (${reason})` },
  ];
}

const names = (text: string, name: string): boolean =>
  new RegExp(`(?<![\\w$])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w$])`, 'i').test(text);

function viewError(db: Db, name: string): string | null {
  return errorOf(() => void db.prepare(`SELECT * FROM ${quoteName(name)} LIMIT 0`));
}

/** SQLite compiles a trigger only with a statement that fires it: each is tried alone on its table. */
function triggerError(db: Db, schema: Schema, name: string, table: string): string | null {
  const columns = (schema.table(table)?.columns ?? []).filter(({ hidden }) => hidden === 0);
  const set = columns.map((column) => `${quoteName(column.name)} = ${quoteName(column.name)}`).join(', ');
  const target = quoteName(table);
  db.exec('SAVEPOINT alone');
  try {
    const others = schema.triggers.filter((each) => nameKey(each.table) === nameKey(table) && each.name !== name);
    for (const other of others) db.exec(`DROP TRIGGER ${quoteName(other.name)}`);
    const statements = [
      `INSERT INTO ${target} DEFAULT VALUES`,
      ...(set === '' ? [] : [`UPDATE ${target} SET ${set}`]),
      `DELETE FROM ${target}`,
    ];
    const errors = statements.map((sql) => errorOf(() => void db.prepare(`EXPLAIN ${sql}`)));
    // A view takes only the statements that it has a trigger for.
    return errors.find((error) => error !== null && !/because it is a view/.test(error)) ?? null;
  } finally {
    db.exec('ROLLBACK TO alone; RELEASE alone');
  }
}

function errorOf(attempt: () => void): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
