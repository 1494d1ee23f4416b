import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CanonicalTable, Pack } from '@engine/migration.ts';
import { rowCounter } from '@engine/row-count.ts';
import { readSchema } from '@engine/schema.ts';
import { scoreCard, tableStatuses } from '@engine/status-tables.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';

const person: CanonicalTable = {
  name: 'person',
  legacyName: 'member',
  group: 'People',
  priority: 'must-now',
  phase: 1,
  columns: [
    { name: 'id', type: 'TEXT', isPrimaryKey: true, phase: 1 },
    { name: 'full_name', type: 'TEXT', notNull: true, legacyName: 'name', phase: 1, constraintsPhase: 5 },
    { name: 'age', type: 'INTEGER', notNull: true, defaultSql: '0', phase: 1 },
    { name: 'home_id', type: 'TEXT', references: { table: 'home', onDelete: 'SET NULL' }, phase: 1 },
    { name: 'nickname', type: 'TEXT', isExtension: true, phase: 0 },
  ],
  uniques: [['full_name', 'age']],
  uniquesPhase: 5,
  indexes: [{ columns: ['home_id', 'age DESC'], phase: 1 }],
  legacyColumns: { name: 'full_name', shoe_size: null },
};
const pack: Pack = {
  ...shopPack(),
  canonical: [person, { ...person, name: 'extra', isExtension: true }],
  legacyTables: ['member'],
};
const complete = `CREATE TABLE person (id VARCHAR(36) PRIMARY KEY, full_name TEXT, age INT NOT NULL DEFAULT (0),
  home_id TEXT REFERENCES home (id) ON DELETE SET NULL); CREATE INDEX i ON person (home_id, age DESC)`;

let db: Database.Database;
beforeEach(() => {
  db = new Database(':memory:');
});
afterEach(() => {
  db.close();
});

const matrix = (sql: string) => {
  db.exec(sql);
  return tableStatuses(pack, readSchema(db), rowCounter(db));
};
const status = (sql: string, name = 'person') => matrix(sql).find((table) => table.name === name);
const column = (sql: string, name: string) => status(sql)?.columns.find((each) => each.name === name);
const object = (sql: string, start: string) =>
  status(sql)?.objects.find(({ description }) => description.startsWith(start));

describe('the state of a table', () => {
  it('aligned, though rules of the last phase are still open, and names that mean the same are the same', () => {
    const table = status(complete);

    expect(table).toMatchObject({ state: 'aligned', presentName: null, rows: { value: 0, isExact: true } });
    expect(table?.whatIsMissing).toBe('its rules become final with phase 5');
    expect(table?.columns.map(({ name, gap }) => `${name} ${gap}`)).toEqual([
      'id none',
      'full_name differs',
      'age none',
      'home_id none',
    ]);
  });

  it('missing', () => {
    expect(status('CREATE TABLE other (a)')).toMatchObject({
      state: 'missing',
      rows: null,
      whatIsMissing: 'The table does not exist yet',
    });
  });

  it('under its legacy name, which then is no table of its own', () => {
    const tables = matrix('CREATE TABLE Member (id TEXT PRIMARY KEY, name TEXT)');

    expect(tables.map(({ name }) => name)).toEqual(['person']);
    expect(tables[0]).toMatchObject({ state: 'legacy-name', presentName: 'Member' });
    expect(tables[0]?.whatIsMissing).toMatch(
      /^It is still called Member; full_name, age, home_id are missing; index on person/,
    );
  });

  it('both names: the canonical one is judged, the legacy one is listed as such', () => {
    const tables = matrix(`${complete}; CREATE TABLE member (id)`);

    expect(tables.map(({ name, state }) => `${name} ${state}`)).toEqual(['person aligned', 'member legacy']);
  });

  it('wrong columns: one is missing, has another type, or lacks a rule that should hold now', () => {
    expect(status(complete.replace('age INT', 'age TEXT'))?.state).toBe('wrong-columns');
    db.exec('DROP TABLE person');
    expect(status(complete.replace('INT NOT NULL', 'INT'))?.state).toBe('wrong-columns');
    db.exec('DROP TABLE person');
    expect(status(`CREATE TABLE person (id TEXT PRIMARY KEY)`)).toMatchObject({
      state: 'wrong-columns',
      whatIsMissing: expect.stringContaining('full_name, age, home_id are missing') as string,
    });
  });

  it('bookkeeping, extensions and tables of others are told apart', () => {
    const tables = matrix(
      'CREATE TABLE schema_migrations (a); CREATE TABLE _phasewise_runs (a); CREATE TABLE extra (id); CREATE TABLE stranger (a); CREATE VIEW v AS SELECT 1',
    );

    expect(Object.fromEntries(tables.map(({ name, state }) => [name, state]))).toEqual({
      person: 'missing',
      extra: 'approved-extension',
      schema_migrations: 'bookkeeping',
      _phasewise_runs: 'bookkeeping',
      stranger: 'unknown',
      v: 'unknown',
    });
  });
});

describe('column by column', () => {
  it('says what it is called now, what replaces it, and what nobody asked for', () => {
    const sql = 'CREATE TABLE person (id TEXT PRIMARY KEY, name TEXT, shoe_size TEXT, nickname TEXT, hobby TEXT)';

    expect(column(sql, 'full_name')).toMatchObject({ gap: 'missing', note: 'is name now', now: null });
    const others = status('SELECT 1')?.columns.slice(-4);
    expect(others?.map(({ name, gap, note }) => `${name}: ${gap}, ${note}`)).toEqual([
      'nickname: approved-extension, kept on purpose',
      'name: legacy, replaced by full_name',
      'shoe_size: legacy, goes in the last phase',
      'hobby: unknown, not part of the canonical schema; kept',
    ]);
  });

  it('asks for no extension that a file does not have', () => {
    const table = status(complete);

    expect(table?.columns.map(({ name }) => name)).not.toContain('nickname');
    expect(table).toMatchObject({ state: 'aligned', whatIsMissing: 'its rules become final with phase 5' });
    expect(scoreCard(pack, matrix('SELECT 1'))).toMatchObject({ columnsMissing: 0, approvedExtensions: 0 });
  });

  it('names the difference', () => {
    expect(column(complete.replace('INT NOT NULL DEFAULT (0)', `TEXT DEFAULT 'x'`), 'age')).toMatchObject({
      gap: 'differs',
      note: `type TEXT instead of INTEGER, may be empty, default 'x' instead of 0`,
    });
    expect(column('SELECT 1', 'full_name')?.note).toBe('may be empty (final with phase 5)');
  });
});

describe('indexes and rules', () => {
  it('an index in the other direction is not the one asked for, a partial one neither', () => {
    expect(object(complete.replace('age DESC', 'age'), 'index')).toMatchObject({
      gap: 'differs',
      note: 'sorted the other way round',
    });
    db.exec('DROP TABLE person');
    expect(object(`${complete} WHERE age > 0`, 'index')?.gap).toBe('missing');
  });

  it('a unique rule in any order of columns holds; for some rows only it does not', () => {
    expect(object(`${complete}; CREATE UNIQUE INDEX u ON person (age, full_name)`, 'unique')?.gap).toBe('none');
    db.exec('DROP INDEX u');
    expect(object('CREATE UNIQUE INDEX u ON person (full_name, age) WHERE age > 0', 'unique')).toMatchObject({
      gap: 'differs',
      note: 'holds for some rows only (final with phase 5)',
    });
  });

  it('a reference to another table, or with another end, differs', () => {
    expect(object(complete.replace('REFERENCES home', 'REFERENCES house'), 'home_id')).toMatchObject({
      gap: 'differs',
      note: 'refers to house',
    });
    db.exec('DROP TABLE person');
    expect(object(complete.replace('SET NULL', 'CASCADE'), 'home_id')).toMatchObject({
      gap: 'differs',
      note: 'on delete CASCADE',
    });
    db.exec('DROP TABLE person');
    expect(object(complete.replace('REFERENCES home (id) ON DELETE SET NULL', ''), 'home_id')?.gap).toBe('missing');
  });

  it('triggers of ours are explained, others are named', () => {
    const table = status(
      `${complete}; CREATE TRIGGER _phasewise_x AFTER INSERT ON person BEGIN SELECT 1; END; CREATE TRIGGER theirs AFTER INSERT ON person BEGIN SELECT 1; END`,
    );

    expect(
      table?.objects.filter(({ kind }) => kind === 'trigger').map(({ description, gap }) => `${description} ${gap}`),
    ).toEqual(['trigger _phasewise_x none', 'trigger theirs unknown']);
  });
});

it('the score card counts canonical tables once, and extensions apart', () => {
  const tables = matrix(`CREATE TABLE member (id TEXT PRIMARY KEY, nickname TEXT); CREATE TABLE extra (id)`);

  expect(scoreCard(pack, tables)).toEqual({
    canonicalTables: 1,
    aligned: 0,
    legacyName: 1,
    missing: 0,
    wrongColumns: 0,
    columnsMissing: 3,
    indexesMissing: 1,
    approvedExtensions: 2,
  });
});
