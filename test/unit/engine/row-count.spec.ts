import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rowCounter } from '@engine/row-count.ts';
import { readSchema } from '@engine/schema.ts';

let db: Database.Database;
beforeEach(() => {
  db = new Database(':memory:');
});
afterEach(() => {
  db.close();
});
const numbers = (from: number, to: number) =>
  `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to}) INSERT INTO t SELECT i FROM n`;
const count = (sql: string) => {
  db.exec(sql);
  const table = readSchema(db).table('t');
  return table && rowCounter(db)(table);
};

it('a small table is counted', () => {
  expect(count(`CREATE TABLE t (a); ${numbers(1, 50)}; DELETE FROM t WHERE a < 11`)).toEqual({
    value: 40,
    isExact: true,
  });
});

it('a large table is estimated from its row numbers, never counted', () => {
  expect(count(`CREATE TABLE t (a); ${numbers(1, 250_000)}; DELETE FROM t WHERE a % 2`)).toEqual({
    value: 249_999,
    isExact: false,
  });
});

it('a small table with distant keys is counted all the same', () => {
  expect(count(`CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (-5), (1000000000000)`)).toEqual({
    value: 2,
    isExact: true,
  });
});

it('an empty table, a table without row numbers, a column that hides them', () => {
  expect(count('CREATE TABLE t (a)')).toEqual({ value: 0, isExact: true });
  db.exec('DROP TABLE t');
  expect(count(`CREATE TABLE t (a PRIMARY KEY) WITHOUT ROWID; ${numbers(1, 30)}`)).toEqual({
    value: 30,
    isExact: true,
  });
  db.exec('DROP TABLE t');
  expect(count(`CREATE TABLE t (rowid TEXT); ${numbers(1, 30)}`)).toEqual({ value: 30, isExact: true });
});

it('a table without row numbers is counted up to the limit only', () => {
  expect(count(`CREATE TABLE t (a PRIMARY KEY) WITHOUT ROWID; ${numbers(1, 200_500)}`)).toEqual({
    value: 200_001,
    isExact: false,
  });
});
