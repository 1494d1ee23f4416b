import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database, { SqliteError } from 'better-sqlite3';
import { afterEach, expect, it, vi } from 'vitest';
import { checkCold, requireMet } from '@engine/cold-check.ts';
import { passGate } from '@engine/gate.ts';
import { ingestFiles } from '@engine/ingest.ts';
import type { Ingest } from '@engine/migration.ts';
import { settle } from '@engine/settle.ts';
import { underMaintenanceLock } from '@engine/small-change.ts';
import { coded, CodedError, safetyText } from '@shared/errors.ts';
import { ask, backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

/** What is said of the data when something goes wrong after a small change is in. */

const folder = temporaryFolder();
afterEach(() => vi.restoreAllMocks());

const make = (before = ''): string => makeDatabase(folder, `${before} CREATE TABLE a (b); INSERT INTO a VALUES (1)`);
const errorOf = (thrown: unknown) => (thrown instanceof CodedError ? thrown.appError : thrown);

/** From now on the log cannot be written back. */
function fillDisk(): void {
  const really = Database.prototype.pragma;
  vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, ...args) {
    if (args[0] === 'wal_checkpoint(TRUNCATE)') throw new SqliteError('database or disk is full', 'SQLITE_FULL');
    return really.apply(this, args);
  });
}

it('rows that are in the log are not called untouched where the disk is too full to write it back', async () => {
  const file = make('PRAGMA journal_mode = WAL;');
  const change = underMaintenanceLock(
    passGate(file),
    path.join(folder, 'locks'),
    () => {},
    async ({ db }) => {
      db.exec('INSERT INTO a VALUES (2)');
      fillDisk();
      await Promise.resolve();
    },
  );

  expect(await change.catch(errorOf)).toMatchObject({ code: 'E_NO_SPACE', safety: safetyText.unknown });
  const settled = settle({ path: file, lockFolder: path.join(folder, 'locks') });
  expect(await settled.catch(errorOf)).toMatchObject({ code: 'E_NO_SPACE', safety: safetyText.unknown });
  const db = new Database(file);
  expect(db.prepare('SELECT count(*) FROM a').pluck().get()).toBe(2);
  db.close();
});

it('the reason for which nothing was written is told, also where the file cannot be closed whole', async () => {
  const file = make('PRAGMA journal_mode = WAL;');
  const change = underMaintenanceLock(
    passGate(file),
    path.join(folder, 'locks'),
    () => {},
    () => {
      fillDisk();
      return Promise.reject(coded('E_INGEST_PHASE', 'not yet'));
    },
  );

  const told = { code: 'E_INGEST_PHASE', message: 'not yet', safety: safetyText.unknown };
  expect(await change.catch(errorOf)).toMatchObject(told);
});

it.each([
  ['integrity', 'unknown'],
  ['rows', 'unknown'],
  ['references', 'whole-step'],
] as const)('a check afterwards that says no: %s', (id, safety) => {
  const check = (name: string, state: 'met' | 'unmet') => ({ id: name, state, title: '', summary: name, evidence: [] });
  const checks = ['references', 'rows', 'integrity'].map((name) => check(name, name === id ? 'unmet' : 'met'));
  const errorFor = (some: typeof checks) => {
    try {
      return requireMet(some, 'After it');
    } catch (error) {
      return errorOf(error);
    }
  };

  const failed = { code: 'E_VERIFY_FAILED', message: `After it: ${id}`, safety: safetyText[safety] };
  expect(errorFor(checks)).toMatchObject(failed);
  expect(errorFor([check('references', 'unmet'), ...checks])).toMatchObject(failed); // the graver one is told
  expect(errorFor(checks.map((each) => ({ ...each, state: 'met' as const })))).toBeUndefined();
});

it('a disk that gets full says which of the files are in by then', async () => {
  const counts = { runs: 0, jobs: 0, candidates: 0, files: 0, links: 0, qualityReports: 0, costEvents: 0, updated: 0 };
  let takes = 0;
  const take: Ingest['take'] = (db, { path: from }) => {
    takes += 1;
    if (takes === 4) throw new SqliteError('database or disk is full', 'SQLITE_FULL');
    db.prepare(`INSERT INTO note (member_id, body) VALUES ('m000001', ?)`).run(path.basename(from));
    return { state: 'new', project: 'shop', counts };
  };
  const pack = { ...shopPack(), ingest: { title: 'log', extension: '.json', fromPhase: 1, take } };
  const file = makeShop(folder);
  await upgradeShop(file, { pack });
  const logs = path.join(path.dirname(file), 'logs');
  mkdirSync(logs);
  for (const name of ['a.json', 'b.json']) writeFileSync(path.join(logs, name), '{}');
  const input = { path: file, files: [logs], project: null, isTrial: false, backupFolder: backupFolderOf(file) };

  const error = await ingestFiles(
    { ...input, lockFolder: path.join(folder, 'locks'), runId: 'ingest', appVersion: '0' },
    [pack],
  ).catch(errorOf);

  expect(error).toMatchObject({
    code: 'E_NO_SPACE',
    message: expect.stringContaining('b.json and the files after it were not taken in; those before it were') as string,
    safety: safetyText['whole-step'],
  });
  expect(ask(file, `SELECT body FROM note WHERE id > 90`)).toEqual([{ body: 'a.json' }]);
});

it('nor those of a file that another program holds when it is to be looked at again', () => {
  const file = make();
  const other = new Database(file);
  other.exec('BEGIN EXCLUSIVE');

  let error: unknown;
  try {
    checkCold(file, { rows: new Map(), foreignKeys: new Map() });
  } catch (thrown) {
    error = errorOf(thrown);
  }

  other.close();
  expect(error).toMatchObject({ code: 'E_DB_BUSY', safety: safetyText.unknown });
});
