import Database from 'better-sqlite3';
import { ensureBookkeeping } from '@engine/bookkeeping.ts';
import type { Db } from '@engine/migration.ts';
import { kroma } from '../../migrations/kroma/pack.ts';

/**
 * The upgrade as somebody would run it by hand: the very statements of the migrations, each over the whole table at
 * once, in one transaction and with SQLite's usual settings. No lock, backup, chunks, counts, proofs or verdict.
 */
const [file = '', toPhase = '4'] = process.argv.slice(2);
const base = { runId: 'by-hand', now: '2026-01-01T00:00:00Z', sourceFiles: null };

const db = new Database(file, { fileMustExist: true });
db.pragma('foreign_keys = OFF');
db.exec('BEGIN IMMEDIATE');
ensureBookkeeping(db);
const steps = kroma.migrations
  .filter(({ phase }) => phase <= Number(toPhase))
  .toSorted((a, b) => a.phase - b.phase || a.order - b.order);
for (const migration of steps) {
  const facts = migration.up(db, { ...base, facts: {} }) ?? {};
  for (const { name, source, key, chunk } of migration.backfills ?? []) {
    const upTo = greatestKey(db, source, key);
    const context = { ...base, facts, backfillId: `${migration.id}/${name}`, setAside: () => 0 };
    if (upTo !== null) chunk(db, { after: null, upTo }, context);
  }
}
db.exec('COMMIT');
db.close();
process.disconnect?.();

/** null = the table is not there, or empty. */
function greatestKey(from: Db, table: string, key: string): string | number | null {
  const isThere = from.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(table);
  if (isThere === undefined) return null;
  return from.prepare<[], string | number | null>(`SELECT max("${key}") FROM "${table}"`).pluck().get() ?? null;
}
