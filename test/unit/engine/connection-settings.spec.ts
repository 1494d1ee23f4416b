import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  attachBackup,
  openCopy,
  openEngine,
  openInspector,
  openTrial,
  openVerifier,
  requireSqliteVersion,
} from '@engine/connection.ts';
import type { Db } from '@engine/migration.ts';
import { codeOf } from '../../support/code-of.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

/** What every connection is set to, and what becomes of one that cannot be set so. */

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());
const make = (sql = 'CREATE TABLE t (a)') => makeDatabase(folder, sql);
const settings = (db: Db, ...names: string[]) => names.map((name) => db.pragma(name, { simple: true }));

/** From now on SQLite answers a question otherwise. */
function answering(asked: string, answer: unknown): void {
  const really = Database.prototype.pragma;
  vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Db, ...args) {
    return args[0] === asked ? answer : really.apply(this, args);
  });
}

describe.each<[string, (file: string) => Db, unknown[]]>([
  ['that looks', openInspector, [1, 2]],
  ['that writes', openEngine, [0, 1]],
  ['that checks', openVerifier, [1, 1]],
  ['that proves a copy', (file) => openCopy(file, { to: 'prove' }), [1, 0]],
  ['that makes a copy ready', (file) => openCopy(file, { to: 'write' }), [0, 0]],
])('a connection %s', (_, open, own) => {
  it('lets a hostile schema do nothing, notices damaged cells, and maps no file', () => {
    const db = open(make());

    const found = settings(db, 'trusted_schema', 'cell_size_check', 'recursive_triggers');
    const mapped = db.pragma('mmap_size', { simple: true }) ?? 0;
    expect([found, mapped]).toEqual([[0, 1, 0], 0]);
    expect(settings(db, 'query_only', 'temp_store')).toEqual(own);
    db.close();
  });

  it('has what it writes taken out of the cache of the drive, on macOS', () => {
    const db = open(make());

    expect(settings(db, 'fullfsync', 'checkpoint_fullfsync')).toEqual([1, 1]);
    db.close();
  });

  it('makes no file where there is none', () => {
    const missing = path.join(folder, 'missing.db');

    expect(codeOf(() => open(missing))).not.toBeNull();
    expect(fs.existsSync(missing)).toBe(false);
  });

  it('is none where the SQLite inside is older than the one we rely on', () => {
    const really = Database.prototype.prepare;
    vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Db, sql: string) {
      return really.call(this, sql === 'SELECT sqlite_version()' ? `SELECT '3.53.9'` : sql);
    } as typeof really);

    expect(codeOf(() => open(make()))).toBe('E_RUNTIME_MISMATCH');
  });

  it('that could not be set is closed', () => {
    const file = make();
    const closed = vi.spyOn(Database.prototype, 'close');
    answering('trusted_schema', 1);

    expect(codeOf(() => open(file))).toBe('E_RUNTIME_MISMATCH');
    expect(closed).toHaveBeenCalledOnce();
  });
});

it.each([
  ['3.54.0', null],
  ['3.55.1', null],
  ['4.0.0', null],
  ['3.53.9', 'E_RUNTIME_MISMATCH'],
  ['2.60.0', 'E_RUNTIME_MISMATCH'],
  ['', 'E_RUNTIME_MISMATCH'],
])('SQLite %s: %s', (version, code) => {
  const db = { prepare: () => ({ pluck: () => ({ get: () => version }) }) } as unknown as Db;

  expect(codeOf(() => requireSqliteVersion(db))).toBe(code);
});

it('a connection that keeps its lock empties the journal after a commit, and so do those in log mode', () => {
  for (const mode of ['DELETE', 'WAL']) {
    const db = openEngine(make(`PRAGMA journal_mode = ${mode}; CREATE TABLE t (a)`), { locking: 'exclusive' });
    expect(settings(db, 'locking_mode', 'journal_size_limit')).toEqual(['exclusive', 0]);
    db.close();
  }
});

it('a copy that is damaged is told as SQLite tells it, so that it can be told from one that is locked', () => {
  const file = path.join(folder, 'begins.db');
  fs.writeFileSync(file, Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(4080, 0xa5)]));

  expect(codeOf(() => openCopy(file, { to: 'prove' }))).toBe('SQLITE_NOTADB');
  expect(codeOf(() => openCopy(path.join(folder, 'missing.db'), { to: 'prove' }))).toBe('SQLITE_CANTOPEN');
});

it('a trial of a schema may do no more than in its own file, and keeps texts as that does', () => {
  const file = openEngine(make('PRAGMA encoding = "UTF-16be"; CREATE TABLE t (a)'));
  const trial = openTrial(file);
  const asked = ['encoding', 'trusted_schema', 'foreign_keys', 'recursive_triggers', 'cell_size_check'];

  expect(settings(trial, ...asked)).toEqual(['UTF-16be', 0, 0, 0, 1]);
  for (const db of [file, trial]) db.close();
});

it('no file is opened in another way, and in memory only for what is our own', () => {
  const engine = path.resolve('electron/engine');
  const opening = fs
    .readdirSync(engine, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'connection.ts')
    .flatMap((name) => {
      const [own = ''] = /new Database\(.*$/m.exec(fs.readFileSync(path.join(engine, name), 'utf8')) ?? [];
      return own === '' ? [] : [`${name}: ${own}`];
    });

  expect(opening.toSorted()).toEqual([
    `bookkeeping-tables.ts: new Database(':memory:');`,
    `migration-tools.ts: new Database(':memory:');`,
  ]);
});

it('a backup that could not be set as it should be does not stay attached', () => {
  const db = openVerifier(make());
  answering('backup.cache_size', 7);

  expect(codeOf(() => attachBackup(db, make(), 'backup'))).toBe('E_RUNTIME_MISMATCH');

  expect(db.prepare('SELECT name FROM pragma_database_list').pluck().all()).toEqual(['main']);
  db.close();
});
