import { setImmediate as nextTurn } from 'node:timers/promises';
import { coded } from '@shared/errors.ts';
import type { Db } from './migration.ts';

export interface Pages {
  /** 0 = nothing could be read, as long as another program locks one of the two. */
  readonly totalPages: number;
  readonly remainingPages: number;
}

/** What better-sqlite3 keeps under a symbol of its own; the parts of it that are used here (its src/objects/backup.cpp). */
interface Native {
  backup(source: Db, schema: string, target: string, isRemovedOnFailure: boolean): NativeBackup;
}
interface NativeBackup {
  transfer(pages: number): Pages;
  close(): void;
}

const ALL_PAGES = 0x7fff_ffff;

/**
 * Writes a database over one that exists, through SQLite's backup API: all of it in one transaction, or nothing. The
 * `backup` of better-sqlite3 must not be used for that. It asks access(2) whether the target is there, takes a refusal of
 * that question for "no", and removes what it holds to be its own new file when the copying fails.
 * @param onStep before the first page and after each try that was locked out; what it throws ends the copying.
 * @returns what the last step said, which is no proof: see `Pages`.
 * @throws the error of SQLite or of `onStep`; nothing is in the target then, unless SQLite says SQLITE_IOERR.
 */
export async function overwritePages(source: Db, target: string, onStep: (pages: Pages) => void): Promise<Pages> {
  const copy = nativeOf(source).backup(source, 'main', target, false);
  try {
    for (let wanted = 0; ; wanted = ALL_PAGES) {
      await nextTurn();
      const pages = copy.transfer(wanted);
      if (pages.remainingPages === 0) return pages;
      onStep(pages);
    }
  } finally {
    copy.close();
  }
}

function nativeOf(db: Db): Native {
  const kept = Object.getOwnPropertySymbols(db).map((symbol) => Reflect.get(db, symbol) as unknown);
  const native = kept.find(isNative);
  if (native === undefined) throw coded('E_INTERNAL', 'This build of better-sqlite3 is not the one it was made for.');
  return native;
}

const isNative = (value: unknown): value is Native =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, 'backup') === 'function';
