import { tableExists, type Db } from '@engine/migration.ts';
import { isAdded } from '../rules/own-rule.ts';

/**
 * What the triggers of both directions share. Old and new names are kept in step until the last phase: a write to one
 * side makes the other follow. Part of the migrations that import it, and as immutable as they are. Built-in functions
 * only, and only syntax that libraries of ten years ago parse; no trigger ever aborts another program's write.
 */

/**
 * Notes of the triggers, by kind:
 * - `<table>`: a row of it was made by a trigger for a program that wrote the twin only. A program that knows both
 *   names inserts into both: its own row then takes the place of ours, instead of failing on the same key. It does so
 *   at about the same time: after a quarter of an hour the row is like any other.
 * - `<table>/moved`: that row is out of the way until the insert which replaces it is through.
 * - `<table>/arrives`: a row with this key is being inserted where there is one; it counts within its statement only.
 * - `recursive`: triggers are, as `recursionProbe` has just found; `recursive?` and `recursive?!` are how it asks.
 * - `<table>/replaced`: a row that an insert or update may be about to push out by REPLACE, which fires no trigger.
 * - `quiet`: writes to the table named by the key are ours just now, and not to be carried to the other side.
 */
export const createMirrored = `
  CREATE TABLE IF NOT EXISTS _phasewise_mirrored (
    mirror TEXT NOT NULL,
    key TEXT NOT NULL,
    noted_at REAL NOT NULL DEFAULT (julianday('now')),
    PRIMARY KEY (mirror, key)
  ) WITHOUT ROWID`;

export const isNoted = (mirror: string, key: string): string =>
  `EXISTS (SELECT 1 FROM _phasewise_mirrored WHERE mirror = '${mirror}' AND key = ${key})`;
/** Seconds for which our row gives way: a program writes both names in one go, which may be one long transaction. */
const GIVES_WAY_SECONDS = 900;
const isRecent = `abs(julianday('now') - noted_at) * 86400 <= ${GIVES_WAY_SECONDS}`;
/** Notes by which no row gives way any more. */
export const forgetStale = `
    DELETE FROM _phasewise_mirrored WHERE NOT ${isRecent};`;
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

/** A table of whose rows we make some for a program that says the same elsewhere, under the same key. */
export interface Twin {
  readonly table: string;
  /** The column by which both rows are the same; unique. */
  readonly key: string;
  /** Columns of a unique key beside it. */
  readonly slot: readonly string[];
  readonly notNull: readonly string[];
  /** All columns of ours but the key. */
  readonly columns: readonly string[];
  /** True, as SQL, where NEW leaves a column open that the row `there` fills. */
  readonly isLeftTo: (there: string, column: string) => string;
}

/** What a column says that is neither empty nor at the default of an empty text, object or number. */
const says = (value: string) => `ifnull(${value}, '') NOT IN ('', '{}', 0)`;
/** For columns in which these mean that nothing is said. */
export const isLeftTo = (there: string, column: string): string =>
  `(NOT ${says(`NEW.${column}`)} AND ${says(`${there}.${column}`)})`;

const away = (key: string) => `'_phasewise:' || ${key}`;
const inSlot = (twin: Twin, row: string, wanted = 'NEW') =>
  `${twin.slot.map((column) => `${row}.${column} = ${wanted}.${column}`).join(' AND ')}
        AND ${row}.${twin.key} IS NOT ${wanted}.${twin.key}`;

/** Another row of the table stands where NEW, or another row, is to stand. */
export const isSlotTaken = (twin: Twin, wanted = 'NEW'): string =>
  `EXISTS (SELECT 1 FROM ${twin.table} AS other WHERE ${inSlot(twin, 'other', wanted)})`;

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
 * Our row with the key of NEW is to give way: it was made just so, and the insert is going to succeed.
 */
export const givesWay = (twin: Twin): string => `EXISTS (SELECT 1 FROM _phasewise_mirrored
      WHERE mirror = '${twin.table}' AND key = NEW.${twin.key} AND ${isRecent})
    AND EXISTS (SELECT 1 FROM ${twin.table} WHERE ${twin.key} = NEW.${twin.key})
    AND ${twin.notNull.map((column) => `NEW.${column} IS NOT NULL`).join(' AND ')} AND NOT ${isSlotTaken(twin)}`;

const hasWord = (word: string, text = 'lower(sql)') => `${text} GLOB '*[^a-z0-9_]${word}[^a-z0-9_]*'`;
/** What a trigger says of itself before its statements. */
const head = `substr(lower(sql), 1, instr(lower(sql), 'begin'))`;
/** A trigger that comes after the insert, and lets those behind it come too, sees nothing move and nothing go. */
const isOnlyAfterInsert = `(${hasWord('after', head)} AND ${hasWord('insert', head)} AND instr(lower(sql), 'rais') = 0
              AND NOT (${['before', 'update', 'delete'].map((word) => hasWord(word, head)).join(' OR ')}))`;
const isOfTable = (table: string) => `tbl_name = '${table}' COLLATE NOCASE`;
/**
 * Something of the owner's might follow a key that moves, hold it fast, or keep the insert from coming. Cheap conditions
 * first, and no CASE, in which SQLite would work out all of them: a file has hundreds of long texts, and most tables
 * have a column updated_at.
 */
const isHeld = ({ table }: Twin) => `EXISTS (SELECT 1 FROM sqlite_master
        WHERE (type = 'trigger' AND ${isOfTable(table)} AND name NOT GLOB '_phasewise_*' AND NOT ${isOnlyAfterInsert})
          OR (type = 'table' AND instr(lower(sql), '${table}') > 0 AND instr(replace(lower(sql), 'updated_at', ''), 'update') > 0
            AND ${hasWord('update')})
          OR (type = 'table' AND ${isOfTable(table)} AND instr(lower(sql), 'check') > 0 AND ${hasWord('check')})
          OR (${isAdded(table)}))`;

/**
 * Before an insert for which our row gives way: moves it aside. Deleting it would take along, or clear, whatever refers
 * to it; a key that is away for the time of one statement harms nobody, save where something of the owner's watches it.
 * There our row says what NEW says and stays: the insert is not needed any more, and columns of the owner's stay, too.
 */
export const yieldPlace = (
  twin: Twin,
): string => `${note(`${twin.table}/moved`, `NEW.${twin.key}`, `NOT ${isHeld(twin)}`)}
    UPDATE ${twin.table} SET ${twin.columns
      .map(
        (column) => `${column} = CASE WHEN ${twin.isLeftTo(twin.table, column)} THEN ${column} ELSE NEW.${column} END`,
      )
      .join(',\n        ')}
      WHERE ${twin.key} = NEW.${twin.key} AND NOT ${isMoved(twin)};${forget(twin.table, `NEW.${twin.key}`)}
    SELECT RAISE(IGNORE) WHERE NOT ${isMoved(twin)};
    UPDATE ${twin.table} SET ${twin.key} = ${away(twin.key)}, ${twin.slot.at(-1) ?? twin.key} = ${away(twin.key)}
      WHERE ${twin.key} = NEW.${twin.key};`;
/** A row is out of the way of NEW, or about to be. */
export const isMoved = (twin: Twin): string => isNoted(`${twin.table}/moved`, `NEW.${twin.key}`);
/** After the insert: what it left open comes from the row that was there. */
export const completeFromMoved = (twin: Twin): string => `
    UPDATE ${twin.table} SET (${twin.columns.join(', ')}) = (
        SELECT ${twin.columns.map((column) => `CASE WHEN ${twin.isLeftTo('m', column)} THEN m.${column} ELSE ${twin.table}.${column} END`).join(',\n          ')}
        FROM ${twin.table} AS m WHERE m.${twin.key} = ${away(`NEW.${twin.key}`)})
      WHERE ${twin.key} = NEW.${twin.key} AND EXISTS (SELECT 1 FROM ${twin.table} AS m WHERE m.${twin.key} = ${away(`NEW.${twin.key}`)}
        AND (${twin.columns.map((column) => twin.isLeftTo('m', column)).join(' OR ')}));`;
/** Then removes it. */
export const removeMoved = (twin: Twin): string => `
    DELETE FROM ${twin.table} WHERE ${twin.key} = ${away(`NEW.${twin.key}`)} AND ${isMoved(twin)};${forget(`${twin.table}/moved`, `NEW.${twin.key}`)}`;

/** Where triggers are not recursive, it cannot fire itself. Asked by name, SQLite does not always tell (trusted_schema). */
export const recursionProbe: Readonly<Record<string, string>> = {
  _phasewise_0001_recursive_follows: `CREATE TRIGGER _phasewise_0001_recursive_follows AFTER INSERT ON _phasewise_mirrored
  WHEN NEW.mirror IN ('recursive?', 'recursive?!')
  BEGIN
    INSERT INTO _phasewise_mirrored (mirror, key) SELECT CASE NEW.mirror WHEN 'recursive?' THEN 'recursive?!' ELSE 'recursive' END, '';
  END`,
};

/**
 * Before an insert where a row with the key of NEW is: if it is a REPLACE and triggers are recursive, that row goes and
 * comes back, and its twin has to stay. Where they are not, nothing is told of its going. Time stands still within a
 * statement, so that a note which an insert that came to nothing has left behind soon tells nothing.
 */
export const noteArrival = ({ table, key }: Twin): string => `
    DELETE FROM _phasewise_mirrored WHERE mirror = '${table}/arrives';
    INSERT INTO _phasewise_mirrored (mirror, key) VALUES ('recursive?', '');
    INSERT INTO _phasewise_mirrored (mirror, key) SELECT '${table}/arrives', NEW.${key}
      WHERE NEW.${key} IS NOT NULL AND ${isNoted('recursive', "''")} AND EXISTS (SELECT 1 FROM ${table} WHERE ${key} = NEW.${key});
    DELETE FROM _phasewise_mirrored WHERE mirror IN ('recursive?', 'recursive?!', 'recursive');`;
export const forgetArrival = ({ table, key }: Twin, row = 'NEW'): string => forget(`${table}/arrives`, `${row}.${key}`);
export const isArriving = ({ table, key }: Twin): string => isNoted(`${table}/arrives`, `NEW.${key}`);
/** The insert has become an update of the row that was there: nothing comes back. */
export const stayTrigger = (name: string, twin: Twin): Record<string, string> => ({
  [name]: `CREATE TRIGGER ${name} BEFORE UPDATE ON ${twin.table}
  WHEN ${isNoted(`${twin.table}/arrives`, `OLD.${twin.key}`)}
  BEGIN${forgetArrival(twin, 'OLD')}
  END`,
});
/** OLD is on its way back. */
export const isBack = ({ table, key }: Twin): string => `EXISTS (SELECT 1 FROM _phasewise_mirrored
      WHERE mirror = '${table}/arrives' AND key = OLD.${key} AND noted_at = julianday('now'))`;
export const isThere = ({ table, key }: Twin): string => `EXISTS (SELECT 1 FROM ${table} WHERE ${key} = NEW.${key})`;

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
