import { type AppError, coded } from '@shared/errors.ts';
import { checkBookkeeping, readApplied } from './bookkeeping.ts';
import { some } from './counted.ts';
import { checkIntegrity } from './integrity.ts';
import { assertRecorded, readCheckedRecords } from './ledger.ts';
import type { Db, Pack } from './migration.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { fromSqlite } from './sqlite-error.ts';

/**
 * Whether the file is sound and at a whole step, asked after an error of the disk: every page is read, both lists of
 * steps agree, and none is missing that somebody was told of. What the steps did to the rows was proven inside their
 * transactions, and whether all of it is still true the verdict of the next run asks.
 * @param db opened since that error: what SQLite could not finish was taken back or played in by then.
 * @returns why nobody may say so; null = it is.
 */
export function wholeStepProblem(db: Db, packs: readonly Pack[], told: readonly string[]): AppError | null {
  try {
    const { isSound, lines } = checkIntegrity(db);
    if (!isSound) throw coded('E_CORRUPT', `The integrity check says: ${lines[0] ?? 'nothing'}.`);
    checkBookkeeping(db);
    const { pack } = recogniseOrRefuse(db, packs);
    readCheckedRecords(db, pack);
    const recorded = new Set(readApplied(db).map(({ id }) => id));
    for (const migration of pack.migrations) if (recorded.has(migration.id)) assertRecorded(db, pack, migration);
    const lost = told.filter((id) => !recorded.has(id));
    if (lost.length === 0) return null;
    const are = lost.length === 1 ? 'is' : 'are';
    throw coded('E_INVARIANT', `${some(lost.length, 'step')} that had been finished ${are} not recorded any more.`);
  } catch (error) {
    return fromSqlite(error, 'reading the file again', 'unknown').appError;
  }
}
