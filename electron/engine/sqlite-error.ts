import { errorCode, errorWords } from '@shared/error-code.ts';
import { appError, CodedError, type ErrorCode, type Safety, safetyText } from '@shared/errors.ts';

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
  ['SQLITE_READONLY_DBMOVED', 'E_PATH_CHANGED', 'The file was moved, replaced or removed'],
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
  ['SQLITE_TOOBIG', 'E_SCHEMA_TOO_COMPLEX', 'The file asks for a value larger than SQLite makes'],
  ['SQLITE_NOLFS', 'E_LOCKING_UNAVAILABLE', 'The disk does not support files of this size'],
];

/**
 * What a file's own schema asks for and SQLite refuses: functions and modules that only another program has (or that
 * would reach out of the file), and expressions too deep to be read. SQLite has a code of its own for collations only.
 */
const schemaRefusals: readonly (readonly [text: RegExp, code: ErrorCode, message: string])[] = [
  [
    /\b(unknown function|no such function|unsafe use of|no such module|no such collation sequence|no such tokenizer):?/,
    'E_HOSTILE_SCHEMA',
    'The schema of the file uses something that only another program has',
  ],
  [
    /Expression tree is too large|parser stack overflow|Recursion limit|too many (columns|terms|arguments|references|FROM clause terms)/i,
    'E_SCHEMA_TOO_COMPLEX',
    'The schema of the file is too deep to be read',
  ],
  // The gate reads this field in the file; a write-ahead log may hold another first page.
  [/^unsupported file format$/, 'E_CORRUPT', 'The header of the file is damaged: impossible schema format'],
];

/** What these refuse has a name, and a person has to be told it. */
export const schemaCodes: ReadonlySet<ErrorCode> = new Set(['E_HOSTILE_SCHEMA', 'E_SCHEMA_TOO_COMPLEX']);
/** So have these, of the system. */
const aboutNames: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);

/** What the system's codes mean, where we touch files ourselves; and how they are worded where the code is left out. */
const systemMeanings: readonly (readonly [code: string, words: RegExp, meaning: ErrorCode, message: string])[] = [
  ['EIO', /Input\/output error/, 'E_IO', 'The disk reported an error'],
  ['ENOSPC', /No space left on device/, 'E_NO_SPACE', 'The disk is full'],
  ['EDQUOT', /Disk quota exceeded/, 'E_NO_SPACE', 'The disk is full'],
  ['EFBIG', /File too large/, 'E_NO_SPACE', 'The system does not let the file grow'],
  ['EMFILE', /Too many open files/, 'E_NO_PERMISSION', 'The system does not let more files be opened'],
  ['ENFILE', /Too many open files in system/, 'E_NO_PERMISSION', 'The system does not let more files be opened'],
  ['ENOENT', /because the directory does not exist/, 'E_IO', 'A file or a folder is no longer where it was'],
  ['ENOTDIR', /Not a directory/, 'E_IO', 'A file or a folder is no longer where it was'],
  ['ENAMETOOLONG', /File name too long/, 'E_PATH_UNSUPPORTED', 'The name of a file or a folder is too long'],
  ['ELOOP', /Too many levels of symbolic links/, 'E_PATH_UNSUPPORTED', 'A name leads through too many links'],
  ['EUCLEAN', /Structure needs cleaning/, 'E_IO', 'The file system is damaged'],
  ['ESTALE', /Stale file handle/, 'E_IO', 'The disk is no longer there'],
  ['ENOLCK', /No locks available/, 'E_LOCKING_UNAVAILABLE', 'The disk does not support locking files'],
  ['EACCES', /Permission denied/, 'E_NO_PERMISSION', 'The system does not let a file be used'],
  ['EPERM', /Operation not permitted/, 'E_NO_PERMISSION', 'The system does not let a file be used'],
  ['EROFS', /Read-only file system/, 'E_READONLY_DIR', 'The folder cannot be written'],
  // Of loading the addon too, which happens when the first database is opened; and of the addon, for a text that SQLite had
  // no memory for.
  [
    'ENOMEM',
    /annot allocate memory|failed to map segment|allocation failed|^Invalid argument$/,
    'E_NO_MEMORY',
    'There was not enough memory',
  ],
  [
    'ERR_DLOPEN_FAILED',
    /Cannot find module '[^']*better[-_]sqlite3/, // also where the disk gave no answer when it was looked for
    'E_RUNTIME_MISMATCH',
    'A part of Phasewise could not be loaded',
  ],
];

/**
 * Turns anything thrown by better-sqlite3 or the system into an error with a stable code; errors that have one pass unchanged.
 * @param doing completes "… while <doing>": "opening project.db".
 * @param safety overrides what the catalogue says about the data, for errors in the middle of a run.
 */
export function fromSqlite(error: unknown, doing: string, safety?: Safety): CodedError {
  if (error instanceof CodedError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const sqlite = sqliteCode(error);
  const [found, code, message] = refusalOf(sqlite, text) ??
    meaningOf(sqlite) ??
    systemMeaningOf(error, text) ?? ['', 'E_INTERNAL' as const, text];
  const details = { sqlite: sqlite ?? 'none', text };
  const name = schemaCodes.has(code) ? text : aboutNames.has(found) ? pathIn(error) : '';
  const named = name === '' ? '' : `: ${name.slice(0, 200)}`;
  return new CodedError(appError(code, `${message}${named} (while ${doing}).`, details, safety && { safety }), {
    cause: error,
  });
}

const pathIn = (error: unknown): string =>
  error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : '';

/** The same error where the data may be another by now: what the catalogue says of them then holds no longer. */
export const unsure = (error: CodedError): CodedError =>
  new CodedError({ ...error.appError, safety: safetyText.unknown }, { cause: error });

/** The extended result code ("SQLITE_BUSY_SNAPSHOT"), null for anything that SQLite did not throw. */
export function sqliteCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : null;
}

/**
 * The disk, the memory or a lock kept a question from being asked, which therefore has no answer. Where a question may
 * go wrong because of what the file is, this must not be taken for that.
 */
export function isUnanswered(error: unknown): boolean {
  const code = sqliteCode(error);
  if (code === null) return error instanceof Error && systemMeaningOf(error, error.message)?.[1] === 'E_NO_MEMORY';
  return UNANSWERED.some((prefix) => code === prefix || code.startsWith(`${prefix}_`));
}

/**
 * Or what should have been read is damaged. Nobody may take such an error for "the condition is not met", "it holds
 * nothing" or "there are none".
 */
export function isReadFailure(error: unknown): boolean {
  return isUnanswered(error) || /^SQLITE_(CORRUPT|NOTADB)(_|$)/.test(sqliteCode(error) ?? '');
}

const UNANSWERED = ['IOERR', 'NOMEM', 'FULL', 'BUSY', 'LOCKED', 'PROTOCOL', 'CANTOPEN', 'INTERRUPT'].map(
  (name) => `SQLITE_${name}`,
);

/** Only where SQLite was reading the file's schema: our own statements name nothing that is not there. */
const refusalOf = (code: string | null, text: string) =>
  code !== null && REFUSING.has(code) ? schemaRefusals.find(([words]) => words.test(text)) : undefined;

const REFUSING: ReadonlySet<string> = new Set(['SQLITE_ERROR', 'SQLITE_ERROR_MISSING_COLLSEQ', 'SQLITE_CORRUPT']);

const meaningOf = (code: string | null) =>
  meanings
    .filter(([prefix]) => code === prefix || code?.startsWith(`${prefix}_`))
    .toSorted((a, b) => b[0].length - a[0].length)[0];

function systemMeaningOf(error: unknown, text: string): readonly [string, ErrorCode, string] | undefined {
  if (!(error instanceof Error)) return undefined;
  const own = errorCode(error);
  const found = systemMeanings.find(([code, words]) => own === code || words.test(text));
  if (found) return [found[0], found[2], found[3]];
  const isAboutThePlace = 'syscall' in error && !ourDoing.has(own);
  return isAboutThePlace ? [own, 'E_IO', `The system says "${errorWords(error)}"`] : undefined;
}

/** What a call answers to somebody who has lost count of his own files, not because of where they lie. */
const ourDoing: ReadonlySet<string> = new Set(['EEXIST', 'EISDIR', 'ENOTEMPTY', 'EBADF', 'EINVAL']);
