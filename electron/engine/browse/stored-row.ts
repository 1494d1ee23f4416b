import { createHash } from 'node:crypto';
import type { CellValue } from '@shared/browse.ts';
import { quoteName, type Db } from '../migration.ts';
import type { SqlValue } from '../migration-values.ts';
import { MOST_LOADED_BYTES } from './cell-range.ts';
import { cellColumns, cellGroups, cellValue, COLUMNS_PER_CELL } from './cells.ts';
import type { Located } from './locate.ts';
import { encodePlace, placeColumns, placeValue, type Place } from './row-key.ts';
import { cellOrFailure } from './readable.ts';
import { isMasked, virtualColumns, type Subject } from './subject.ts';

/** One row of one file, ready to be compared with one of another file. */
export interface StoredRow {
  readonly db: Db;
  readonly subject: Subject;
  readonly row: Located;
  /** By column; masked ones without their value. */
  readonly cells: ReadonlyMap<string, CellValue>;
}

/** Comparing would load a value that this process must not load. */
export class TooLarge extends Error {}

/** A loaded value stands in memory once; its parts are hashed one after the other, bytes. */
const PART_BYTES = 8_000_000;

/** @returns null when no row is there. */
export function readStored(db: Db, subject: Subject, row: Located, columns: readonly string[]): StoredRow | null {
  const cells = new Map<string, CellValue>();
  // One row is small enough to read what has to be computed cell by cell: where that fails, the others are there.
  const virtual = new Set(virtualColumns(subject));
  const apart = columns.filter((name) => virtual.has(name));
  for (const name of apart) {
    const isHidden = isMasked(subject, name);
    const read = () => cellValue(rowOf(db, row, cellsOf(subject, [name])) ?? ['null'], isHidden, subject.encoding);
    cells.set(name, cellOrFailure(subject, name, read));
  }
  for (const names of cellGroups(columns.filter((each) => !virtual.has(each)))) {
    const found = rowOf(db, row, cellsOf(subject, names));
    if (!found) return null;
    for (const [at, name] of names.entries()) {
      const own = found.slice(at * COLUMNS_PER_CELL, (at + 1) * COLUMNS_PER_CELL);
      cells.set(name, cellValue(own, isMasked(subject, name), subject.encoding));
    }
  }
  return { db, subject, row, cells };
}

/** Exactly as stored. NULLs when no row is there. */
export function readPlace(db: Db, row: Located, columns: readonly string[]): Place {
  if (columns.length === 0) return [];
  const names = columns.map((name) => placeColumns(quoteName(name)));
  const found = rowOf(db, row, names);
  return columns.map((_, at) => placeValue(String(found?.[2 * at] ?? 'null'), found?.[2 * at + 1] ?? null));
}

/**
 * Storage class and every byte. Length is asked first; what a cell shows whole is compared as it is.
 * @throws TooLarge
 */
export function isSameValue(
  here: StoredRow,
  column: string,
  there: StoredRow,
  backupColumn: string,
  mayLoad: boolean,
): boolean {
  const [now, then] = [here.cells.get(column), there.cells.get(backupColumn)];
  if (now === undefined || then === undefined || now.type !== then.type) return false;
  if ('length' in now && 'length' in then && now.length !== then.length) return false;
  if (now.type === 'null') return true;
  if (now.type === 'failed') return false; // nobody knows
  if (!isCut(now) && !isCut(then)) return JSON.stringify(now) === JSON.stringify(then);
  // CAST would round a real to 15 digits.
  if (now.type === 'masked' && /integer|real/.test(now.storage))
    return exact(here, column) === exact(there, backupColumn);
  if (!mayLoad && 'length' in now && now.length > MOST_LOADED_BYTES) throw new TooLarge();
  return digestOf(here, column) === digestOf(there, backupColumn);
}

const exact = ({ db, row }: StoredRow, column: string): string => encodePlace(readPlace(db, row, [column]));

const isCut = (cell: CellValue): boolean => {
  if (cell.type === 'masked' || cell.type === 'broken-text') return true;
  if (cell.type === 'blob') return cell.hex.length < 2 * cell.length;
  return cell.type === 'text' && cell.isCut === true;
};

function digestOf({ db, row }: StoredRow, column: string): string {
  const name = quoteName(column);
  const hash = createHash('sha256');
  const part = db
    .prepare<SqlValue[], [string, Uint8Array | null]>(
      `SELECT typeof(${name}), substr(CAST(${name} AS BLOB), ?, ?) FROM ${row.sql} WHERE ${row.where}`,
    )
    .raw();
  for (let from = 1; ; from += PART_BYTES) {
    const [type, bytes] = part.get(from, PART_BYTES, ...row.params) ?? ['null', null];
    hash.update(from === 1 ? `${type}:` : '').update(bytes ?? '');
    if ((bytes?.length ?? 0) < PART_BYTES) return hash.digest('hex');
  }
}

const cellsOf = (subject: Subject, names: readonly string[]): string[] =>
  names.map((name) => cellColumns(quoteName(name), isMasked(subject, name)));

const rowOf = (db: Db, { sql, where, params }: Located, columns: readonly string[]) =>
  db
    .prepare(`SELECT ${columns.join(', ')} FROM ${sql} WHERE ${where}`)
    .safeIntegers()
    .raw()
    .get(...params) as SqlValue[] | undefined;
