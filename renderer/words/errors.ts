import { safetyText, type AppError, type ErrorCode } from '@shared/errors.ts';

const NOT_STARTED: readonly ErrorCode[] = ['E_NOTHING_TO_DO', 'E_RUN_ACTIVE', 'E_STATE_CHANGED'];

/** Codes that say "not now" or "not needed": nothing was begun, so nothing failed. */
export const wasNotStarted = (error: AppError | null | undefined): boolean =>
  error !== null && error !== undefined && NOT_STARTED.includes(error.code);

/** What a person asked for or has to know, and no failure: amber, never red. */
export const isNotice = (error: AppError): boolean => error.code === 'E_CANCELLED' || wasNotStarted(error);

const NEEDS_ANOTHER_FILE: readonly ErrorCode[] = [
  'E_EMPTY',
  'E_NOT_SQLITE',
  'E_ENCRYPTED',
  'E_TRUNCATED',
  'E_SIZE_MISMATCH',
  'E_FOREIGN_DATABASE',
];

/** Trying again cannot help: the way on is another file. */
export const needsAnotherFile = (error: AppError): boolean => NEEDS_ANOTHER_FILE.includes(error.code);

/** Another file may be the way on, but so may trying again. */
export const mayNeedAnotherFile = (error: AppError): boolean =>
  needsAnotherFile(error) || ['E_NOT_FOUND', 'E_NO_PERMISSION'].includes(error.code);

/** The file is damaged, empty, gone or no database: what was said of it before holds no longer. */
export const isLost = (error: AppError): boolean => error.safety === safetyText['not-ours'];

/** Of a file that was open before. @param when "at 14:02": when it was last seen there. */
export const vanished = (error: AppError, when: string): AppError => ({
  ...error,
  title: 'The file is gone',
  message: `It was here ${when} and is gone. Phasewise did not remove it.`,
  nextStep: 'Look in the bin, or for a drive that was unplugged. If it is nowhere, put one of its backups back.',
  details: { ...error.details, found: error.message },
});

const NEEDS_BACKUP: readonly ErrorCode[] = ['E_CORRUPT', 'E_STALE_WAL'];

/** The way on is one of its backups. */
export const needsBackup = (error: AppError): boolean => NEEDS_BACKUP.includes(error.code);

/** Of another kind or newer than what we know, or not as we left it: its rows can be looked at all the same. */
const ROWS_READABLE: readonly ErrorCode[] = [
  'E_FOREIGN_DATABASE',
  'E_NEWER_SCHEMA',
  'E_NAME_COLLISION',
  'E_CHECKSUM_DRIFT',
  'E_LEDGER_TAMPERED',
  'E_SCHEMA_TOO_COMPLEX',
  'E_TIMEOUT',
  'E_CORRUPT',
];
export const canShowRows = (error: AppError): boolean => ROWS_READABLE.includes(error.code);

/** Of what the file has become there are no rows to be looked at. */
export const hidesRows = (error: AppError): boolean => isLost(error) && !canShowRows(error);

/** What "Copy details" puts on the clipboard: small facts for support, never rows or secrets. */
export function errorForSupport(error: AppError, subject?: string): string {
  const facts = Object.entries(error.details ?? {}).map(([name, value]) => `  ${name}: ${String(value)}`);
  return [
    `${error.code}: ${error.title}`,
    ...(subject === undefined ? [] : [`File: ${subject}`]),
    `What happened: ${error.message}`,
    `Is the data safe: ${error.safety}`,
    `What to do: ${error.nextStep}`,
    ...(facts.length === 0 ? [] : ['Facts:', ...facts]),
  ].join('\n');
}
