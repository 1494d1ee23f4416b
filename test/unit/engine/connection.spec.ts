import { writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { must, openEngine, openInspector, openVerifier } from '@engine/connection.ts';
import { fromSqlite } from '@engine/sqlite-error.ts';
import { coded } from '@shared/errors.ts';
import { codeOf } from '../../support/code-of.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const simple = (db: { pragma(text: string, options: { simple: true }): unknown }, name: string) =>
  db.pragma(name, { simple: true });

describe('opening', () => {
  it('the inspector cannot write, not even to temporary tables on disk', () => {
    const db = openInspector(makeDatabase(folder, 'CREATE TABLE t (a)'));

    expect(codeOf(() => db.exec('INSERT INTO t VALUES (1)'))).toBe('SQLITE_READONLY');
    expect([simple(db, 'query_only'), simple(db, 'trusted_schema'), simple(db, 'temp_store')]).toEqual([1, 0, 2]);
    db.close();
  });

  it.each([
    ['rollback', 'DELETE', 3],
    ['WAL', 'WAL', 2],
  ])('the engine puts every commit on the disk in %s mode', (_, mode, synchronous) => {
    const db = openEngine(makeDatabase(folder, `PRAGMA journal_mode = ${mode}; CREATE TABLE t (a)`));

    expect(simple(db, 'synchronous')).toBe(synchronous);
    expect([simple(db, 'foreign_keys'), simple(db, 'recursive_triggers'), simple(db, 'trusted_schema')]).toEqual([
      0, 0, 0,
    ]);
    db.close();
  });

  it('an exclusive engine keeps its lock between transactions', () => {
    const file = makeDatabase(folder, 'PRAGMA journal_mode = WAL; CREATE TABLE t (a)');
    const db = openEngine(file, { locking: 'exclusive' });
    db.exec('BEGIN EXCLUSIVE; COMMIT');

    expect(codeOf(() => openInspector(file, 0))).toBe('E_DB_BUSY');
    db.close();
  });

  it('the verifier checks CHECK constraints, which a read-only connection would not load', () => {
    const file = makeDatabase(
      folder,
      'CREATE TABLE t (a CHECK (a > 0)); PRAGMA ignore_check_constraints = 1; INSERT INTO t VALUES (-1)',
    );
    const verifier = openVerifier(file);

    expect(simple(verifier, 'integrity_check')).not.toBe('ok');
    expect(codeOf(() => verifier.exec('DELETE FROM t'))).toBe('SQLITE_READONLY');
    verifier.close();
  });

  it('a name that better-sqlite3 would trim is refused, and the neighbour is not opened', () => {
    const file = makeDatabase(folder, 'CREATE TABLE t (a)');

    expect(codeOf(() => openInspector(`${file} `))).toBe('E_PATH_UNSUPPORTED');
    expect(codeOf(() => openInspector('file:x.db'))).toBe('E_PATH_UNSUPPORTED');
  });

  it('a setting that SQLite ignores is noticed', () => {
    const db = new Database(':memory:');
    db.exec('BEGIN');

    expect(codeOf(() => must(db, 'foreign_keys', 0))).toBe('E_RUNTIME_MISMATCH');
    db.close();
  });
});

describe('errors of SQLite', () => {
  it.each([
    ['SQLITE_BUSY_SNAPSHOT', 'E_DB_BUSY'],
    ['SQLITE_CANTOPEN', 'E_NO_PERMISSION'],
    ['SQLITE_CANTOPEN_SYMLINK', 'E_SIDECAR_UNSAFE'],
    ['SQLITE_READONLY', 'E_READONLY_FILE'],
    ['SQLITE_READONLY_DIRECTORY', 'E_READONLY_DIR'],
    ['SQLITE_CORRUPT_INDEX', 'E_CORRUPT'],
    ['SQLITE_NOTADB', 'E_CORRUPT'],
    ['SQLITE_FULL', 'E_NO_SPACE'],
    ['SQLITE_IOERR_WRITE', 'E_IO'],
    ['SQLITE_IOERR_NOMEM', 'E_NO_MEMORY'],
    ['SQLITE_NOMEM', 'E_NO_MEMORY'],
    ['SQLITE_ERROR', 'E_INTERNAL'],
  ])('%s is %s', (sqlite, code) => {
    const error = fromSqlite(new Database.SqliteError('text', sqlite), 'looking');

    expect(error.appError.code).toBe(code);
    expect(error.appError.details).toEqual({ sqlite, text: 'text' });
  });

  it('an error with a code of ours passes unchanged', () => {
    const error = coded('E_EMPTY', 'nothing in it');

    expect(fromSqlite(error, 'looking')).toBe(error);
  });

  it('a file that only begins like a database is damaged, never a stack trace', () => {
    const file = path.join(folder, 'begins.db');
    writeFileSync(file, Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(4080, 0xa5)]));

    expect(codeOf(() => openInspector(file).prepare('SELECT * FROM sqlite_schema').all())).toBe('E_CORRUPT');
  });
});
