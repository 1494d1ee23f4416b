import type { Db } from './migration-values.ts';

/** SQLite stops listing problems there; more than this is damage whatever the lines say. */
const MAX_LINES = 10_000;

/** Rows that break a NOT NULL, CHECK or STRICT rule of their table: old data, not damage. The file itself is sound. */
const ABOUT_CONTENT =
  /^(NULL value in |CHECK constraint failed in |NUMERIC value in |TEXT value in |non-[A-Z]+ value in )/;

export interface Integrity {
  /** False = the file's structure is damaged. */
  readonly isSound: boolean;
  /** Lines about structure first, at most 20. */
  readonly lines: readonly string[];
  /** Rows that break a rule of their own table. */
  readonly contentFindings: number;
}

/**
 * `PRAGMA integrity_check` over one schema of the connection. Needs a writable (or query_only) connection: a read-only
 * one does not load CHECK constraints and would say ok.
 */
export function checkIntegrity(db: Db, schema = 'main'): Integrity {
  const lines = integrityLines(db, schema);
  if (lines.length === 1 && lines[0] === 'ok') return { isSound: true, lines: [], contentFindings: 0 };
  const structural = lines.filter((line) => !ABOUT_CONTENT.test(line));
  const content = lines.filter((line) => ABOUT_CONTENT.test(line));
  // No line at all would be a check that checked nothing.
  const isSound = lines.length > 0 && structural.length === 0 && lines.length < MAX_LINES;
  return { isSound, lines: [...structural, ...content].slice(0, 20), contentFindings: content.length };
}

/** What integrity_check said last on a connection that cannot write, and the state of the file it speaks of. */
const known = new WeakMap<Db, { readonly dataVersion: unknown; readonly lines: readonly string[] }>();

/**
 * The lines of `PRAGMA integrity_check`. A verdict asks twice, once for the engine and once as an exit criterion; on a
 * connection that cannot write, while nobody else wrote either (`data_version`), the second time gets the first answer
 * (1.1 of 6.4 s CPU of the verdict over 200,000 candidates). Every other connection reads the file again each time.
 */
function integrityLines(db: Db, schema = 'main'): readonly string[] {
  const isReadOnly = schema === 'main' && db.pragma('query_only', { simple: true }) === 1;
  const dataVersion: unknown = db.pragma('main.data_version', { simple: true });
  const earlier = known.get(db);
  if (isReadOnly && earlier !== undefined && earlier.dataVersion === dataVersion) return earlier.lines;
  const lines = db.prepare<[], string>(`PRAGMA "${schema}".integrity_check(${MAX_LINES})`).pluck().all();
  if (isReadOnly) known.set(db, { dataVersion, lines });
  return lines;
}

/** Foreign-key violations per child table, over the whole database. A table whose check cannot run counts as -1. */
export function foreignKeyViolations(db: Db): Map<string, number> {
  const children = db
    .prepare<[], string>(
      `SELECT DISTINCT m.name FROM sqlite_schema m, pragma_foreign_key_list(m.name) WHERE m.type = 'table' ORDER BY m.name`,
    )
    .pluck()
    .all();
  return new Map(children.map((child) => [child, countViolations(db, child)]));
}

function countViolations(db: Db, child: string): number {
  try {
    return db.prepare<[string], number>(`SELECT count(*) FROM pragma_foreign_key_check(?)`).pluck().get(child) ?? 0;
  } catch {
    return -1; // "foreign key mismatch": the parent's key is not unique; it was so before us
  }
}
