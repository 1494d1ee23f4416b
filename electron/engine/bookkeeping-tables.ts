import Database from 'better-sqlite3';
import { coded } from '@shared/errors.ts';
import { quoteName, type Db } from './migration.ts';

/**
 * Our own tables inside the database: runs, applied migrations, backfill cursors, issue rows, checkpoints. They travel
 * with the file, so another machine can see what was done and continue. Readers answer "nothing" where a table is
 * missing; writers run inside the caller's transaction.
 */
const tables = {
  _phasewise_runs: `CREATE TABLE _phasewise_runs (
    id TEXT PRIMARY KEY NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    from_phase INTEGER,
    to_phase INTEGER NOT NULL,
    state TEXT NOT NULL,
    app_version TEXT NOT NULL,
    backup_sha256 TEXT
  )`,
  _phasewise_migrations: `CREATE TABLE _phasewise_migrations (
    id TEXT PRIMARY KEY NOT NULL,
    phase INTEGER NOT NULL,
    checksum TEXT NOT NULL,
    run_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    applied_at TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    schema_sha256 TEXT NOT NULL
  )`,
  // cursor and upper_key have no type on purpose: they hold a key of any type, unconverted.
  _phasewise_backfills: `CREATE TABLE _phasewise_backfills (
    id TEXT PRIMARY KEY NOT NULL,
    migration_id TEXT NOT NULL,
    checksum TEXT NOT NULL,
    source TEXT NOT NULL,
    state TEXT NOT NULL,
    cursor,
    upper_key,
    expected INTEGER NOT NULL,
    moved INTEGER NOT NULL,
    already_right INTEGER NOT NULL,
    issue_rows INTEGER NOT NULL,
    facts_json TEXT NOT NULL,
    added_json TEXT NOT NULL,
    run_id TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    elapsed_ms INTEGER NOT NULL
  )`,
  _phasewise_quarantine: `CREATE TABLE _phasewise_quarantine (
    id INTEGER PRIMARY KEY,
    backfill_id TEXT NOT NULL,
    source_table TEXT NOT NULL,
    source_key,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    is_placed INTEGER NOT NULL,
    row_json TEXT NOT NULL,
    run_id TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    UNIQUE (backfill_id, source_key)
  )`,
  _phasewise_checkpoints: `CREATE TABLE _phasewise_checkpoints (
    phase INTEGER PRIMARY KEY NOT NULL,
    reached_at TEXT NOT NULL,
    run_id TEXT NOT NULL,
    evidence_json TEXT NOT NULL
  )`,
} as const;
export type BookkeepingTable = keyof typeof tables;

/** Names beginning like this are ours: bookkeeping, triggers, and working tables of migrations. */
export const OWN_PREFIX = '_phasewise_';
export const isOwnName = (name: string): boolean => name.toLowerCase().startsWith(OWN_PREFIX);

/**
 * Creates the tables that are missing and checks those that are there.
 * @throws CodedError as checkBookkeeping.
 */
export function ensureBookkeeping(db: Db): void {
  checkBookkeeping(db);
  for (const [name, sql] of Object.entries(tables)) {
    if (!isPresent(db, name as BookkeepingTable)) db.exec(sql);
  }
}

/**
 * Reads only.
 * @throws CodedError E_NAME_COLLISION when a name is taken by something of another shape, E_LEDGER_TAMPERED when a
 * trigger sits on one of our tables (it could swallow what we write).
 */
export function checkBookkeeping(db: Db): void {
  for (const name of Object.keys(tables)) isPresent(db, name as BookkeepingTable);
  const trigger = db
    .prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) IN (${tableNames})`)
    .pluck()
    .get();
  if (trigger !== undefined) {
    throw coded('E_LEDGER_TAMPERED', `A trigger named "${trigger}" was added to a bookkeeping table of Phasewise.`);
  }
}

const tableNames = Object.keys(tables)
  .map((name) => `'${name}'`)
  .join(', ');

/** @returns false when it is missing. @throws CodedError E_NAME_COLLISION when the name stands for something of another shape. */
export function isPresent(db: Db, name: BookkeepingTable): boolean {
  const found = db
    .prepare<[string], { type: string }>(
      `SELECT type FROM sqlite_schema WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view', 'index')`,
    )
    .get(name);
  if (found === undefined) return false;
  if (found.type !== 'table' || !isShaped(db, name, tables[name])) {
    throw coded('E_NAME_COLLISION', `The name ${quoteName(name)} is taken by a ${found.type} that is not ours.`, {
      object: name,
    });
  }
  return true;
}

export const isBookkeepingTable = (name: string): boolean =>
  Object.keys(tables).some((own) => own === name.toLowerCase());

/** An ordinary table of this name has the columns that `create` gives it. */
export function isShaped(db: Db, name: string, create: string): boolean {
  const sql = db
    .prepare<[string], string>(`SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE`)
    .pluck()
    .get(name);
  return sql !== undefined && !/^\s*create\s+virtual/i.test(sql) && shapeOf(db, name) === expectedShape(name, create);
}

/** Every column with its type, NOT NULL and place in the key: without its key, or with other types, it keeps other rows. */
const shapeOf = (db: Db, name: string): string =>
  db
    .prepare<[string], string>(
      `SELECT name || ' ' || upper(type) || ' ' || "notnull" || ' ' || pk || ' ' || hidden FROM pragma_table_xinfo(?)`,
    )
    .pluck()
    .all(name)
    .join();

const shapes = new Map<string, string>();

function expectedShape(name: string, create: string): string {
  const known = shapes.get(create);
  if (known !== undefined) return known;
  const model = new Database(':memory:');
  try {
    model.exec(create);
    const shape = shapeOf(model, name);
    shapes.set(create, shape);
    return shape;
  } finally {
    model.close();
  }
}
