import type { Db } from '@engine/migration.ts';
import { preparedOnce } from '../../../migrations/kroma/rules/prepared.ts';
import { textOf, type Row, type Value } from '../oracle/rows.ts';
import { SOME_TIME, someId } from './files.ts';
import type { Memory } from './memory.ts';

/** Columns whose value is the moment of a trigger. */
const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/**
 * Compares every row of every table with the model, to the byte. What only the file can know - the time of a trigger,
 * an id that was taken - is taken over from it.
 * @returns the differences, in words.
 */
export function differences(db: Db, memory: Memory): string[] {
  adoptIds(db, memory);
  const found: string[] = [];
  for (const name of memory.shapes.keys()) {
    const rows = new Map(readRows(db, name).map((row) => [textOf(row['id']), row]));
    const model = memory.table(name);
    for (const [id, row] of rows) {
      const expected = model.get(id);
      if (!expected) found.push(`${name} ${id} should not be there`);
      else found.push(...differingCells(name, id, row, expected));
    }
    for (const id of model.keys()) if (!rows.has(id)) found.push(`${name} ${id} is missing`);
  }
  return found;
}

/** Without the events that our own triggers note: their specs speak of them. */
export const readRows = (db: Db, table: string): Row[] =>
  preparedOnce(db, `SELECT * FROM ${table} WHERE id IS NOT NULL AND id NOT LIKE 'phasewise:%'`)
    .safeIntegers()
    .all() as Row[];

function differingCells(table: string, id: string, row: Row, expected: Row): string[] {
  return Object.keys(row).flatMap((column) => {
    const [is, should] = [row[column] ?? null, expected[column] ?? null];
    if (is === should) return [];
    if (should === SOME_TIME && isTime.test(textOf(is))) {
      expected[column] = is;
      return [];
    }
    return [`${table} ${id} ${column}: ${show(is)} should be ${show(should)}`];
  });
}

const show = (value: Value): string => (typeof value === 'string' ? `'${value}'` : String(value));

/** An asset whose usual id was taken has got one with an end by chance. */
function adoptIds(db: Db, memory: Memory): void {
  for (const row of memory.rows('assets')) {
    const id = textOf(row['id']);
    if (!id.endsWith(someId(''))) continue;
    const start = id.slice(0, -someId('').length + 1);
    const actual = readRows(db, 'assets').find(
      (each) => each['project_id'] === row['project_id'] && each['rel_path'] === row['rel_path'],
    );
    if (!actual || !textOf(actual['id']).startsWith(start)) continue;
    memory.rename('assets', id, textOf(actual['id']));
  }
}
