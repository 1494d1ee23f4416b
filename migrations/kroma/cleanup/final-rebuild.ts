import { namesIn, quoteName, renameReferences, tableExists, type CanonicalTable, type Db } from '@engine/migration.ts';
import {
  createSql,
  definitionOf,
  finalColumns,
  finalTable,
  generatedColumns,
  listedColumns,
  namesOf,
  renames,
  wordRule,
  type FinalTable,
} from './final-schema.ts';
import { ensureIndexes, isReplacedIndex } from './final-indexes.ts';
import { missingWordRules, notFinal } from './final-shape.ts';
import { unlikeColumns } from '../rules/affinity.ts';

/**
 * Brings tables to their final definition. A table that has it already (made by an earlier migration) is not copied;
 * the rest are, each in one statement in the order of their rowids, which they keep. Part of the rebuilding migrations.
 */

/** One of our triggers that goes on when its table is final. */
type KeepsTrigger = (name: string) => boolean;

/** @throws Error naming what its owner added and what cannot be kept; nothing is committed then. */
export function makeFinal(db: Db, table: CanonicalTable, keepsTrigger: KeepsTrigger): void {
  const listed = listedColumns(db, table);
  if (!tableExists(db, table.name)) {
    if (table.isExtension !== true) db.exec(createSql(table.name, finalTable(db, table, listed)));
  } else if (notFinal(db, table).length > 0) {
    assertAlike(db, table);
    rebuild(db, nameInFile(db, table.name), finalTable(db, table, listed), keepsTrigger);
  } else {
    dropReplacedIndexes(db, table.name);
    for (const name of missingWordRules(db, table, listed)) {
      const column = table.columns.find((each) => each.name === name);
      if (column) db.exec(`ALTER TABLE ${table.name} ADD ${wordRule(table.name, column)}`);
    }
  }
  if (tableExists(db, table.name)) ensureIndexes(db, table);
}

/** A copy into another type would change values without a word. The plan tries this on the bare schema, and says so. */
function assertAlike(db: Db, table: CanonicalTable): void {
  const types = Object.fromEntries(finalColumns(db, table).map(({ name, type }) => [name, type]));
  const unlike = unlikeColumns(db, table.name, types);
  if (unlike.length > 0) throw new Error(`${unlike.join('; ')}: values could change`);
}

/** Tables that nobody but their owner knows and that refer to a table which goes: only their references change. */
export function turnReferences(db: Db, known: readonly string[]): void {
  const parents = Object.keys(renames)
    .map((name) => `'${name}'`)
    .join(', ');
  const tables = db
    .prepare<[], string>(
      `SELECT DISTINCT m.name FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f
       WHERE m.type = 'table' AND lower(f."table") IN (${parents})`,
    )
    .pluck()
    .all()
    .filter((name) => !known.includes(name.toLowerCase()));
  for (const name of tables) rebuild(db, name, withTurnedReferences(db, name), () => true);
}

function withTurnedReferences(db: Db, name: string): FinalTable {
  const { columns, constraints, options } = definitionOf(db, name);
  const generated = generatedColumns(db, name);
  return {
    columns: columns.map((column) => ({
      name: column.name,
      sql: renameReferences(column.text, renames),
      isCopied: !generated.includes(column.name.toLowerCase()),
    })),
    rules: constraints.map(({ text }) => renameReferences(text, renames)),
    options,
  };
}

/** In the letters that the file has it in: views, indexes and triggers of others are compared with what they were. */
const nameInFile = (db: Db, table: string): string =>
  db
    .prepare<[string], string>(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE`)
    .pluck()
    .get(table) ?? table;

interface Saved {
  readonly indexes: readonly { readonly name: string; readonly sql: string; readonly columns: readonly string[] }[];
  readonly triggers: readonly { readonly name: string; readonly sql: string }[];
  readonly statistics: readonly Statistics[];
  /** The last number given out by AUTOINCREMENT, or null. */
  readonly sequence: number | bigint | null;
}

/**
 * Create under a new name, copy, drop, rename: in this order nothing ever refers to a table that is about to go. Foreign
 * keys must be off, or dropping the old table would delete the rows of others.
 */
function rebuild(db: Db, name: string, target: FinalTable, keepsTrigger: KeepsTrigger): void {
  if (db.pragma('foreign_keys', { simple: true }) !== 0) throw new Error('foreign keys are on');
  const saved = save(db, name);
  const temporary = `_phasewise_new_${name}`;
  db.exec(createSql(temporary, target));
  copyRows(db, name, temporary, target);
  withoutRewriting(db, () => {
    db.exec(`DROP TABLE ${quoteName(name)}`);
    db.exec(`ALTER TABLE ${quoteName(temporary)} RENAME TO ${quoteName(name)}`);
  });
  putBack(db, name, saved, keepsTrigger);
}

function save(db: Db, name: string): Saved {
  const objects = (type: string) =>
    db
      .prepare<[string, string], { name: string; sql: string }>(
        `SELECT name, sql FROM sqlite_schema WHERE type = ? AND tbl_name = ? COLLATE NOCASE AND sql IS NOT NULL ORDER BY rowid`,
      )
      .all(type, name);
  const hasSequence = tableExists(db, 'sqlite_sequence');
  const sequence = hasSequence
    ? db
        .prepare<[string], bigint>(`SELECT seq FROM sqlite_sequence WHERE name = ? COLLATE NOCASE`)
        .pluck()
        .safeIntegers()
        .get(name)
    : undefined;
  return {
    indexes: objects('index').map((index) => ({ ...index, columns: columnsIn(db, name, index.sql) })),
    triggers: objects('trigger'),
    statistics: readStatistics(db, name),
    sequence: sequence ?? null,
  };
}

/** Everything that stood on the table and still means something. */
function putBack(db: Db, name: string, saved: Saved, keepsTrigger: KeepsTrigger): void {
  const present = namesOf(db, name);
  for (const index of saved.indexes) {
    // One that names a column which is gone can't be made. The engine holds every step to the indexes that it removes,
    // and refuses the file beforehand, naming all of them at once.
    const isPossible = index.columns.every((column) => present.has(column));
    if (isPossible && !isReplacedIndex(index.name)) db.exec(index.sql);
  }
  for (const trigger of saved.triggers) {
    if (!isOurs(trigger.name) || keepsTrigger(trigger.name)) db.exec(trigger.sql);
  }
  writeStatistics(db, name, saved.statistics);
  if (saved.sequence === null) return;
  db.prepare(`DELETE FROM sqlite_sequence WHERE name = ?`).run(name);
  db.prepare(`INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`).run(name, saved.sequence);
}

const isOurs = (name: string): boolean => name.toLowerCase().startsWith('_phasewise_');

/** Columns that an index names anywhere: as its own, in an expression, or in its condition. */
function columnsIn(db: Db, table: string, sql: string): string[] {
  const named = namesIn(sql);
  return [...namesOf(db, table)].filter((column) => named.has(column));
}

/** All rows in one statement, in the order of their rowids where the table has them. */
function copyRows(db: Db, from: string, to: string, { columns }: FinalTable): void {
  const copied = columns.filter(({ isCopied }) => isCopied).map(({ name }) => quoteName(name));
  const rowid = rowidOf(db, from);
  const list = [...(rowid === null ? [] : [rowid]), ...copied].join(', ');
  const order = rowid === null ? '' : ` ORDER BY ${rowid}`;
  const { changes } = db
    .prepare(`INSERT INTO ${quoteName(to)} (${list}) SELECT ${list} FROM ${quoteName(from)}${order}`)
    .run();
  const rows = db
    .prepare<[], number>(`SELECT count(*) FROM ${quoteName(from)}`)
    .pluck()
    .get();
  if (changes !== rows) throw new Error(`${changes} of ${rows} rows of ${from} were copied`);
}

/** A name by which the rowid can be asked for and set, or null: no rowid, or all its names are taken by columns. */
function rowidOf(db: Db, table: string): string | null {
  const isWithout = db
    .prepare<[string], number>(`SELECT wr FROM pragma_table_list(?) WHERE schema = 'main'`)
    .pluck()
    .get(table);
  if (isWithout !== 0) return null;
  const taken = new Set(
    db.prepare<[string], string>(`SELECT lower(name) FROM pragma_table_xinfo(?)`).pluck().all(table),
  );
  return ['rowid', '_rowid_', 'oid'].find((word) => !taken.has(word)) ?? null;
}

/** References, triggers and views of others name the table as they did before: nothing of them is to be rewritten. */
function withoutRewriting(db: Db, work: () => void): void {
  const before = db.pragma('legacy_alter_table', { simple: true });
  db.pragma('legacy_alter_table = ON');
  try {
    if (db.pragma('legacy_alter_table', { simple: true }) !== 1) throw new Error('SQLite rewrites references');
    work();
  } finally {
    db.pragma(`legacy_alter_table = ${String(before)}`);
  }
}

function dropReplacedIndexes(db: Db, table: string): void {
  const names = db
    .prepare<[string], string>(`SELECT name FROM pragma_index_list(?) WHERE origin = 'c'`)
    .pluck()
    .all(table);
  for (const name of names.filter(isReplacedIndex)) db.exec(`DROP INDEX ${quoteName(name)}`);
}

interface Statistics {
  readonly idx: string | null;
  readonly stat: string | null;
}

/** What ANALYZE found goes with the table that it speaks of; it is as true of the new one. */
const readStatistics = (db: Db, table: string): Statistics[] =>
  tableExists(db, 'sqlite_stat1')
    ? db.prepare<[string], Statistics>(`SELECT idx, stat FROM sqlite_stat1 WHERE tbl = ? COLLATE NOCASE`).all(table)
    : [];

function writeStatistics(db: Db, table: string, rows: readonly Statistics[]): void {
  const present = new Set(db.prepare<[string], string>(`SELECT name FROM pragma_index_list(?)`).pluck().all(table));
  const insert = `INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)`;
  for (const { idx, stat } of rows) if (idx === null || present.has(idx)) db.prepare(insert).run(table, idx, stat);
}
