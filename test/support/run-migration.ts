import Database from 'better-sqlite3';
import {
  continueBackfill,
  extendBound,
  finishBackfill,
  nothingAdded,
  runChunk,
  startBackfill,
  storedBackfill,
  workOf,
} from '@engine/backfill.ts';
import { ensureBookkeeping } from '@engine/bookkeeping.ts';
import type { Db, IdentifiedMigration, SourceFiles } from '@engine/migration.ts';
import { kroma } from '../../migrations/kroma/pack.ts';
import { createLegacySchema, recordLegacyMarkers } from '../../migrations/kroma/sample/schema.ts';
import { insertRows, type Row } from './kroma/insert.ts';

export const NOW = '2026-11-21T14:02:33Z';

/** Runs one migration with the engine's own chunk machinery, without its locks, backup and records. */
export interface ApplyOptions {
  /** Rows per chunk. */
  chunkRows?: number;
  /** Stops before this chunk, counted over all backfills, as a kill between two commits does. */
  stopAfterChunks?: number;
  /** The files beside the database, as the engine hands them over. */
  sourceFiles?: SourceFiles | null;
}

export interface Applied {
  /** `<name>`: moved / already right / set aside. */
  readonly accounts: Record<string, string>;
  /** What shape and verify found, in words. */
  readonly findings: string[];
}

/** @returns null when it was stopped; calling it again continues behind the last chunk. */
export function applyMigration(
  db: Db,
  id: string,
  { chunkRows = 500, stopAfterChunks = Infinity, sourceFiles = null }: ApplyOptions = {},
): Applied | null {
  const migration = kroma.migrations.find((each) => each.id.startsWith(id));
  if (!migration) throw new Error(`no migration ${id}`);
  db.pragma('foreign_keys = OFF');
  db.transaction(() => ensureBookkeeping(db)).immediate();
  let chunksLeft = stopAfterChunks;
  const work = workOf(migration);
  const context = open(db, migration, sourceFiles);
  for (const each of work) {
    for (;;) {
      if (chunksLeft === 0) return null;
      const { isDone } = db.transaction(() => runChunk(db, each, context, chunkRows)).immediate();
      if (isDone && extendBound(db, each) === 0) break;
      if (!isDone) chunksLeft -= 1;
    }
  }
  for (const each of work) db.transaction(() => finishBackfill(db, each, NOW)).immediate();
  const accounts = work.map((each) => [each.backfill.name, accountOf(db, each.id)] as const);
  return { accounts: Object.fromEntries(accounts), findings: findingsOf(db, id) };
}

/** What the migration's own shape and proof say about the file as it is. */
export function findingsOf(db: Db, id: string): string[] {
  const migration = kroma.migrations.find((each) => each.id.startsWith(id));
  if (!migration) throw new Error(`no migration ${id}`);
  return [...migration.shape(db), ...migration.verify(db).map(({ what, count }) => `${count} ${what}`)];
}

/** Applies every migration up to and including `last`. */
export function applyUpTo(db: Db, last: string, options: ApplyOptions = {}): Applied {
  let result: Applied = { accounts: {}, findings: [] };
  for (const { id } of kroma.migrations) {
    result = applyMigration(db, id, options) ?? result;
    if (id.startsWith(last)) return result;
  }
  throw new Error(`no migration ${last}`);
}

/** Continues what was begun and not finished; else starts. */
function open(db: Db, migration: IdentifiedMigration, sourceFiles: SourceFiles | null) {
  const work = workOf(migration);
  const stored = work.map((each) => storedBackfill(db, each));
  const base = { runId: 'run-1', now: NOW, sourceFiles };
  if (stored.some((row) => row?.state === 'running')) {
    const context = { ...base, facts: stored[0]?.facts ?? {} };
    db.transaction(() => work.forEach((each) => continueBackfill(db, each, context))).immediate();
    return context;
  }
  return db
    .transaction(() => {
      const context = { ...base, facts: migration.up(db, { ...base, facts: {} }) ?? {} };
      for (const each of work) startBackfill(db, each, context, nothingAdded);
      return context;
    })
    .immediate();
}

function accountOf(db: Db, id: string): string {
  const sql = `SELECT moved || ' / ' || already_right || ' / ' || issue_rows FROM _phasewise_backfills WHERE id = ?`;
  return db.prepare<[string], string>(sql).pluck().get(id) ?? '';
}

/** A legacy database in a file of its own, with these rows; foreign keys are off, so that rows may be orphans. */
export function legacyDatabase(file: string, rows: Record<string, readonly Row[]> = {}): Db {
  const db = new Database(file);
  db.pragma('foreign_keys = OFF');
  db.pragma('synchronous = OFF'); // hundreds of files per spec; power cuts are tested elsewhere
  db.transaction(() => {
    createLegacySchema(db);
    recordLegacyMarkers(db, '2026-02-20T10:00:00Z');
    for (const [table, list] of Object.entries(rows)) insertRows(db, table, list);
  }).immediate();
  return db;
}

/** Rows of a query as arrays, for comparing with a literal. */
export const rowsOf = (db: Db, sql: string): unknown[][] => db.prepare<[], unknown[]>(sql).raw().all();
/** The single value of a query. */
export const valueOf = (db: Db, sql: string): unknown => db.prepare<[], unknown>(sql).pluck().get();
/** Issue rows of a table as "key: reason", in order of key; null for rows without a key. */
export const issuesOf = (db: Db, table: string): unknown[] =>
  db
    .prepare<[string], string>(
      `SELECT DISTINCT source_key || ': ' || reason || CASE is_placed WHEN 1 THEN '' ELSE ' (not placed)' END
       FROM _phasewise_quarantine WHERE source_table = ? ORDER BY source_key`,
    )
    .pluck()
    .all(table);

/** Every row of every table but our own bookkeeping, as one text: equal texts mean equal bytes in every cell. */
export function contentOf(db: Db): string {
  const tables = db
    .prepare<[], string>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '!_phasewise!_%' ESCAPE '!' ORDER BY name`,
    )
    .pluck()
    .all();
  return tables
    .map((table) => {
      const columns = db.prepare<[string], string>(`SELECT name FROM pragma_table_info(?)`).pluck().all(table);
      const row = columns.map((column) => `quote("${column}")`).join(` || ',' || `);
      return [table, ...db.prepare<[], string>(`SELECT ${row} FROM "${table}" ORDER BY 1`).pluck().all()].join('\n');
    })
    .join('\n\n');
}

/** The query plans of everything that the first chunk of each backfill of a migration executes. */
export function plansOf(db: Db, id: string): string[] {
  const plans: string[] = [];
  const prepare = db.prepare.bind(db);
  const values = { upTo: 'z', now: NOW };
  const explaining = new Proxy(db, {
    get(target, name) {
      if (name !== 'prepare') return Reflect.get(target, name).bind(target);
      return (sql: string) => {
        // Statements with unnamed parameters are not the backfills' own.
        if (!sql.includes('?')) {
          const plan = prepare<Record<string, string>, { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`);
          plans.push(...plan.all(values).map(({ detail }) => detail));
        }
        return prepare(sql);
      };
    },
  });
  const context = { runId: 'run-1', now: NOW, facts: {}, backfillId: 'none', setAside: () => 0 };
  for (const { backfill } of workOf(kroma.migrations.find((each) => each.id.startsWith(id)) as IdentifiedMigration)) {
    db.transaction(() => backfill.chunk(explaining, { after: null, upTo: 'z' }, context))();
  }
  return plans;
}
