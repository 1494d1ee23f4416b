import { isOwnName } from './bookkeeping.ts';
import { quoteName, type Db, type Schema, type TableInfo } from './migration.ts';
import { nameKey, readSchema } from './schema.ts';

/** A schema, and which of its views, triggers and virtual tables work. */
export interface Stage {
  readonly schema: Schema;
  /** "view name", "trigger name" or "table name" -> why SQLite cannot compile or read it; null = it can. */
  readonly compiled: ReadonlyMap<string, string | null>;
}

/** @param db the stage: it is changed to try things, and put back as it was. */
export function readStage(db: Db): Stage {
  const schema = readSchema(db);
  const views = ofKind(schema, 'view').filter(({ name }) => !isOwnName(name));
  const triggers = schema.triggers.filter(({ name }) => !isOwnName(name));
  return {
    schema,
    compiled: new Map([
      ...views.map(({ name }) => [`view ${name}`, viewError(db, name)] as const),
      ...triggers.map(({ name, table }) => [`trigger ${name}`, triggerError(db, schema, name, table)] as const),
      ...[...virtualErrors(db, schema)].map(([name, error]) => [`table ${name}`, error] as const),
    ]),
  };
}

/**
 * Virtual tables whose rows are those of another table, such as full-text indexes with `content=`, by the tables that
 * they cannot be read without. Found by trying: each module has its own way to write it.
 * @param tables those to be asked about.
 * @returns names of virtual tables -> names of tables.
 */
export function readContent(db: Db, { schema, compiled }: Stage, tables: readonly string[]): Map<string, string[]> {
  const content = new Map<string, string[]>();
  if (ofKind(schema, 'virtual').length === 0) return content;
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

/** Runs `body` and takes back what it changed. */
function undone<T>(db: Db, body: () => T): T {
  db.exec('SAVEPOINT alone');
  try {
    return body();
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
