import { appError, CodedError, type ErrorCode, type Safety } from '@shared/errors.ts';

/** What SQLite's result codes mean for a person. The longest matching beginning counts. */
const meanings: readonly (readonly [prefix: string, code: ErrorCode, message: string])[] = [
  ['SQLITE_BUSY', 'E_DB_BUSY', 'Another program holds a lock on the database'],
  ['SQLITE_LOCKED', 'E_DB_BUSY', 'Another program holds a lock on the database'],
  ['SQLITE_PROTOCOL', 'E_DB_BUSY', 'Another program holds a lock on the database'],
  ['SQLITE_CANTOPEN', 'E_NO_PERMISSION', 'The system does not let the file, or a file beside it, be opened'],
  ['SQLITE_CANTOPEN_SYMLINK', 'E_SIDECAR_UNSAFE', 'A journal file beside the database is a link to somewhere else'],
  ['SQLITE_PERM', 'E_NO_PERMISSION', 'The system does not let the file be opened'],
  ['SQLITE_READONLY', 'E_READONLY_FILE', 'The file cannot be written'],
  ['SQLITE_READONLY_DIRECTORY', 'E_READONLY_DIR', 'The folder cannot be written'],
  ['SQLITE_READONLY_DBMOVED', 'E_PATH_CHANGED', 'The file was moved or replaced'],
  ['SQLITE_CORRUPT', 'E_CORRUPT', 'The content of the file is damaged'],
  ['SQLITE_NOTADB', 'E_CORRUPT', 'The file begins like a SQLite database, but is none'],
  ['SQLITE_FULL', 'E_NO_SPACE', 'The disk is full'],
  ['SQLITE_NOMEM', 'E_NO_MEMORY', 'There was not enough memory'],
  ['SQLITE_IOERR', 'E_IO', 'The disk reported an error'],
  ['SQLITE_IOERR_NOMEM', 'E_NO_MEMORY', 'There was not enough memory'],
  ['SQLITE_IOERR_CORRUPTFS', 'E_IO', 'The file system is damaged'],
  ['SQLITE_IOERR_LOCK', 'E_LOCKING_UNAVAILABLE', 'The disk does not support locking files'],
  ['SQLITE_IOERR_RDLOCK', 'E_LOCKING_UNAVAILABLE', 'The disk does not support locking files'],
  ['SQLITE_IOERR_UNLOCK', 'E_LOCKING_UNAVAILABLE', 'The disk does not support locking files'],
  ['SQLITE_IOERR_CHECKRESERVEDLOCK', 'E_LOCKING_UNAVAILABLE', 'The disk does not support locking files'],
  ['SQLITE_NOLFS', 'E_LOCKING_UNAVAILABLE', 'The disk does not support files of this size'],
];

/**
 * Turns anything thrown by better-sqlite3 into an error with a stable code; errors that have one pass unchanged.
 * @param doing completes "… while <doing>": "opening project.db".
 * @param safety overrides what the catalogue says about the data, for errors in the middle of a run.
 */
export function fromSqlite(error: unknown, doing: string, safety?: Safety): CodedError {
  if (error instanceof CodedError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const sqlite = sqliteCode(error);
  const [, code, message] = meaningOf(sqlite) ?? ['', 'E_INTERNAL' as const, text];
  const details = { sqlite: sqlite ?? 'none', text };
  return new CodedError(appError(code, `${message} (while ${doing}).`, details, safety && { safety }), {
    cause: error,
  });
}

/** The extended result code ("SQLITE_BUSY_SNAPSHOT"), null for anything that SQLite did not throw. */
export function sqliteCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : null;
}

const meaningOf = (code: string | null) =>
  meanings
    .filter(([prefix]) => code === prefix || code?.startsWith(`${prefix}_`))
    .toSorted((a, b) => b[0].length - a[0].length)[0];
