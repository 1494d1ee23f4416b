import { appError, CodedError, type AppError } from '@shared/errors.ts';
import { readApplied, readBackfills } from './bookkeeping.ts';
import { isBookkeepingTable, isOwnName, isShaped, OWN_PREFIX } from './bookkeeping-tables.ts';
import type { Db, OwnObjects, Pack } from './migration.ts';
import { nameKey } from './schema.ts';

interface Found {
  readonly kind: 'table' | 'index' | 'view' | 'trigger';
  readonly name: string;
  readonly table: string;
}

/**
 * Steps drop and refill their working tables, and every proof leaves out what bears a name of ours. So it must be ours:
 * our bookkeeping, or what a migration that was begun in this file makes under that very name, in that shape and place.
 * @returns the others as "table _phasewise_notes", also what is on one of our tables and is not ours.
 */
export function strangersAmongOurs(db: Db, pack: Pack): string[] {
  const objects = db
    .prepare<[], Found>(
      // Indexes without a text are part of their table, as the tables of a virtual one are.
      `SELECT s.type AS kind, s.name, s.tbl_name AS "table" FROM sqlite_schema AS s
       LEFT JOIN pragma_table_list AS l ON l.schema = 'main' AND l.name = s.name
       WHERE s.sql IS NOT NULL AND l.type IS NOT 'shadow' ORDER BY s.rowid`,
    )
    .all()
    .filter(({ name, table }) => isOwnName(name) || isOwnName(table));
  if (objects.length === 0) return [];
  const begun = new Set([...readApplied(db).map(({ id }) => id), ...readBackfills(db).map((row) => row.migrationId)]);
  const made = Object.entries(pack.ownObjects ?? {}).flatMap(([id, own]) => (begun.has(id) ? [own] : []));
  return objects.filter((found) => !isOurs(db, found, made)).map(({ kind, name }) => `${kind} ${name}`);
}

/** The refusal naming them; null when there are none. */
export function ownNamesProblem(strangers: readonly string[]): AppError | null {
  if (strangers.length === 0) return null;
  const shown = strangers.slice(0, MOST_SHOWN).join(', ');
  const more = strangers.length > MOST_SHOWN ? ` and ${strangers.length - MOST_SHOWN} more` : '';
  return appError(
    'E_NAME_COLLISION',
    `Names that begin with ${OWN_PREFIX} are for what Phasewise makes, and it did not make: ${shown}${more}.`,
    { objects: shown, count: strangers.length },
  );
}
const MOST_SHOWN = 10;

/** @throws CodedError E_NAME_COLLISION */
export function assertOwnNames(db: Db, pack: Pack): void {
  const problem = ownNamesProblem(strangersAmongOurs(db, pack));
  if (problem) throw new CodedError(problem);
}

function isOurs(db: Db, { kind, name, table }: Found, made: readonly OwnObjects[]): boolean {
  if (kind === 'table') {
    const creates = made.flatMap(({ tables = {} }) => valuesOf(tables, name));
    return isBookkeepingTable(name) || creates.some((create) => isShaped(db, name, create));
  }
  const lists = made.map(({ indexes = {}, triggers = {} }) => (kind === 'index' ? indexes : triggers));
  return (
    kind !== 'view' &&
    lists.some((list) =>
      valuesOf(list, table)
        .flat()
        .some((own) => nameKey(own) === nameKey(name)),
    )
  );
}

const valuesOf = <T>(of: Readonly<Record<string, T>>, name: string): T[] =>
  Object.entries(of).flatMap(([key, value]) => (nameKey(key) === nameKey(name) ? [value] : []));
