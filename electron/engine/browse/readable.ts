import type { CellValue } from '@shared/browse.ts';
import { coded } from '@shared/errors.ts';
import { quoteName, type Db, type TableInfo } from '../migration.ts';
import { sqliteCode } from '../sqlite-error.ts';
import { isMasked, virtualColumns, type Subject } from './subject.ts';

/** Stands for bytes that are no text. */
const NO_TEXT = '\uFFFD';
/** Instead of a message that names the value it stumbled over ("bad JSON path: '…'"). */
const UNTOLD = 'what SQLite says of it may quote a hidden value';

/** False: SQLite cannot tell its columns, or its name is no text and cannot be written in a statement. */
export const hasColumns = ({ columns }: TableInfo): boolean => columns.length > 0;

/**
 * A view of what is not there, a module that only another program has, names that are no text.
 * @throws CodedError E_HOSTILE_SCHEMA with what SQLite says of it.
 */
export function requireReadable(db: Db, { sql, table, columns }: Subject): void {
  if (columns.length > 0 && !columns.some((name) => name.includes(NO_TEXT))) return;
  const names = columns.length > 0 ? columns.map(quoteName).join(', ') : '*';
  try {
    db.prepare(`SELECT ${names} FROM ${sql}`);
    if (columns.length > 0) return;
  } catch (error) {
    throw unreadable(table, error instanceof Error ? error.message : 'SQLite does not say why');
  }
  throw unreadable(table, 'it has no columns');
}

/**
 * What went wrong while rows were read. What a view, a module or a generated column computes can fail with the values that
 * are in the file (malformed JSON, an overflow): that is the file's doing, and SQLite has no code of its own for it.
 * Where columns are masked, its words are not passed on.
 */
export function readingError(error: unknown, { table, masked }: Subject): unknown {
  if (isNoPath(error)) return noPath();
  const isComputed = table.kind !== 'table' || table.columns.some(({ hidden }) => hidden > 1);
  if (!isComputed || !(error instanceof Error) || sqliteCode(error) !== 'SQLITE_ERROR') return error;
  return unreadable(table, masked.size > 0 ? UNTOLD : error.message);
}

/**
 * Whether reading the virtual columns one cell at a time may succeed where reading them with the others has failed: only
 * rows with a key can be read again by themselves.
 */
export const mayReadApart = (error: unknown, { table, key, apart }: Subject): boolean =>
  sqliteCode(error) === 'SQLITE_ERROR' &&
  !isNoPath(error) &&
  table.kind === 'table' &&
  key.length > 0 &&
  apart.size === 0 &&
  virtualColumns({ table }).length > 0;

/**
 * A cell that was read by itself, or why it cannot be computed: not in SQLite's words where the column is masked.
 * @throws whatever else goes wrong.
 */
export function cellOrFailure(subject: Subject, column: string, read: () => CellValue): CellValue {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error) || sqliteCode(error) !== 'SQLITE_ERROR') throw error;
    return { type: 'failed', reason: isMasked(subject, column) ? UNTOLD : error.message };
  }
}

/** What was typed as a path into JSON is none. */
export const isNoPath = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('bad JSON path');

const noPath = (): Error =>
  coded('E_BAD_REQUEST', 'That is no path into a JSON value.', undefined, {
    nextStep: 'Write it like status, address.city or items[0].id.',
  });

const unreadable = ({ kind, name }: TableInfo, why: string): Error =>
  coded(
    'E_HOSTILE_SCHEMA',
    `The ${kind === 'virtual' ? 'virtual table' : kind} ${name} cannot be read: ${why}.`,
    { text: why },
    {
      nextStep:
        'Look at the other tables: this one needs something that is not here, or computes something that does not work with what is in the file.',
    },
  );
