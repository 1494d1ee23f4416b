import { createHash } from 'node:crypto';
import type Database from 'better-sqlite3';

/**
 * Everything a pack may use. The files under migrations/ import this module and nothing else of the engine.
 * All functions are synchronous: a better-sqlite3 transaction refuses promises.
 */
export { checkIntegrity } from './integrity.ts';
export type Db = Database.Database;
export type SqlValue = string | number | bigint | Uint8Array | null;

// ---------------------------------------------------------------------------------------------- migrations

/** What a run hands to every step. Times are fixed per run so that a repeated step writes the same bytes. */
export interface StepContext {
  readonly runId: string;
  /** UTC, whole seconds, e.g. 2026-11-21T14:02:33Z: the "now" of every row this run writes. */
  readonly now: string;
  /**
   * Facts that `up` decided once and backfills need again after a resume (stored with the cursor, survives a kill).
   * e.g. { mode: 'fill' }
   */
  readonly facts: Record<string, string | number | null>;
}

export interface BackfillContext extends StepContext {
  readonly backfillId: string;
  /**
   * Records issue rows for every row of the backfill's source table that matches `where` (SQL over alias `s`), with
   * its whole content. `isPlaced` = the row did get its place, but something about it needs attention.
   * A source row is recorded at most once per backfill: rows that already have an issue are left alone.
   * @returns number of rows recorded.
   */
  setAside(issue: {
    reason: string;
    detail?: string;
    where: string;
    params?: Record<string, SqlValue>;
    isPlaced: boolean;
  }): number;
}

/** A half-open key range `key > after AND key <= upTo`; `after` is null in the first chunk. */
export interface KeyRange {
  readonly after: SqlValue;
  readonly upTo: SqlValue;
}

export interface ChunkCount {
  moved: number;
  alreadyRight: number;
  issueRows: number;
}

/**
 * Fills the new shape from one source table in resumable chunks. The engine walks `source` by `key` (unique, keyset),
 * commits {rows, issue rows, cursor, counters} together, and stops the run when
 * moved + alreadyRight + issueRows differs from the rows in the range. Rows whose key is NULL can't be walked: the
 * engine records them as issue rows `key-missing`.
 */
export interface Backfill {
  /** Unique within the migration; the stored id is `<migration id>/<name>`. */
  readonly name: string;
  /** "copying candidates into their canonical table" — completes the sentence "Now: …". */
  readonly title: string;
  readonly source: string;
  readonly key: string;
  /** Inside one transaction: fill the rows of `range`, classify every one of them exactly once. */
  chunk(db: Db, range: KeyRange, context: BackfillContext): ChunkCount;
}

/** What a proof may ask for; nothing given = everything. */
export interface Proof {
  /**
   * The migration was applied by an earlier run: newer programs may have edited what it filled, on purpose. Then only
   * what nobody may take away is asked: that every row has its place.
   */
  readonly mayBeEdited: boolean;
}

/** A violated expectation: what it means, how many rows, a few keys, and the query that shows it. */
export interface Finding {
  readonly what: string;
  readonly count: number;
  readonly sampleKeys: readonly string[];
  readonly sql: string;
}

export interface Migration {
  readonly phase: number;
  readonly kind: 'expand' | 'backfill' | 'contract';
  /** Plain words, e.g. "Give every user a row in app_users". */
  readonly title: string;
  /** Plan lines: plain sentences saying what will be added, moved or removed. */
  readonly what: readonly string[];
  /**
   * The declared effect. Everything outside it must be untouched: the engine compares every table with the backup.
   * grows: tables that may gain rows. changes: columns that may change, by table ('*' = any row value); also those that
   * the migration itself adds, because they hold data like any other when it is applied again as a repair.
   */
  readonly effect: {
    readonly grows: readonly string[];
    readonly changes: Readonly<Record<string, readonly string[]>>;
  };
  /**
   * Schema and triggers. Idempotent and adaptive: run against any starting shape, also one that is already right.
   * Returns facts that its backfills need (see StepContext.facts).
   */
  up(db: Db, context: StepContext): Record<string, string | number | null> | void;
  readonly backfills?: readonly Backfill[];
  /** What is not as this migration leaves it: schema only, cheap, no table scan. Empty = the shape holds. */
  shape(db: Db): string[];
  /** Proof by independent queries over the data (never the backfill's own statement). Empty = holds. */
  verify(db: Db, proof?: Proof): Finding[];
}

/** A migration with its identity: the file name, and the checksum of its normalised source. */
export interface IdentifiedMigration extends Migration {
  readonly id: string;
  readonly checksum: string;
  /** Tables this migration depends on that its own `up` of an earlier id makes; for messages only. */
  readonly order: number;
}

export const defineMigration = (migration: Migration): Migration => migration;

// ------------------------------------------------------------------------------------------------- schema

export interface ColumnInfo {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  readonly defaultSql: string | null;
  /** 1-based place in the primary key, 0 = not part of it. */
  readonly primaryKeyPosition: number;
  /** 0 ordinary, 1 hidden, 2 virtual generated, 3 stored generated. */
  readonly hidden: number;
}

export interface IndexInfo {
  readonly name: string;
  readonly isUnique: boolean;
  readonly origin: 'c' | 'u' | 'pk';
  readonly isPartial: boolean;
  /** null = an expression. */
  readonly columns: readonly { readonly name: string | null; readonly descending: boolean }[];
  readonly sql: string | null;
}

export interface ForeignKeyInfo {
  readonly from: readonly string[];
  readonly table: string;
  readonly to: readonly string[];
  readonly onDelete: string;
}

export interface TableInfo {
  readonly name: string;
  readonly kind: 'table' | 'view' | 'virtual' | 'shadow';
  readonly sql: string;
  readonly isWithoutRowid: boolean;
  readonly isStrict: boolean;
  readonly columns: readonly ColumnInfo[];
  readonly indexes: readonly IndexInfo[];
  readonly foreignKeys: readonly ForeignKeyInfo[];
}

/** The whole schema as found, names compared as SQLite does (ASCII case-insensitive). */
export interface Schema {
  readonly tables: ReadonlyMap<string, TableInfo>;
  readonly triggers: readonly { readonly name: string; readonly table: string; readonly sql: string }[];
  table(name: string): TableInfo | undefined;
  column(table: string, column: string): ColumnInfo | undefined;
}

// --------------------------------------------------------------------------------------------------- pack

export interface CanonicalColumn {
  readonly name: string;
  readonly type: 'TEXT' | 'INTEGER' | 'REAL' | 'BLOB';
  readonly notNull?: boolean;
  readonly defaultSql?: string;
  readonly isPrimaryKey?: boolean;
  readonly references?: { readonly table: string; readonly onDelete: 'CASCADE' | 'SET NULL' };
  /** Column(s) of the old shape that it replaces. */
  readonly legacyName?: string;
  readonly isSensitive?: boolean;
  /** Kept on purpose although not in the canonical schema. */
  readonly isExtension?: boolean;
  /** The phase that adds it; gaps before that phase are expected. */
  readonly phase: number;
  /**
   * The phase from which NOT NULL, the default and the reference are final, where that is later than `phase`: a column
   * added by ALTER TABLE gets them only when its table is rebuilt. Other gaps than these count from `phase` on.
   */
  readonly constraintsPhase?: number;
}

export interface CanonicalIndex {
  readonly columns: readonly string[]; // 'created_at DESC' for descending
  readonly isUnique?: boolean;
  readonly phase: number;
}

export interface CanonicalTable {
  readonly name: string;
  readonly legacyName?: string;
  /** Heading under which screens show it: "Identity", "Runs", "Knowledge", "Chat and agent", … */
  readonly group: string;
  readonly priority: 'must-now' | 'must-v1' | 'later' | 'none';
  readonly isExtension?: boolean;
  readonly columns: readonly CanonicalColumn[];
  readonly uniques: readonly (readonly string[])[];
  /** The phase from which `uniques` are final, where that is later than `phase`. */
  readonly uniquesPhase?: number;
  readonly indexes: readonly CanonicalIndex[];
  /** Columns that the last phase removes, with the canonical name that replaces each (null = none). */
  readonly legacyColumns?: Readonly<Record<string, string | null>>;
  /** Those of `legacyColumns` whose values are never shown. */
  readonly sensitiveLegacyColumns?: readonly string[];
  /** The phase after which the table is expected to exist under its canonical name. */
  readonly phase: number;
}

/** An exit criterion: an executable check, independent of the migrations' own code. */
export interface ExitCriterion {
  readonly id: string;
  readonly title: string;
  /** schema: cheap, evaluated at every look. data: scans rows, evaluated at checkpoints, verdicts and on request. */
  readonly cost: 'schema' | 'data';
  check(
    db: Db,
    schema: Schema,
    proof?: Proof,
  ): { met: boolean; summary: string; evidence: { label: string; text: string }[] };
}

export interface Phase {
  readonly number: number;
  readonly name: string;
  /** One sentence a person understands. */
  readonly scope: string;
  readonly removesAnything: boolean;
  /** False: planned, not part of this version. */
  readonly isAvailable: boolean;
  readonly exitCriteria: readonly ExitCriterion[];
}

export type Recognition =
  | { kind: 'recognised'; variantId: string; evidence: string[] }
  /** It is this family, but must not be touched (name collision, later generation). */
  | { kind: 'refused'; code: 'E_NAME_COLLISION' | 'E_NEWER_SCHEMA' | 'E_FOREIGN_DATABASE'; message: string }
  | { kind: 'not-mine' };

export interface Variant {
  readonly id: string;
  /** "Legacy version" */
  readonly title: string;
  /** One sentence: what this shape is. */
  readonly description: string;
}

export interface Pack {
  readonly id: string;
  readonly title: string;
  readonly variants: readonly Variant[];
  /** Decides by columns, never by markers alone. Schema only; may read the ledger and probe for the first row of tables. */
  recognise(db: Db, schema: Schema): Recognition;
  readonly canonical: readonly CanonicalTable[];
  /** Legacy tables that the last phase removes (users, run_job_candidates). */
  readonly legacyTables: readonly string[];
  readonly phases: readonly Phase[];
  /** In order. */
  readonly migrations: readonly IdentifiedMigration[];
  readonly ledger: {
    readonly table: string;
    readonly idColumn: string;
    readonly noteColumn: string;
    readonly appliedAtColumn: string;
    /** Markers of the original programs: evidence, never proof. Any other id that is not one of ours = newer. */
    readonly knownMarkers: readonly string[];
  };
  /** What a person recognises their data by; tables whose rows are counted. */
  readonly highlights: readonly { readonly label: string; readonly table: string }[];
  /** Plain words per issue reason. */
  readonly issueReasons: Readonly<Record<string, string>>;
  /** What older programs can still do after each phase, in plain words. */
  readonly olderPrograms: Readonly<Record<number, string>>;
  /** Builds a realistic legacy database into an empty, open, writable connection. Deterministic for a seed. */
  buildSample?(db: Db, options: { seed: number }): void;
}

/**
 * Turns the modules of a pack's folder into its ordered migrations. Give it two `import.meta.glob` results over the
 * same files: the modules and their raw sources.
 * @throws Error when two files sort to the same id or a source is missing.
 */
export function collectMigrations(
  modules: Record<string, Migration>,
  sources: Record<string, string>,
  sha256: (text: string) => string,
): IdentifiedMigration[] {
  return Object.keys(modules)
    .sort()
    .map((file, order) => {
      const source = sources[file];
      const migration = modules[file];
      if (source === undefined || migration === undefined) throw new Error(`no source for migration ${file}`);
      const id = file.replace(/^.*\//, '').replace(/\.ts$/, '');
      return { ...migration, id, order, checksum: sha256(normaliseSource(source)) };
    });
}

/** SHA-256 of a text as hexadecimal digits. */
export const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** Line endings and trailing blanks do not count as an edit. */
export const normaliseSource = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/[ \t]+$/gm, '')
    .trimEnd();

// ---------------------------------------------------------------------------------- small tools for migrations

/** `"name"`, safe in any SQL text. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** `'text'`, safe in any SQL text (for DDL, where values cannot be bound). */
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const tableExists = (db: Db, table: string): boolean =>
  db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE`).get(table) !== undefined;

export const columnNames = (db: Db, table: string): string[] =>
  db.prepare<[string], string>(`SELECT name FROM pragma_table_xinfo(?)`).pluck().all(table);

export const columnExists = (db: Db, table: string, column: string): boolean =>
  columnNames(db, table).some((name) => name.toLowerCase() === column.toLowerCase());

/** `ALTER TABLE … ADD COLUMN` unless the column is there. @returns true when it was added. */
export function addColumn(db: Db, table: string, column: string, definition: string): boolean {
  if (columnExists(db, table, column)) return false;
  db.exec(`ALTER TABLE ${quoteName(table)} ADD COLUMN ${quoteName(column)} ${definition}`);
  return true;
}

/** Names of `columns` that `table` does not have; for `shape`. */
export function missingColumns(db: Db, table: string, columns: readonly string[]): string[] {
  const present = new Set(columnNames(db, table).map((name) => name.toLowerCase()));
  return columns.filter((name) => !present.has(name.toLowerCase()));
}

/** The trigger as it must be: replaces one of the same name whose text differs. Names begin with `_phasewise_`. */
export function ensureTrigger(db: Db, name: string, sql: string): void {
  const present = triggerSql(db, name);
  if (present === sql) return;
  if (present !== null) db.exec(`DROP TRIGGER ${quoteName(name)}`);
  db.exec(sql);
}

export const triggerSql = (db: Db, name: string): string | null =>
  db.prepare<[string], string>(`SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?`).pluck().get(name) ??
  null;

/**
 * Runs a query that must return nothing. It selects ONE column: the key of an offending row.
 * @returns no finding, or one with the count and up to five sample keys.
 */
export function expectNone(db: Db, what: string, sql: string, params: Record<string, SqlValue> = {}): Finding[] {
  const count = db.prepare(`SELECT count(*) FROM (${sql})`).pluck().get(params) as number;
  if (count === 0) return [];
  const keys = db.prepare(`SELECT * FROM (${sql}) LIMIT 5`).pluck().all(params);
  return [{ what, count, sampleKeys: keys.map(String), sql }];
}

/** Makes every trigger be as given, by name. */
export function ensureTriggers(db: Db, triggers: Readonly<Record<string, string>>): void {
  for (const [name, sql] of Object.entries(triggers)) ensureTrigger(db, name, sql);
}

/** In words, which of these triggers are missing or have another text; for `shape`. */
export const wrongTriggers = (db: Db, triggers: Readonly<Record<string, string>>): string[] =>
  Object.entries(triggers).flatMap(([name, sql]) => {
    const present = triggerSql(db, name);
    if (present === sql) return [];
    return [present === null ? `the trigger ${name} is missing` : `the trigger ${name} was changed`];
  });

/**
 * The condition "inside this range" for a key column. Two texts, because one with `:after IS NULL OR …` would make
 * every chunk read the table from its start.
 */
export const inRange = (range: KeyRange, key: string): string =>
  range.after === null ? `${key} <= :upTo` : `${key} > :after AND ${key} <= :upTo`;

/** The values that `inRange` needs. */
export const rangeValues = (range: KeyRange): Record<string, SqlValue> =>
  range.after === null ? { upTo: range.upTo } : { after: range.after, upTo: range.upTo };

/** The account of a range in which nothing is to be done, because the old columns are gone. */
export function allRight(db: Db, range: KeyRange, source: string, key: string): ChunkCount {
  const sql = `SELECT count(*) FROM ${quoteName(source)} WHERE ${inRange(range, quoteName(key))}`;
  const rows = db.prepare<unknown[], number>(sql).pluck().get(rangeValues(range)) ?? 0;
  return { moved: 0, alreadyRight: rows, issueRows: 0 };
}

/** True once this migration is recorded as applied: what it filled may have been edited since, and is not filled again. */
export const isRecorded = (db: Db, migrationId: string): boolean =>
  tableExists(db, '_phasewise_migrations') &&
  db.prepare('SELECT 1 FROM _phasewise_migrations WHERE id = ?').get(migrationId) !== undefined;
