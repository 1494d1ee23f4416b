import Database, { SqliteError } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { masksOf } from '@engine/browse/masks.ts';
import { behindDamage } from '@engine/damage.ts';
import type { Db } from '@engine/migration.ts';
import { undone } from '@engine/rehearsal-quoted.ts';
import { readContent, readStage } from '@engine/rehearsal-stage.ts';
import { rehearse } from '@engine/rehearsal.ts';
import { readSchema } from '@engine/schema.ts';
import { requireSoundLedger } from '@engine/sound-ledger.ts';
import { codeOf } from '../../support/code-of.ts';
import { identified, legacySchema, shopMigrations, shopPack } from '../../support/engine/shop-pack.ts';

/**
 * Whoever tries something to learn whether it can be done must not take a want of memory for "it cannot be": the plan
 * would refuse a sound file, or say nothing of a view that breaks.
 */
const UNANSWERED = ['SQLITE_NOMEM', 'SQLITE_IOERR_WRITE'];
const REFUSED = 'SQLITE_ERROR';

let db: Db;
beforeEach(() => {
  db = new Database(':memory:');
  db.exec(`${legacySchema}
    CREATE VIEW mine AS SELECT name AS secret FROM member;
    CREATE VIEW quoted AS SELECT "a text" AS t FROM member`);
});
afterEach(() => {
  vi.restoreAllMocks();
  db.close();
});

/** Statements like `pattern` fail from now on, `times` of them. */
function failAt(method: 'exec' | 'prepare', pattern: RegExp, code: string, times = Infinity): void {
  const own = Database.prototype[method] as (sql: string) => unknown;
  let left = times;
  vi.spyOn(Database.prototype, method).mockImplementation(function (this: Db, sql: string) {
    if (pattern.test(sql) && left-- > 0) throw new SqliteError('on purpose', code);
    return own.call(this, sql) as never;
  });
}

const steps = identified(shopMigrations);

describe('what is tried', () => {
  it.each([
    ['making an object anew', 'exec', /CREATE VIEW mine/, () => rehearse(db, readSchema(db), shopPack(), steps)],
    ['doing a step', 'exec', /CREATE TABLE.* person/s, () => rehearse(db, readSchema(db), shopPack(), steps)],
    ['compiling a view', 'prepare', /FROM "mine" LIMIT 0/, () => readStage(db)],
    ['writing to a ledger like it', 'exec', /^CREATE TABLE schema_migrations/, () => soundLedger()],
    ['what a view shows', 'prepare', /FROM main."mine"/, () => masksOf(db, readSchema(db), shopPack())],
  ] as const)('%s: without memory or disk it has no answer', (_, method, pattern, ask) => {
    for (const code of UNANSWERED) {
      failAt(method, pattern, code);
      expect(codeOf(ask)).toBe(code);
      vi.restoreAllMocks();
    }
    failAt(method, pattern, REFUSED);
    expect(codeOf(ask)).not.toBe(REFUSED);
  });

  it('reading a text in double quotes: without memory it has no answer', () => {
    failAt('exec', /DROP VIEW "quoted"/, 'SQLITE_NOMEM', 1);
    expect(codeOf(() => readStage(db))).toBe('SQLITE_NOMEM');
  });

  const soundLedger = () => requireSoundLedger(db, readSchema(db), shopPack());

  it('the tables that a virtual one needs are dropped and put back, or it has no answer', () => {
    db.exec('CREATE VIRTUAL TABLE found USING fts5 (name, content=member)');
    const stage = readStage(db);
    expect(readContent(db, stage, ['member'])).toEqual(new Map([['found', ['member']]]));
    failAt('prepare', /FROM "found"/, 'SQLITE_NOMEM');
    expect(codeOf(() => readContent(db, stage, ['member']))).toBe('SQLITE_NOMEM');
    vi.restoreAllMocks();
    expect(readSchema(db).table('member')).toBeDefined();
  });
});

it('where SQLite has taken everything back by itself, the reason is told and not that there is nothing to take back', () => {
  const noMemory = () => {
    db.exec('ROLLBACK'); // as SQLite does then
    throw new SqliteError('out of memory', 'SQLITE_NOMEM');
  };
  expect(codeOf(() => undone(db, noMemory))).toBe('SQLITE_NOMEM');
  expect(codeOf(() => undone(db, () => undone(db, noMemory)))).toBe('SQLITE_NOMEM');
  expect(undone(db, () => db.exec('DROP VIEW mine') && 'done')).toBe('done');
  expect(readSchema(db).table('mine')).toBeDefined();
});

it('a file that could not be checked for want of memory is not damaged', () => {
  for (const error of [new SqliteError('out of memory', 'SQLITE_NOMEM'), new Error('Invalid argument')]) {
    vi.spyOn(db, 'prepare').mockImplementation(() => {
      throw error;
    });
    expect(behindDamage(db)).toMatchObject({ appError: { code: 'E_NO_MEMORY' } });
    vi.restoreAllMocks();
  }
});
