import { coded } from '@shared/errors.ts';
import type { Db } from './migration-values.ts';
import { fromSqlite, isReadFailure, schemaCodes } from './sqlite-error.ts';

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

/** SQLite lists a page that the disk did not give among the damage: "unable to get the page. error code=8458". */
const PAGE_ERROR = /\berror code=(\d+)/;
/** SQLITE_IOERR, in the lowest byte of all its kinds. */
const IO_ERROR = 10;

/**
 * `PRAGMA integrity_check` over one schema of the connection. Needs a writable (or query_only) connection: a read-only
 * one does not load CHECK constraints and would say ok.
 * @throws CodedError E_IO where the disk did not give a page: nobody knows then whether it is damaged.
 */
export function checkIntegrity(db: Db, schema = 'main'): Integrity {
  return judge(integrityLines(db, schema));
}

/**
 * Nobody here could check a file whose indexes or rules need what only another program has, nor a backup of it. Only
 * prepares the check, which costs by the schema; what else is wrong with the file, the check itself says.
 * @param db a read-only connection does not see CHECK constraints.
 * @throws CodedError E_HOSTILE_SCHEMA | E_SCHEMA_TOO_COMPLEX
 */
export function requireCheckable(db: Db): void {
  try {
    db.prepare('PRAGMA main.integrity_check(1)');
  } catch (error) {
    const problem = fromSqlite(error, 'preparing to check the file');
    if (schemaCodes.has(problem.appError.code)) throw problem;
  }
}

function judge(lines: readonly string[]): Integrity {
  if (lines.length === 1 && lines[0] === 'ok') return { isSound: true, lines: [], contentFindings: 0 };
  const structural = lines.filter((line) => !ABOUT_CONTENT.test(line));
  const content = lines.filter((line) => ABOUT_CONTENT.test(line));
  // No line at all would be a check that checked nothing.
  const isSound = lines.length > 0 && structural.length === 0 && lines.length < MAX_LINES;
  return { isSound, lines: [...structural, ...content].slice(0, 20), contentFindings: content.length };
}

interface Answer {
  /** What the file was when it was asked, see `stateOf`. */
  readonly state: string;
  readonly lines: readonly string[];
}

/** What integrity_check said last: of connections that cannot write, and of those that somebody vouched for. */
const known = new WeakMap<Db, Answer>();

/**
 * The lines of `PRAGMA integrity_check`. A verdict asks twice, once for the engine and once as an exit criterion; a run
 * right after its backup. As long as neither this connection nor anybody else wrote, the second time gets the first
 * answer (1.1 of 6.4 s CPU of the verdict over 200,000 candidates). Every other connection reads the file again.
 */
function integrityLines(db: Db, schema = 'main'): readonly string[] {
  const state = stateOf(db);
  const earlier = schema === 'main' ? known.get(db) : undefined;
  if (earlier?.state === state) return earlier.lines;
  const lines = db.prepare<[], string>(`PRAGMA "${schema}".integrity_check(${MAX_LINES})`).pluck().all();
  requireRead(lines);
  if (schema === 'main' && db.pragma('query_only', { simple: true }) === 1) known.set(db, { state, lines });
  return lines;
}

/** @throws CodedError E_IO */
export function requireRead(lines: readonly string[]): void {
  const unread = lines.find((line) => (Number(PAGE_ERROR.exec(line)?.[1] ?? 0) & 0xff) === IO_ERROR);
  if (unread === undefined) return;
  throw coded('E_IO', 'The disk reported an error while the file was checked.', { line: unread });
}

/** Differs as soon as this connection or anybody else has written rows, or changed the schema. */
export function stateOf(db: Db): string {
  const [version, schema] = ['data_version', 'schema_version'].map((name) =>
    db.pragma(`main.${name}`, { simple: true }),
  );
  return [version, schema, db.prepare('SELECT total_changes()').pluck().get()].join('/');
}

/**
 * `copy`, a connection on a copy of this file page for page, has just been asked: its answer is this file's.
 * @param state of this file when it was copied.
 */
export function vouchFor(db: Db, state: string, copy: Db): void {
  const lines = known.get(copy)?.lines;
  if (lines !== undefined) known.set(db, { state, lines });
}

/** Runs `body`, which writes to our own tables alone: what is known of the user's data stays known. */
export function keepingWhatIsKnown(db: Db, body: () => void): void {
  const earlier = known.get(db);
  const isCurrent = earlier !== undefined && earlier.state === stateOf(db);
  body();
  if (isCurrent) known.set(db, { ...earlier, state: stateOf(db) });
}

/**
 * Foreign-key violations per child table, over the whole database. A table whose check cannot run counts as -1.
 * @param schema 'main' or the name of an attached backup.
 */
export function foreignKeyViolations(db: Db, schema = 'main'): Map<string, number> {
  const children = db
    .prepare<[string], string>(
      `SELECT DISTINCT m.name FROM "${schema}".sqlite_schema m, pragma_foreign_key_list(m.name, ?) WHERE m.type = 'table' ORDER BY m.name`,
    )
    .pluck()
    .all(schema);
  return new Map(children.map((child) => [child, countViolations(db, child, schema)]));
}

function countViolations(db: Db, child: string, schema: string): number {
  const count = db.prepare<[string, string], number>(`SELECT count(*) FROM pragma_foreign_key_check(?, ?)`).pluck();
  try {
    return count.get(child, schema) ?? 0;
  } catch (error) {
    if (isReadFailure(error)) throw error;
    return -1; // "foreign key mismatch": the parent's key is not unique; it was so before us
  }
}
