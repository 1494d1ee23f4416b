import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { quoteName } from '@engine/migration.ts';
import { snapshotOf } from '../../support/kill/snapshot.ts';
import { sha256Of, type Sandbox } from '../sandbox.ts';

/** What a database file holds, whatever its bytes are. */
export interface Looked {
  /** 'ok', or the first line of the integrity check, or why SQLite cannot work with it. */
  readonly integrity: string;
  /** Every object and every value with its type; null = cannot be read. */
  readonly content: string | null;
  /** The same of what can be read of a database of which not all can; null = all of it, or nothing. */
  readonly remains: string | null;
}

/**
 * Looks at a copy, because opening a file recovers it.
 * @returns undefined when there is no file.
 */
export function lookAt(file: string, scratch: string): (Looked & { readonly copy: string }) | undefined {
  if (!existsSync(file)) return undefined;
  const copy = snapshotOf(file, scratch);
  const isAlone = ['-journal', '-wal'].every((suffix) => !existsSync(copy + suffix));
  return { copy, ...(isAlone ? readOnce(copy) : read(copy)) };
}

/** Copies lie beside the sandbox, never in it. */
export const scratchOf = (sandbox: Sandbox): string => path.join(path.dirname(sandbox.folder), 'copy');

/** Rows of the program that meddles in some trials; they are counted apart. */
export const OTHER_TABLE = 'other_program_rows';

/** Whether that program has written to a database that can be read. */
export function isWrittenToByOther(file: string): boolean {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = ?`).get(OTHER_TABLE) !== undefined;
  } finally {
    db.close();
  }
}

/** As above, for a closed file without sidecars that never changes. */
export const lookAtBackup = (file: string, scratch: string): Looked =>
  byBytes.get(sha256Of(file)) ?? lookAt(file, scratch) ?? { integrity: 'not there', content: null, remains: null };

const byBytes = new Map<string, Looked>();

/** Equal bytes are read once. */
function readOnce(file: string): Looked {
  const key = sha256Of(file);
  const looked = byBytes.get(key) ?? read(file);
  byBytes.set(key, looked);
  return looked;
}

function read(file: string): Looked {
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { fileMustExist: true });
    const integrity = String(db.pragma('integrity_check', { simple: true }));
    return { integrity, content: fingerprint(db), remains: null };
  } catch (error) {
    const remains = db === undefined ? null : remainsIn(db);
    return { integrity: error instanceof Error ? error.message : String(error), content: null, remains };
  } finally {
    db?.close();
  }
}

function remainsIn(db: Database.Database): string | null {
  try {
    return fingerprint(db, undefined, true);
  } catch {
    return null;
  }
}

/** Rows are sorted as text, so that the order in which tables hand them out does not matter. */
export function fingerprint(
  db: Database.Database,
  isLeftOut: (table: string, column: string) => boolean = () => false,
  mayBeDamaged = false,
): string {
  const hash = createHash('sha256');
  const objects = db
    .prepare<[], [string, string, string | null]>(
      `SELECT type, name, sql FROM sqlite_schema WHERE tbl_name <> '${OTHER_TABLE}' ORDER BY type, name`,
    )
    .raw()
    .all();
  hash.update(JSON.stringify(objects));
  const tables = objects.filter(([type]) => type === 'table').map(([, name]) => name);
  for (const name of tables) {
    try {
      hash.update(rowsAsText(db, name, isLeftOut).join('\n'));
    } catch (error) {
      if (!mayBeDamaged) throw error;
      hash.update(`${name} is damaged`);
    }
  }
  for (const pragma of ['user_version', 'application_id', 'encoding'])
    hash.update(String(db.pragma(pragma, { simple: true })));
  return hash.digest('hex');
}

function rowsAsText(
  db: Database.Database,
  table: string,
  isLeftOut: (table: string, column: string) => boolean,
): string[] {
  const columns = db.prepare<[string], string>(`SELECT name FROM pragma_table_xinfo(?)`).pluck().all(table);
  const exact = columns
    .filter((column) => !isLeftOut(table, column))
    .map(quoteName)
    .flatMap((column) => [
      `typeof(${column})`,
      `CASE WHEN typeof(${column}) IN ('text', 'blob') THEN hex(${column}) ELSE ${column} END`,
    ]);
  if (exact.length === 0) return [];
  // A restore notes itself in the list of events of the database that has one.
  const where = table === 'audit_events' ? `WHERE id NOT LIKE 'phasewise:restored:%'` : '';
  const rows = db
    .prepare<[], unknown[]>(`SELECT ${exact.join()} FROM ${quoteName(table)} ${where}`)
    .raw()
    .safeIntegers()
    .all();
  return rows.map((row) => row.join('|')).toSorted();
}
