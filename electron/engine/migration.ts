import { createHash } from 'node:crypto';
import type { AuditTrail, Ingest, SourceFiles, SourceFolder } from './migration-services.ts';
import type { ChunkCount, Db, Finding, KeyRange, SqlValue } from './migration-values.ts';

/**
 * Everything a pack may use. The files under migrations/ import this module and nothing else of the engine.
 * All functions are synchronous: a better-sqlite3 transaction refuses promises.
 */
export { checkIntegrity } from './integrity.ts';
export * from './migration-tools.ts';
export type * from './migration-services.ts';
export type * from './migration-values.ts';

// ---------------------------------------------------------------------------------------------- migrations

/** What a run hands to every step. Times are fixed per run so that a repeated step writes the same bytes. */
export interface StepContext {
  readonly runId: string;
  /** Files beside the database that rows name (see Pack.sourceFolder); null = the person chose none. */
  readonly sourceFiles?: SourceFiles | null;
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
    /** SQL over alias `s` for the detail of each row, instead of `detail`: what is missing, what is in the way. */
    detailSql?: string;
    where: string;
    params?: Record<string, SqlValue>;
    isPlaced: boolean;
  }): number;
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
  /** Its chunks take rows out that walks of its migration have noted: equal rows without a key are counted right after. */
  readonly takesRowsOut?: true;
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
    /** Contract only: tables that are removed, each with the table that has their rows under the same keys. */
    readonly removes?: Readonly<Record<string, string>>;
    /** Contract only: columns that are removed, by table. */
    readonly removesColumns?: Readonly<Record<string, readonly string[]>>;
    /** Contract only: indexes of the family's own programs that are removed, by name. Every other one must be there after. */
    readonly removesIndexes?: readonly string[];
    /** Contract only: tables whose unplaceable rows leave them; each of those rows is an issue row that is not placed. */
    readonly setsAside?: readonly string[];
  };
  /**
   * Earlier migrations whose work this one replaces: once it is recorded, their shape and proof no longer speak of the
   * file, and are not asked. The exit criteria of every phase still are.
   */
  readonly supersedes?: readonly string[];
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
  /** The words that may stand in it, as texts; the last phase makes them a CHECK where the rows allow it. */
  readonly allowed?: readonly string[];
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
  /** It speaks of what is there before its phase, too: a phase that removes something is not begun while it is unmet. */
  readonly isEntry?: true;
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

/** What one migration makes under names that begin with `_phasewise_` and that outlasts its transaction. */
export interface OwnObjects {
  /** Working tables: name -> its CREATE TABLE. */
  readonly tables?: Readonly<Record<string, string>>;
  /** Names, by the table that they are on. */
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
  readonly triggers?: Readonly<Record<string, readonly string[]>>;
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
  /** By the migration that makes it first. Whatever else bears a name of ours is somebody else's, and in the way. */
  readonly ownObjects?: Readonly<Record<string, OwnObjects>>;
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
  /** Tables whose rows steps and triggers address by rowid: in a file that hides it they cannot. */
  readonly tablesByRowid?: readonly string[];
  /** By table: columns that nobody may have added there, because triggers would take them for another table's. */
  readonly columnsMistaken?: Readonly<Record<string, readonly string[]>>;
  /** Plain words per issue reason. */
  readonly issueReasons: Readonly<Record<string, string>>;
  /** Issue reasons that must be cleared before a phase that removes something: two rows claim one place. */
  readonly gatingReasons?: readonly string[];
  /** Unique rules, keys among them, that the programs of the family declare for their tables, by the names that they use. */
  readonly programUniques?: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly sourceFolder?: SourceFolder;
  readonly audit?: AuditTrail;
  readonly ingest?: Ingest;
  /** Secrets that an early version kept in plain text. No migration touches them: their owner clears them, or not. */
  readonly plainSecrets?: {
    /** Whose they are, in words; never the secrets. */
    list(db: Db): { id: string; owner: string }[];
    /** @returns how many were emptied. */
    clear(db: Db, ids: readonly string[]): number;
  };
  /**
   * For the plan: in words, what stands in the file already and is overwritten by these migrations; null = nothing.
   * @param steps their ids.
   */
  replaces?(db: Db, steps: readonly string[]): string | null;
  /**
   * For the plan: by step, the tables that it copies whole, as the file is now. Each is in the file twice for a while.
   * @param steps their ids.
   */
  rebuilds?(db: Db, steps: readonly string[]): readonly (readonly string[])[];
  /**
   * For the verdict after a contracting run: what of the backup, attached under this name, is neither in its new place
   * nor among the issue rows. Empty = everything that was removed is carried over.
   */
  carriedOver?(db: Db, backup: string): Finding[];
  /** What older programs can still do after each phase, in plain words. */
  readonly olderPrograms: Readonly<Record<number, string>>;
  /** Random ids that no other database of the family has, and that a database keeps: of its projects, not of its rows. */
  identity?(db: Db): string[];
  /** Builds a realistic legacy database into an empty, open, writable connection. Deterministic for a seed. */
  buildSample?(db: Db, options: { seed: number }): void;
}

/**
 * Turns the modules of a pack's folder into its migrations, ordered by phase, then by id. Give it two `import.meta.glob`
 * results over the same files: the modules and their raw sources.
 * @throws Error when two files sort to the same id or a source is missing.
 */
export function collectMigrations(
  modules: Record<string, Migration>,
  sources: Record<string, string>,
  sha256: (text: string) => string,
): IdentifiedMigration[] {
  const phaseOf = (file: string): number => modules[file]?.phase ?? 0;
  return Object.keys(modules)
    .sort()
    .toSorted((one, other) => phaseOf(one) - phaseOf(other))
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
