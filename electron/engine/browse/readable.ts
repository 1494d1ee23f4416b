import { coded } from '@shared/errors.ts';
import { quoteName, type Db, type TableInfo } from '../migration.ts';
import type { Subject } from './subject.ts';

/** Stands for bytes that are no text. */
const NO_TEXT = '\uFFFD';

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

const unreadable = ({ kind, name }: TableInfo, why: string): Error =>
  coded(
    'E_HOSTILE_SCHEMA',
    `The ${kind} ${name} cannot be read: ${why}.`,
    { text: why },
    {
      nextStep: 'Look at the other tables: this one needs something that is not in the file, or not here.',
    },
  );
