import { isOwnName } from './bookkeeping.ts';
import { quoteName, type Db, type Schema, type TableInfo } from './migration.ts';
import { readQuoted, undone, withReadings, type Readings } from './rehearsal-quoted.ts';
import { nameKey, readSchema } from './schema.ts';
import { isUnanswered } from './sqlite-error.ts';

/** A schema, and which of its views, triggers and virtual tables work. */
export interface Stage {
  readonly schema: Schema;
  /** Of views and triggers with texts in double quotes: they are compiled as read. */
  readonly readings: Readings;
  /** View -> the columns that it shows; none where it cannot be compiled. */
  readonly shown: ReadonlyMap<string, readonly string[]>;
  /** "view name", "trigger name" or "table name" -> why SQLite cannot compile or read it; null = it can. */
  readonly compiled: ReadonlyMap<string, string | null>;
}

/** @param db the stage: it is changed to try things, and put back as it was. */
export function readStage(db: Db): Stage {
  const schema = readSchema(db);
  const readings = readQuoted(db, schema, compileError);
  return {
    schema,
    readings,
    ...withReadings(db, schema, readings, (read) => ({ shown: shownBy(read), compiled: compile(db, read) })),
  };
}

function compile(db: Db, schema: Schema): Map<string, string | null> {
  const objects = [
    ...ofKind(schema, 'view').map(({ name }) => ({ kind: 'view', name })),
    ...schema.triggers.map(({ name }) => ({ kind: 'trigger', name })),
  ].filter(({ name }) => !isOwnName(name));
  return new Map([
    ...objects
      .map(({ kind, name }) => `${kind} ${name}`)
      .map((object) => [object, compileError(db, schema, object)] as const),
    ...[...virtualErrors(db, schema)].map(([name, error]) => [`table ${name}`, error] as const),
  ]);
}

/** Why SQLite cannot compile "view name" or "trigger name"; null = it can. */
function compileError(db: Db, schema: Schema, object: string): string | null {
  const trigger = schema.triggers.find(({ name }) => `trigger ${name}` === object);
  if (trigger) return triggerError(db, schema, trigger.name, trigger.table);
  return viewError(db, object.slice('view '.length));
}

const shownBy = (schema: Schema): Map<string, string[]> =>
  new Map(ofKind(schema, 'view').map(({ name, columns }) => [name, columns.map((column) => column.name)]));

/**
 * Virtual tables whose rows are those of another table, such as full-text indexes with `content=`, by the tables that
 * they cannot be read without. Found by trying: each module has its own way to write it.
 * @param tables those to be asked about.
 * @returns names of virtual tables -> names of tables.
 */
export function readContent(
  db: Db,
  { schema, compiled, readings }: Stage,
  tables: readonly string[],
): Map<string, string[]> {
  if (ofKind(schema, 'virtual').length === 0) return new Map();
  return withReadings(db, schema, readings, (read) => contentOf(db, read, compiled, tables));
}

function contentOf(
  db: Db,
  schema: Schema,
  compiled: Stage['compiled'],
  tables: readonly string[],
): Map<string, string[]> {
  const content = new Map<string, string[]>();
  for (const table of tables.filter((name) => schema.table(name)?.kind === 'table')) {
    const errors = undone(db, () => {
      db.exec(`DROP TABLE ${quoteName(table)}`);
      return virtualErrors(db, schema);
    });
    for (const [name, error] of errors) {
      const isBroken = error !== null && compiled.get(`table ${name}`) === null;
      if (isBroken) content.set(name, [...(content.get(name) ?? []), table]);
    }
  }
  return content;
}

const ofKind = (schema: Schema, kind: TableInfo['kind']): TableInfo[] =>
  [...schema.tables.values()].filter((table) => table.kind === kind);

/** What others keep virtual. Compiling says nothing here: a module looks for its content when the first row is asked for. */
function virtualErrors(db: Db, schema: Schema): Map<string, string | null> {
  const virtual = ofKind(schema, 'virtual').filter(({ name }) => !isOwnName(name));
  if (virtual.length === 0) return new Map();
  return undone(db, () => {
    for (const { name, columns } of ofKind(schema, 'view')) {
      // A view may never come to an end: an empty table of its columns does for what reads it.
      if (viewError(db, name) !== null) continue;
      const list = columns.map((column) => quoteName(column.name)).join(', ');
      db.exec(`DROP VIEW ${quoteName(name)}; CREATE TABLE ${quoteName(name)} (${list})`);
    }
    const readError = (name: string) => errorOf(() => void db.prepare(`SELECT * FROM ${quoteName(name)}`).get());
    return new Map(virtual.map(({ name }) => [name, readError(name)]));
  });
}

function viewError(db: Db, name: string): string | null {
  return errorOf(() => void db.prepare(`SELECT * FROM ${quoteName(name)} LIMIT 0`));
}

/** SQLite compiles a trigger only with a statement that fires it: each is tried alone on its table. */
function triggerError(db: Db, schema: Schema, name: string, table: string): string | null {
  const columns = (schema.table(table)?.columns ?? []).filter(({ hidden }) => hidden === 0);
  const set = columns.map((column) => `${quoteName(column.name)} = ${quoteName(column.name)}`).join(', ');
  const target = quoteName(table);
  return undone(db, () => {
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
  });
}

function errorOf(attempt: () => void): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    if (isUnanswered(error)) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}
