import { coded, type CodedError } from '@shared/errors.ts';
import { checkIntegrity } from './integrity.ts';
import type { Db } from './migration-values.ts';
import { fromSqlite, isUnanswered } from './sqlite-error.ts';

/**
 * What is behind an error that calls a database damaged. A disk that cannot read is called so too: SQLite makes
 * SQLITE_CORRUPT of the system's EIO inside a statement (see SQLITE_IOERR_CORRUPTFS). The check of the whole file tells.
 * @param db open on that database, outside a transaction of its own. Reads all of it.
 * @returns damaged: it is; sound: whole by now; else why it still cannot be read: E_IO, E_NO_MEMORY.
 */
export function behindDamage(db: Db): 'damaged' | 'sound' | CodedError {
  try {
    return checkIntegrity(db).isSound ? 'sound' : 'damaged';
  } catch (error) {
    const told = fromSqlite(error, 'checking the file');
    return told.appError.code === 'E_IO' || isUnanswered(error) ? told : 'damaged';
  }
}

/** For one that was called damaged and is sound. */
export const wrongAnswer = (): CodedError =>
  coded('E_IO', 'For a moment the disk gave a wrong answer: SQLite met damage that is not in the file.');
