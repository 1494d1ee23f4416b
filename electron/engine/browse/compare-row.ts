import path from 'node:path';
import type { BackupComparison } from '@shared/browse.ts';
import { coded } from '@shared/errors.ts';
import { requireAlone } from '../backup-alone.ts';
import { openInspector } from '../connection.ts';
import type { Pack, TableInfo } from '../migration.ts';
import { nameKey, readSchema } from '../schema.ts';
import type { Browser } from './browser.ts';
import { canonicalOf } from './canonical-table.ts';
import { masksOf } from './masks.ts';
import { locate, locateBy } from './locate.ts';
import { isSameValue, readPlace, readStored, TooLarge, type StoredRow } from './stored-row.ts';
import { subjectOf, type Subject } from './subject.ts';

interface Asked {
  readonly table: string;
  readonly key: string;
  readonly backupPath: string;
}

/**
 * A row beside the same row in a backup: the table by its canonical or its old name, the row by its primary key, each
 * column with the one that it came from. "The same" is asked of the whole values, not of what a cell shows.
 * @param mayLoad false: values above 4 MB are not loaded to compare them.
 * @returns null when one would have had to be.
 * @throws CodedError E_BAD_REQUEST when the row is not there, or the table has no primary key to find it by; those of
 * requireAlone.
 */
export function compareWithBackup(
  browser: Browser,
  packs: readonly Pack[],
  { table, key, backupPath }: Asked,
  mayLoad: boolean,
): BackupComparison | null {
  const { db } = browser.session;
  const now = browser.subject(table);
  const own = primaryKey(now.table);
  if (own.length === 0) throw coded('E_BAD_REQUEST', 'Rows of this table have no primary key to find them by.');
  const here = readStored(db, now, locate(now, key), now.columns);
  if (!here) throw coded('E_BAD_REQUEST', 'That row is not there any more.');
  const pack = packs.find(({ id }) => id === browser.packId) ?? null;
  const canonical = canonicalOf(table, pack);
  requireAlone(backupPath);
  const backup = openInspector(backupPath);
  try {
    const schema = readSchema(backup);
    const names = [table, canonical?.name, canonical?.legacyName].flatMap((name) => (name === undefined ? [] : [name]));
    const found = names.map((name) => schema.table(name)).find((each) => each?.kind === 'table');
    const backupId = path.basename(backupPath).replace(/\.db$/, '');
    if (!found) return { backupId, table: null, isThere: false, columns: [] };
    const masked = masksOf(backup, schema, pack).get(nameKey(found.name)) ?? new Set();
    const then = subjectOf(backup, schema, found.name, new Set([...now.masked, ...masked]));
    const pairs = pairColumns(now, then, originOf(canonical));
    const identity = own.map((name) => pairs.find(({ column }) => column === name)?.backupColumn ?? null);
    const place = readPlace(db, here.row, own);
    // Without its key there, no row of the backup is this one.
    const known = identity.flatMap((name) => name ?? []);
    const there =
      known.length < own.length ? null : readStored(backup, then, locateBy(then, known, place), then.columns);
    return { backupId, table: found.name, isThere: there !== null, columns: side(pairs, here, there, mayLoad) };
  } catch (error) {
    if (error instanceof TooLarge) return null;
    throw error;
  } finally {
    backup.close();
  }
}

const primaryKey = (table: TableInfo): string[] =>
  table.columns
    .filter(({ primaryKeyPosition }) => primaryKeyPosition > 0)
    .toSorted((a, b) => a.primaryKeyPosition - b.primaryKeyPosition)
    .map(({ name }) => name);

interface Pair {
  readonly column: string | null;
  readonly backupColumn: string | null;
}

function side(
  pairs: readonly Pair[],
  here: StoredRow,
  there: StoredRow | null,
  mayLoad: boolean,
): BackupComparison['columns'] {
  return pairs.map(({ column, backupColumn }) => {
    const isPair = column !== null && backupColumn !== null && there !== null;
    return {
      column,
      backupColumn,
      now: column === null ? null : (here.cells.get(column) ?? null),
      backup: backupColumn === null ? null : (there?.cells.get(backupColumn) ?? null),
      isSame: isPair && isSameValue(here, column, there, backupColumn, mayLoad),
    };
  });
}

/** The old name of a column, as the pack says. */
const originOf =
  (canonical: Pack['canonical'][number] | undefined) =>
  (name: string): string | undefined =>
    canonical?.columns.find((each) => each.name === name)?.legacyName ??
    Object.entries(canonical?.legacyColumns ?? {}).find(([, replacement]) => replacement === name)?.[0];

/** Same name first; then what a canonical column replaces; what has no partner stands alone. */
function pairColumns(now: Subject, then: Subject, origin: (name: string) => string | undefined): Pair[] {
  const there = new Map(then.columns.map((name) => [nameKey(name), name]));
  const partner = (name: string | undefined): string | null => there.get(nameKey(name ?? '')) ?? null;
  const pairs = now.columns.map((column): Pair => ({
    column,
    backupColumn: partner(column) ?? partner(origin(column)),
  }));
  const taken = new Set(pairs.map(({ backupColumn }) => backupColumn));
  const alone = then.columns.filter((name) => !taken.has(name));
  return [...pairs, ...alone.map((name): Pair => ({ column: null, backupColumn: name }))];
}
