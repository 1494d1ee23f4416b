import { tableExists, type Db } from '@engine/migration.ts';

/**
 * What the triggers of both directions share. Old and new names are kept in step until the last phase: a write to one
 * side makes the other follow. Part of the migrations that import it, and as immutable as they are. Built-in functions
 * only, and only syntax that libraries of ten years ago parse; no trigger ever aborts another program's write.
 */

/**
 * Notes of the triggers, by kind:
 * - `<table>`: a row of it was made by a trigger for a program that wrote the twin only. A program that knows both
 *   names inserts into both: its own row then takes the place of ours, instead of failing on the same key.
 * - `<table>/moved`: that row is out of the way until the insert which replaces it is through.
 * - `<table>/replaced`: a row that an insert or update may be about to push out by REPLACE, which fires no trigger.
 * - `quiet`: writes to the table named by the key are ours just now, and not to be carried to the other side.
 */
export const createMirrored = `
  CREATE TABLE IF NOT EXISTS _phasewise_mirrored (
    mirror TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (mirror, key)
  ) WITHOUT ROWID`;

export const isNoted = (mirror: string, key: string): string =>
  `EXISTS (SELECT 1 FROM _phasewise_mirrored WHERE mirror = '${mirror}' AND key = ${key})`;
/** The outer statement's OR REPLACE or OR IGNORE overrides the one of a trigger: hence the guard. */
export const note = (mirror: string, key: string, condition = '1'): string => `
    INSERT INTO _phasewise_mirrored (mirror, key) SELECT '${mirror}', ${key} WHERE ${condition} AND NOT ${isNoted(mirror, key)};`;
export const forget = (mirror: string, key: string): string => `
    DELETE FROM _phasewise_mirrored WHERE mirror = '${mirror}' AND key = ${key};`;

export const isQuiet = (table: string): string => isNoted('quiet', `'${table}'`);
/** The statements of a trigger, while writes to `table` are not carried to the other side. */
export const quietly = (table: string, statements: string): string =>
  `${note('quiet', `'${table}'`)}${statements}${forget('quiet', `'${table}'`)}`;

/** The same for a backfill: whatever it writes to `tables` is on both sides already. Inside the caller's transaction. */
export function writeQuietly<T>(db: Db, tables: readonly string[], write: () => T): T {
  if (!tableExists(db, '_phasewise_mirrored')) return write(); // the old names are gone, and the triggers with them
  const start = db.prepare(`INSERT OR IGNORE INTO _phasewise_mirrored (mirror, key) VALUES ('quiet', ?)`);
  const end = db.prepare(`DELETE FROM _phasewise_mirrored WHERE mirror = 'quiet' AND key = ?`);
  for (const table of tables) start.run(table);
  const result = write();
  for (const table of tables) end.run(table);
  return result;
}

/** A table of which another one, under another name, holds the same rows under the same ids. */
export interface Twin {
  readonly table: string;
  /** Columns of a unique key beside the id. */
  readonly slot: readonly string[];
  readonly notNull: readonly string[];
}

const away = (id: string) => `'_phasewise:' || ${id}`;
const inSlot = (
  twin: Twin,
  row: string,
) => `${twin.slot.map((column) => `${row}.${column} = NEW.${column}`).join(' AND ')}
        AND ${row}.id IS NOT NEW.id`;

/** Another row of the table stands where NEW is to stand. */
export const isSlotTaken = (twin: Twin): string =>
  `EXISTS (SELECT 1 FROM ${twin.table} AS other WHERE ${inSlot(twin, 'other')})`;

/** Notes who stands where NEW is to stand: if the write is a REPLACE, that row will be gone without a trigger. */
export const noteReplaced = (twin: Twin): string => `
    INSERT INTO _phasewise_mirrored (mirror, key)
      SELECT '${twin.table}/replaced', other.id FROM ${twin.table} AS other WHERE ${inSlot(twin, 'other')}
        AND other.id IS NOT NULL AND NOT ${isNoted(`${twin.table}/replaced`, 'other.id')};`;
/** Whoever was pushed out goes from the other table, too. */
export const removeReplaced = (twin: Twin, other: Twin): string => `
    DELETE FROM ${other.table} WHERE id IN (SELECT key FROM _phasewise_mirrored WHERE mirror = '${twin.table}/replaced')
      AND NOT EXISTS (SELECT 1 FROM ${twin.table} AS t WHERE t.id = ${other.table}.id);
    DELETE FROM _phasewise_mirrored WHERE mirror = '${twin.table}/replaced';`;

/**
 * Before an insert: moves a row of ours with the same id out of the way, if the insert is going to succeed. Deleting it
 * would take along, or clear, whatever refers to it; a key that is away for the time of one statement harms nobody.
 */
export const yieldPlace = (twin: Twin): string => `
    UPDATE ${twin.table} SET id = ${away('id')}, ${twin.slot.at(-1) ?? 'id'} = ${away('id')}
      WHERE id = NEW.id AND ${isNoted(twin.table, 'NEW.id')} AND NOT ${isSlotTaken(twin)}
        AND ${twin.notNull.map((column) => `NEW.${column} IS NOT NULL`).join(' AND ')};${note(`${twin.table}/moved`, 'NEW.id', 'changes() = 1')}
    DELETE FROM _phasewise_mirrored WHERE mirror = '${twin.table}' AND key = NEW.id
      AND NOT EXISTS (SELECT 1 FROM ${twin.table} WHERE id = NEW.id);`;
/** After it: removes what was moved. */
export const removeMoved = (twin: Twin): string => `
    DELETE FROM ${twin.table} WHERE id = ${away('NEW.id')} AND ${isNoted(`${twin.table}/moved`, 'NEW.id')};${forget(`${twin.table}/moved`, 'NEW.id')}`;

/** Some of the columns are changed by an update. */
export const isChanged = (columns: readonly string[]): string =>
  `(${columns.map((column) => `NEW.${column} IS NOT OLD.${column}`).join(' OR ')})`;
/** Of an update only what it changes: other columns of the twin may have been written under its own name. */
export const changedOnly = (columns: readonly string[], value: (column: string) => string): string =>
  columns
    .map(
      (column) => `${column} = CASE WHEN NEW.${column} IS NOT OLD.${column} THEN ${value(column)} ELSE ${column} END`,
    )
    .join(',\n        ');
