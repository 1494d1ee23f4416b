import { ensureTriggers, isRecorded, wrongTriggers, type Db } from '@engine/migration.ts';
import { unlikeColumns } from '../rules/affinity.ts';
import { canonical } from '../schema/canonical.ts';
import { createMirrored } from './mirror.ts';

/**
 * Which triggers keep old and new names in step, by direction. Every trigger of a migration is named
 * `_phasewise_<number of the migration>_<what>`; those that make the old names follow the new ones end in `_follows`.
 */
const cutOver = '20260221_0025_cut_over';

/** Triggers of the file that carry what older programs write over to the new names: the cut-over drops them. */
export const legacyToCanonical = (db: Db): string[] => mirrorTriggers(db).filter((name) => !isFollowing(name));

/** Triggers of the file that make the old names follow the new ones: they stay until the old names go. */
export const canonicalToLegacy = (db: Db): string[] => mirrorTriggers(db).filter(isFollowing);

/** From the cut-over on, nothing is demanded of the triggers of both directions. */
export const isCutOver = (db: Db): boolean => isRecorded(db, cutOver);

type Triggers = Readonly<Record<string, string>>;

/** @throws Error naming old columns whose type keeps values differently than that of the new ones. */
export function ensureMirrors(db: Db, carried: Triggers, following: Triggers): void {
  if (isCutOver(db)) return;
  const tables = new Set(Object.values(following).flatMap((sql) => / ON (\w+)/.exec(sql)?.[1] ?? []));
  const unlike = [...tables].flatMap((table) => unlikeColumns(db, table, oldTypes(table)));
  if (unlike.length > 0) throw new Error(`${unlike.join('; ')}: values would come back changed`);
  db.exec(createMirrored);
  ensureTriggers(db, { ...carried, ...following });
}

/** Old columns that say word for word what a new one does, with its type. */
function oldTypes(name: string): Record<string, string> {
  const table = canonical.find((each) => each.name === (name === 'users' ? 'app_users' : name));
  const pairs =
    name === 'users' ? userColumns.map((column) => [column, column]) : Object.entries(table?.legacyColumns ?? {});
  return Object.fromEntries(
    pairs.flatMap(([old = '', now]) => {
      const type = table?.columns.find((column) => column.name === now)?.type;
      return type === undefined || convertedColumns.includes(`${name}.${old}`) ? [] : [[old, type]];
    }),
  );
}
/** Those in which a user and their twin must be equal. */
const userColumns = ['username', 'display_name', 'email', 'is_active'];
const convertedColumns = ['quality_reports.rating', 'cost_events.amount_cents'];

/** In words, which of these triggers are missing or have another text; for `shape`. */
export const wrongMirrors = (db: Db, carried: Triggers, following: Triggers): string[] =>
  isCutOver(db) ? [] : wrongTriggers(db, { ...carried, ...following });

const isFollowing = (name: string): boolean => name.endsWith('_follows');

/** Not the ones that write the list of events: they are no mirror of anything and outlive the old names. */
function mirrorTriggers(db: Db): string[] {
  const sql = `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '_phasewise_[0-9][0-9][0-9][0-9]_*'
    AND NOT (name GLOB '_phasewise_0016_*' AND tbl_name <> 'audit_events') ORDER BY name`;
  return db.prepare<[], string>(sql).pluck().all();
}
