import type { Db, IdentifiedMigration, IndexInfo, Pack, Schema } from './migration.ts';
import { rowCounter } from './row-count.ts';
import { isReadFailure } from './sqlite-error.ts';

/**
 * What one pass over as many rows as the file holds adds to it, as a share of its size: measured 0.40 to 0.83 on real
 * and on made files (`npm run bench -- --space`), and as much as that again only where rows are far from even.
 */
const SHARE_PER_PASS = 0.9;
/** Rows that have their place already are still looked at, and some of them are written. */
const LEAST_FRESH = 0.25;

/**
 * What the file will at most grow by, in bytes: every open step writes about as much as the rows that it looks at are
 * of the whole, less what stands in its target already.
 */
export function expectedGrowth(
  db: Db,
  schema: Schema,
  steps: readonly IdentifiedMigration[],
  databaseBytes: number,
): number {
  const count = rowCounter(db);
  const rowsOf = (name: string): number => {
    const table = schema.table(name);
    return table?.kind === 'table' ? count(table).value : 0;
  };
  const total = [...schema.tables.values()].reduce((sum, table) => sum + rowsOf(table.name), 0);
  if (total === 0) return 0;
  const passes = steps.reduce((sum, { backfills = [], effect }) => {
    const rows = backfills.reduce((all, { source }) => all + rowsOf(source), 0);
    const there = effect.grows.reduce((all, table) => all + rowsOf(table), 0);
    return sum + rows * Math.max(LEAST_FRESH, 1 - there / Math.max(rows, 1));
  }, 0);
  return Math.ceil((databaseBytes * SHARE_PER_PASS * passes) / total);
}

/** What steps that copy whole tables take, in bytes. */
export interface Rebuild {
  /** The file gets larger by the largest copy: each is made before its table goes, whose pages then serve the next one. */
  readonly growthBytes: number;
  /** The most that one of these steps writes in its one transaction: its tables with their indexes. */
  readonly writtenBytes: number;
}

/**
 * What copying tables takes, by what they take now: copies are without the old columns and packed close. Measured 0.3 to
 * 0.97 of it on real and on made files. What earlier steps of the same plan add to these tables is part of their growth,
 * which is asked for generously. Reads the pages of these tables.
 * @param growthBytes of all other steps: pages that are free in the file serve them before a copy.
 */
export function expectedRebuild(
  db: Db,
  schema: Schema,
  { rebuilds }: Pick<Pack, 'rebuilds'>,
  steps: readonly IdentifiedMigration[],
  { databaseBytes, growthBytes }: { databaseBytes: number; growthBytes: number },
): Rebuild {
  const copied = rebuilds?.(
    db,
    steps.map(({ id }) => id),
  );
  if (copied === undefined || copied.every((tables) => tables.length === 0)) return { growthBytes: 0, writtenBytes: 0 };
  const [pageSize = 0, freePages = 0] = ['page_size', 'freelist_count'].map((name) =>
    Number(db.pragma(name, { simple: true })),
  );
  const free = freePages * pageSize;
  const used = databaseBytes - free;
  const bytesOf = (...names: string[]): number =>
    Math.min(
      used,
      names.reduce((sum, name) => sum + (storedBytes(db, name) ?? used), 0),
    );
  const sizes = copied.map((tables) =>
    tables.map((name) => {
      const table = schema.table(name);
      const indexes = (isWanted: (index: IndexInfo) => boolean) =>
        (table?.indexes ?? []).filter(isWanted).map((index) => index.name);
      // Those of its rules are filled with the copy; the others are built anew when the old table has gone.
      const own = bytesOf(table?.name ?? name, ...indexes(({ origin }) => origin !== 'c'));
      return { own, whole: own + bytesOf(...indexes(({ origin }) => origin === 'c')) };
    }),
  );
  const largest = Math.max(0, ...sizes.flat().map(({ own }) => own));
  const written = sizes.map((tables) => tables.reduce((sum, { whole }) => sum + whole, 0));
  return {
    growthBytes: Math.max(0, largest - Math.max(0, free - growthBytes)),
    writtenBytes: Math.min(used, Math.max(0, ...written)),
  };
}

/** The pages of a table or index. null = SQLite cannot say: a table of the file has the name of its own. */
function storedBytes(db: Db, name: string): number | null {
  try {
    return db.prepare<[string], number>(`SELECT pgsize FROM dbstat('main', 1) WHERE name = ?`).pluck().get(name) ?? 0;
  } catch (error) {
    if (isReadFailure(error)) throw error;
    return null;
  }
}
