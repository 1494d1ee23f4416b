/** What the person must know about their data when something went wrong. Worded once, here. */
export const safetyText = {
  untouched: 'Nothing was changed. Your data is as it was.',
  /** Something else was, which the message names. */
  'database-untouched': 'Your database was not changed.',
  /** As untouched, of a file that is not as it was: damaged, empty, replaced, gone, or no database. */
  'not-ours': 'Phasewise changed nothing.',
  'whole-step': 'Your data is safe: the file is at the last completed step, and a verified backup exists.',
  'step-only': 'Your data is safe: the file is at the last completed step.',
  'moved-away': 'Phasewise did not move or remove the file. A verified backup of it from before exists.',
  restored: 'Your data is safe: the file holds the whole backup, and what it replaced was kept.',
  'backup-only': 'Your database was not changed. Only the backup has a problem.',
  kept: 'What could be read of your data is as it was. What could not be read any more is kept.',
  unknown: 'We could not finish checking the file. If a backup of it was made, keep it; do not delete it.',
} as const;
export type Safety = keyof typeof safetyText;

interface CatalogueEntry {
  /** Short headline; `message` of the error says the specifics. */
  readonly title: string;
  readonly safety: Safety;
  readonly nextStep: string;
  /** How the CLI ends: refused = nothing touched (exit 3), failed = stopped at a whole step (exit 1), usage = exit 2. */
  readonly outcome: 'refused' | 'failed' | 'usage';
}

const refused = (title: string, nextStep: string): CatalogueEntry => ({
  title,
  nextStep,
  safety: 'untouched',
  outcome: 'refused',
});
/** Refused because of what became of the file: that Phasewise changed nothing is no promise that the data is well. */
const unsound = (title: string, nextStep: string): CatalogueEntry => ({
  ...refused(title, nextStep),
  safety: 'not-ours',
});
const failed = (title: string, nextStep: string, safety: Safety = 'whole-step'): CatalogueEntry => ({
  title,
  nextStep,
  safety,
  outcome: 'failed',
});

/** Every code that may reach a person. Codes are stable: add, never rename. A test keeps docs in step with this list. */
export const errorCatalogue = {
  E_BAD_REQUEST: {
    title: 'The request was not understood',
    safety: 'untouched',
    nextStep: 'Reload the window and try again.',
    outcome: 'usage',
  },
  E_USAGE: {
    title: 'The command was not understood',
    safety: 'untouched',
    nextStep: 'Run the command with --help to see how it is used.',
    outcome: 'usage',
  },
  E_NOT_FOUND: unsound('There is no file there', 'Check the name and the folder, or choose the file again.'),
  E_UNKNOWN_HANDLE: refused('This database is no longer open', 'Open it again.'),
  E_PATH_UNSUPPORTED: refused(
    'This file name cannot be used safely',
    'Give the file, or the folder it is in, a plain and short name, then open it again.',
  ),
  E_PATH_CHANGED: unsound(
    'The file was moved, replaced or removed while it was open',
    'Find out where it is, then open it again and look before you continue.',
  ),
  E_MULTI_LINK: refused(
    'This file has more than one name',
    'Remove the extra hard link or copy the file, then open the copy.',
  ),
  E_NOT_A_FILE: refused('This is not a file', 'Choose the database file itself.'),
  E_NETWORK_FS: refused(
    'The file is on a network drive',
    'Copy it to a local disk, upgrade it there, and copy it back.',
  ),
  E_NO_PERMISSION: refused(
    'You are not allowed to read this file',
    'Ask for read and write permission, then try again.',
  ),
  E_READONLY_FILE: refused('The file is read-only', 'Allow writing to the file, then try again.'),
  E_READONLY_DIR: refused(
    'The folder is read-only',
    'Allow writing to the folder, or copy the file elsewhere, then try again.',
  ),
  E_EMPTY: unsound('The file is empty', 'Choose another file; this one holds no data at all.'),
  E_NOT_SQLITE: unsound('This is not a SQLite database', 'Choose the database file of your project.'),
  E_ENCRYPTED: unsound(
    'This looks like an encrypted database',
    'Open it with the program that encrypted it and save an unencrypted copy first.',
  ),
  E_TRUNCATED: unsound('The file is cut short', 'Look for a complete copy or a backup of this file.'),
  E_SIZE_MISMATCH: unsound('The file is not as long as it says', 'Look for a complete copy or a backup of this file.'),
  E_CORRUPT: unsound('The database is damaged', 'Restore a backup of it. Do not work on in the damaged file.'),
  E_SIDECAR_UNSAFE: refused(
    'A journal file beside the database cannot be trusted',
    'Have somebody look at the -wal or -journal file beside it before you continue.',
  ),
  E_STALE_WAL: unsound(
    'A log beside the database belongs to another state of it',
    'Restore a backup here: what is there now is kept. Keep the -wal file, it may hold the last changes.',
  ),
  E_FOREIGN_DATABASE: refused(
    'This database is not one that Phasewise knows',
    'Choose a database of a supported program.',
  ),
  E_NAME_COLLISION: refused(
    'A needed table name is taken by something else',
    'Rename or remove the named object with the program that made it, then try again.',
  ),
  E_STORED_BACKUP: refused(
    'This file is a backup',
    'Restore it, or copy the .db file alone to another folder and open the copy.',
  ),
  E_NEWER_SCHEMA: refused(
    'The database was written by a newer version',
    'Use a newer version of Phasewise for this file.',
  ),
  E_CHECKSUM_DRIFT: refused(
    'A recorded migration is not the one this version knows',
    'Use the Phasewise version that upgraded this file, or ask support.',
  ),
  E_LEDGER_TAMPERED: refused(
    'The list of applied migrations is not what it should be',
    'Ask support to look at the table schema_migrations.',
  ),
  E_SCHEMA_TOO_COMPLEX: refused(
    'The database has more parts than can be handled safely',
    'Ask support to look at the file.',
  ),
  E_OLD_FORMAT: refused(
    'The file has the format of a very old SQLite',
    'Open it in a program with a current SQLite, run VACUUM there, then try again; or ask support to do so.',
  ),
  E_HOSTILE_SCHEMA: refused(
    'Something in the database needs a program that is not here',
    'Ask support to look at the file, or have the program that made it remove what is named.',
  ),
  E_PREFLIGHT_UNKNOWN_OBJECT: refused(
    'Something added to the database would interfere with the upgrade',
    'Remove or rename the named objects, then try again.',
  ),
  E_PREFLIGHT_DUPLICATES: refused(
    'Rows that must differ are the same',
    'Put the named rows right with the program that made the file, then try again.',
  ),
  E_DB_BUSY: refused(
    'Another program is writing to this database',
    'Wait until it is finished or close it, then try again.',
  ),
  E_DB_IN_USE: refused(
    'Another program has this database open',
    'Close the program that uses the file, then try again.',
  ),
  E_LOCKING_UNAVAILABLE: refused(
    'This disk does not support locking files',
    'Copy the file to a local disk and upgrade it there.',
  ),
  E_STATE_CHANGED: refused('The database changed since you looked at it', 'Look at it again, then start again.'),
  E_NOTHING_TO_DO: refused('There is nothing to do', 'The database already is where you asked it to be.'),
  E_PHASE_UNAVAILABLE: refused(
    'This phase is not part of this version',
    'Choose a phase that this version of Phasewise offers.',
  ),
  E_RUN_ACTIVE: refused('Something is already running on this database', 'Wait until it is finished or stop it first.'),
  E_NO_SPACE: refused(
    'There is not enough free disk space',
    'Free some space on the disk of the database, then try again.',
  ),
  E_BACKUP_NO_SPACE: refused(
    'There is not enough free space for the backup',
    'Free some space or choose another backup folder, then start again.',
  ),
  E_BACKUP_FOLDER: refused(
    'The backup folder cannot be used',
    'Make it a folder that you may write to, or copy the database elsewhere and open the copy.',
  ),
  E_BACKUP_BUSY: refused(
    'The backup could not be made because the database is locked',
    'Close other programs that use the file, then try again.',
  ),
  E_BACKUP_STARVED: refused(
    'The backup could not be finished in time',
    'Close other programs that use the file, then try again.',
  ),
  E_BACKUP_CORRUPT: {
    title: 'The backup is not what was saved',
    safety: 'backup-only',
    nextStep: 'Use another backup, and make a new one now.',
    outcome: 'refused',
  },
  E_BACKUP_FOREIGN: {
    title: 'This is not a backup of that database',
    safety: 'backup-only',
    nextStep: 'Choose a backup that was made of this database.',
    outcome: 'refused',
  },
  E_BACKUP_GONE: {
    title: 'The backup file is missing',
    safety: 'backup-only',
    nextStep: 'Look for it in its folder, or make a new backup now.',
    outcome: 'refused',
  },
  E_BACKUP_UNVERIFIED: refused(
    'The backup could not be verified',
    'Check the disk of the backup folder or choose another one.',
  ),
  E_FILE_EXISTS: refused('There already is a file of that name', 'Choose another name; nothing is ever overwritten.'),
  E_DATA_FOLDER: refused(
    'Phasewise cannot use its own folder',
    'Allow writing there, or set PHASEWISE_HOME to another folder.',
  ),
  E_RESTORE_TARGET: refused('The backup cannot be put there', 'Check that the folder exists and may be written to.'),
  E_CONFIRMATION: refused('The confirmation does not match', 'Type the name of the file exactly as shown.'),
  E_REMOVAL_UNCONFIRMED: refused(
    'This phase removes the old names, and that was not confirmed',
    'Read the plan, then confirm it: type the name of the file, or add --contract on the command line.',
  ),
  E_ISSUES_OPEN: refused(
    'Some rows must be put right before anything is removed',
    'Look at the issue rows that are named, put them right with the program that made the file, and try them again.',
  ),
  E_SOURCE_FOLDER: refused('The folder with the files cannot be read', 'Choose another folder, or go on without it.'),
  E_INGEST_PHASE: refused('The database is not ready to take files in', 'Upgrade it first, then try again.'),
  E_INGEST_NOTHING: refused('None of these files can be taken in', 'Look at the reason given for each of them.'),
  E_INGEST_PARTLY: refused(
    'Not every file that was named can be taken in',
    'Look at the reason given, put that file right or leave it out, then take it in again.',
  ),
  E_RESTORE_UNFINISHED: refused(
    'A restore of this database was interrupted',
    'Finish the restore first: open the database in Phasewise and choose "Finish restoring".',
  ),
  E_BACKUP_NEEDED: refused(
    'This backup may not be deleted',
    'Keep it. Once there is a newer good backup and nothing unfinished needs it, it may go.',
  ),
  E_TEMP_UNAVAILABLE: refused(
    'There is no place for temporary files',
    'Make room in the folder for temporary files, or name another one, then try again.',
  ),
  E_RESTORE_FAILED: failed(
    'The backup could not be put back',
    'Ask support. Both the backup and the file it was to replace were kept.',
    'unknown',
  ),
  E_RESTORE_HELD: failed(
    'The backup is in, but another program has the file open',
    'Close the program that uses the file, then choose "Finish restoring".',
    'unknown',
  ),
  E_MIGRATION_FAILED: failed('A migration could not be applied', 'Ask support with the report, or restore the backup.'),
  E_VERIFY_FAILED: failed('The result did not pass its checks', 'Ask support with the report, or restore the backup.'),
  E_ROWS_SKIPPED: failed('Some rows were not accounted for', 'Ask support with the report, or restore the backup.'),
  E_INVARIANT: failed('A safety check stopped the upgrade', 'Ask support with the report, or restore the backup.'),
  E_CANCELLED: failed('Stopped at your request', 'Continue whenever you like; finished work is kept.'),
  E_INTERRUPTED: failed('The last run did not finish', 'Continue it; it goes on from the last completed step.'),
  E_IO: failed('The disk reported an error', 'Check the disk, then continue. Do not ignore this.', 'unknown'),
  E_NO_MEMORY: failed('There was not enough memory', 'Close other programs, then continue.'),
  E_TIMEOUT: refused('Looking at the file took too long', 'Try again, or ask support to look at the file.'),
  E_WORKER_DIED: failed(
    'The part that works on the file stopped unexpectedly',
    'Open the database again; it shows where it stopped.',
  ),
  E_DISCONNECTED: failed(
    'The connection to Phasewise was lost',
    'Start Phasewise again and open the page it shows.',
    'unknown',
  ),
  E_RUNTIME_MISMATCH: refused('Phasewise is not installed correctly', 'Install it again.'),
  E_INTERNAL: failed(
    'Something unexpected happened inside Phasewise',
    'Try again; if it happens again, send the details to support.',
    'unknown',
  ),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;
export const errorCodes = Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]];

/** What a person is told. Its schema is in error-schema.ts: whoever only makes errors needs no zod. */
export interface AppError {
  code: ErrorCode;
  /** Headline, e.g. "Another program is writing to this database". */
  title: string;
  /** What happened here, with the specifics. */
  message: string;
  /** Is the data safe? One plain sentence. */
  safety: string;
  /** What to do next. */
  nextStep: string;
  /** For support: small facts, never rows or secrets. */
  details?: Record<string, string | number | boolean | null> | undefined;
}
export type ErrorDetails = NonNullable<AppError['details']>;

const SAYS_UNTOUCHED: readonly string[] = [
  safetyText.untouched,
  safetyText['database-untouched'],
  safetyText['not-ours'],
  safetyText['backup-only'],
];

/** Whether these words of safety promise that the database is what Phasewise found. */
export const saysUntouched = (safety: string): boolean => SAYS_UNTOUCHED.includes(safety);

/** How an error says that nothing was changed. Of a damaged file nobody says that its data is as it was. */
export const untouchedText = (code: ErrorCode): string =>
  safetyText[errorCatalogue[code].safety === 'not-ours' ? 'not-ours' : 'untouched'];

/** Builds the error value for `code`; headline, safety and next step come from the catalogue unless overridden. */
export function appError(
  code: ErrorCode,
  message: string,
  details?: ErrorDetails,
  override?: { safety?: Safety; nextStep?: string },
): AppError {
  const entry: CatalogueEntry = errorCatalogue[code];
  const wanted = override?.safety ?? entry.safety;
  return {
    code,
    title: entry.title,
    message,
    safety: wanted === 'untouched' ? untouchedText(code) : safetyText[wanted],
    nextStep: override?.nextStep ?? entry.nextStep,
    ...(details ? { details } : {}),
  };
}

/** Thrown inside one process to leave a deep call; turned into a value at the process boundary. */
export class CodedError extends Error {
  readonly appError: AppError;
  constructor(error: AppError, options?: ErrorOptions) {
    super(`${error.code}: ${error.message}`, options);
    this.name = 'CodedError';
    this.appError = error;
  }
}

/** Shorthand: `throw coded('E_EMPTY', '…')`. */
export const coded = (...args: Parameters<typeof appError>): CodedError => new CodedError(appError(...args));

export type Result<T> = { ok: true; value: T } | { ok: false; error: AppError };
export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const err = (error: AppError): Result<never> => ({ ok: false, error });

/** Turns anything thrown into an error value; unknown throws become E_INTERNAL. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof CodedError) return thrown.appError;
  return appError('E_INTERNAL', thrown instanceof Error ? thrown.message : String(thrown));
}

export function assertNever(value: never): never {
  throw new Error(`unexpected value ${String(value)}`);
}
