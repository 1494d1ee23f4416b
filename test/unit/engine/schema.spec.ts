import Database, { SqliteError } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkBookkeeping, ensureBookkeeping } from '@engine/bookkeeping-tables.ts';
import { collectMigrations, normaliseSource, sha256, type Db, type Migration } from '@engine/migration.ts';
import { nameKey, readSchema, schemaSha256 } from '@engine/schema.ts';
import { isSameTable, readTableDefinition } from '@engine/table-definition.ts';
import { codeOf } from '../../support/code-of.ts';

/** What is read of a schema, and what is not believed or not read on. */

let db: Db;
beforeEach(() => {
  db = new Database(':memory:');
});
afterEach(() => {
  vi.restoreAllMocks();
  db.close();
});

describe('a schema', () => {
  it('of more objects, or more text, than any project has is not read on', () => {
    const many = new Database(':memory:');
    many.exec('BEGIN');
    for (let at = 0; at <= 5_000; at++) many.exec(`CREATE VIEW v${at} AS SELECT 1`);
    expect(codeOf(() => readSchema(many))).toBe('E_SCHEMA_TOO_COMPLEX');
    many.close();

    for (let at = 0; at < 9; at++) db.exec(`CREATE TABLE w${at} (a /* ${'x'.repeat(1_000_000)} */)`);
    expect(codeOf(() => readSchema(db))).toBe('E_SCHEMA_TOO_COMPLEX');
  });

  it.each([
    ['SQLITE_ERROR', null],
    ['SQLITE_IOERR_READ', 'SQLITE_IOERR_READ'],
    ['SQLITE_CORRUPT', 'SQLITE_CORRUPT'],
  ])('a view that cannot be compiled has no columns, one that cannot be read ends the look: %s', (code, thrown) => {
    db.exec('CREATE TABLE a (b); CREATE VIEW v AS SELECT b FROM a');
    const really = db.prepare.bind(db);
    vi.spyOn(db, 'prepare').mockImplementation(((sql: string) => {
      const statement = really(sql);
      if (!sql.includes('pragma_table_xinfo')) return statement;
      return {
        all(name: string) {
          if (name === 'v') throw new SqliteError('a fault on purpose', code);
          return statement.all(name);
        },
      };
    }) as typeof db.prepare);

    expect(codeOf(() => readSchema(db))).toBe(thrown);
    if (thrown === null) expect(readSchema(db).table('v')?.columns).toEqual([]);
  });

  it('is the same one after SQLite has counted its rows', () => {
    db.exec('CREATE TABLE a (b); CREATE INDEX i ON a (b); INSERT INTO a VALUES (1)');
    const before = schemaSha256(db);

    db.exec('ANALYZE');
    expect(schemaSha256(db)).toBe(before);
    db.exec('CREATE INDEX j ON a (b)');
    expect(schemaSha256(db)).not.toBe(before);
  });

  it('tells names apart as SQLite does: by every letter but the case of A to Z', () => {
    db.exec('CREATE TABLE "Ä" (a); CREATE TABLE "ä" (a)');

    expect([nameKey('ABC'), nameKey('Ä') === nameKey('ä'), readSchema(db).tables.size]).toEqual(['abc', false, 2]);
  });
});

describe('a table of ours', () => {
  it('is none when it has its columns, but not their types, rules and key', () => {
    ensureBookkeeping(db);
    db.exec(`DROP TABLE _phasewise_checkpoints;
      CREATE TABLE _phasewise_checkpoints (phase, reached_at, run_id, evidence_json)`);

    expect(codeOf(() => checkBookkeeping(db))).toBe('E_NAME_COLLISION');
  });

  it('is not added to where a trigger of somebody is on another one', () => {
    ensureBookkeeping(db);
    db.exec(`DROP TABLE _phasewise_checkpoints;
      CREATE TRIGGER t AFTER INSERT ON _PHASEWISE_RUNS BEGIN SELECT 1; END`);

    expect(codeOf(() => ensureBookkeeping(db))).toBe('E_LEDGER_TAMPERED');
    expect(readSchema(db).table('_phasewise_checkpoints')).toBeUndefined();
  });
});

describe('the definition of a table', () => {
  it.each([
    ['other words behind the brackets', 'CREATE TABLE t (a INTEGER) STRICT', 'CREATE TABLE t (a INTEGER)'],
    ['another column', 'CREATE TABLE t (a INTEGER)', 'CREATE TABLE t (a INTEGER, b)'],
    ['no definition at all', 'CREATE VIEW t AS SELECT (1)', 'CREATE VIEW t AS SELECT (1)'],
  ])('is not the same with %s', (_, before, after) => {
    expect(isSameTable(before, after, {})).toBe(false);
    expect(isSameTable('CREATE TABLE t (a  REFERENCES b)', 'create table t (a  REFERENCES "c")', { b: 'c' })).toBe(
      true,
    );
  });

  it('with a rule that nobody understands is not guessed at', () => {
    expect(() => readTableDefinition('CREATE TABLE t (a, CONSTRAINT x)')).toThrow('is not understood');
  });
});

describe('a migration', () => {
  const step = { phase: 1 } as Migration;

  it('has a checksum that layout does not change, and everything else does', () => {
    const same = ['a\n  b', 'a\r\n  b', 'a  \n  b\t\n\n', 'a\r  b'].map((text) => normaliseSource(text));

    expect(new Set(same)).toEqual(new Set(['a\n  b']));
    expect(normaliseSource('a\n b')).not.toBe(same[0]);
  });

  it('is none without its source', () => {
    expect(() => collectMigrations({ './0001_a.ts': step }, {}, sha256)).toThrow('no source for migration');
    expect(collectMigrations({ './0001_a.ts': step }, { './0001_a.ts': 'x' }, sha256)).toMatchObject([
      { id: '0001_a', checksum: sha256('x') },
    ]);
  });
});
