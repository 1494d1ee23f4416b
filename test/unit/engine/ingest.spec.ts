import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database, { SqliteError } from 'better-sqlite3';
import { expect, it } from 'vitest';
import { CodedError, safetyText, type AppError } from '@shared/errors.ts';
import { ingestFiles } from '@engine/ingest.ts';
import type { Db, Ingest, IngestVerdict, Pack } from '@engine/migration.ts';
import type { OnWork } from '@engine/small-change.ts';
import { ask, backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Taking files in only adds, and is looked at again afterwards; what a trial does is taken back. */

const folder = temporaryFolder();
const counts = { runs: 0, jobs: 0, candidates: 0, files: 0, links: 0, qualityReports: 0, costEvents: 0, updated: 0 };
const taken: IngestVerdict = { state: 'new', project: 'shop', counts };
const addNote = (db: Db, member = 'm000001'): void =>
  void db.prepare(`INSERT INTO note (member_id, body) VALUES (?, 'from a file')`).run(member);

/** An upgraded shop and one file to take in; `take` is told the how-manieth time it is. */
async function setUp(
  take: (db: Db, nth: number) => IngestVerdict | void,
  content = '{}',
  named: (log: string) => string[] = (log) => [path.dirname(log)],
) {
  let times = 0;
  const ingest: Ingest = {
    ...{ title: 'log', extension: '.json', fromPhase: 1 },
    take: (db) => take(db, (times += 1)) ?? taken,
  };
  const pack: Pack = { ...shopPack(), ingest };
  const file = makeShop(folder);
  expect((await upgradeShop(file, { pack })).error).toBeUndefined();
  const logs = path.join(path.dirname(file), 'logs');
  mkdirSync(logs);
  writeFileSync(path.join(logs, 'a.json'), content);
  const input = {
    path: file,
    files: named(path.join(logs, 'a.json')),
    project: null,
    isTrial: false,
    backupFolder: backupFolderOf(file),
  };
  const whole = { ...input, lockFolder: path.join(folder, 'locks'), runId: 'ingest', appVersion: '0' };
  const run = (onWork: OnWork = () => {}) => ingestFiles(whole, [pack], onWork);
  const error = async (onWork?: OnWork): Promise<AppError | null> => {
    try {
      await run(onWork);
      return null;
    } catch (thrown) {
      if (thrown instanceof CodedError) return thrown.appError;
      throw thrown;
    }
  };
  return { file, run, error };
}
const change = (file: string, sql: string): void => void new Database(file).exec(sql).close();
const added = (file: string) => ask(file, `SELECT id FROM note WHERE body = 'from a file'`).length;

it.each<[string, (db: Db) => void, string]>([
  ['took a row away', (db) => void db.exec(`DELETE FROM setting`), 'setting of Shop has 1 rows less than before'],
  ['added one that refers to nothing', (db) => addNote(db, 'nobody'), 'References of note to rows that do not exist'],
])('a file that %s is no success', async (_, act, words) => {
  const { error } = await setUp((db) => act(db));

  expect(await error()).toMatchObject({ code: 'E_INVARIANT', message: expect.stringContaining(words) as string });
});

it('working notes of ours may become fewer', async () => {
  const { error, file } = await setUp((db) => {
    addNote(db);
    db.exec(`DELETE FROM _phasewise_quarantine WHERE source_key = 'm000010'`);
  });

  expect(await error()).toBeNull();
  expect(added(file)).toBe(1);
});

it('what is not there any more when the file is opened again is missed', async () => {
  const { error, file } = await setUp((db) => addNote(db));
  const loseIt: OnWork = ({ stage }) =>
    void (stage === 'checking' && change(file, `DELETE FROM note WHERE body = 'from a file'`));

  expect(await error(loseIt)).toMatchObject({ code: 'E_VERIFY_FAILED', safety: safetyText.unknown });
});

it('a trial keeps everything in memory until it is taken back', async () => {
  const spilling: unknown[] = [];
  const { run } = await setUp((db) => {
    spilling.push(db.pragma('cache_spill', { simple: true }) !== 0);
    addNote(db);
  });

  await run();

  expect(spilling).toEqual([false, true]);
});

it('what goes wrong in a trial has changed nothing, and says so', async () => {
  const { error, file } = await setUp((db) => {
    addNote(db);
    throw new SqliteError('database or disk is full', 'SQLITE_FULL');
  });
  const before = readFileSync(file);

  expect(await error()).toMatchObject({ code: 'E_NO_SPACE', safety: safetyText.untouched });
  expect(readFileSync(file).equals(before)).toBe(true);
});

it.each<[string, IngestVerdict]>([
  ['refused', { state: 'refused', reason: 'not this one' }],
  ['known', { ...taken, state: 'known' }],
])('a file that turns out to be %s when it is taken in leaves nothing of itself', async (_, verdict) => {
  const { run, file } = await setUp((db, nth) => {
    addNote(db);
    return nth === 1 ? taken : verdict; // another program was faster
  });

  expect((await run()).files).toMatchObject([{ state: verdict.state }]);
  expect(added(file)).toBe(0);
});

it('nothing is taken into a file whose records a trigger could swallow', async () => {
  const { error, file } = await setUp((db) => addNote(db));
  change(file, `CREATE TRIGGER gulp BEFORE INSERT ON _phasewise_runs BEGIN SELECT RAISE(IGNORE); END`);

  expect((await error())?.code).toBe('E_LEDGER_TAMPERED');
});

it('a folder in which there is nothing but what we wrote ourselves has nothing to take in', async () => {
  const own = JSON.stringify({ at: '2026-03-04T05:06:07.089Z', ok: true, error: null });
  const { error } = await setUp(() => ({ state: 'refused', reason: 'it is no log' }), own);

  expect((await error())?.code).toBe('E_INGEST_NOTHING');
});

it.each<[string, (log: string) => string[], boolean]>([
  ['found in a folder', (log) => [path.dirname(log)], false],
  ['named', (log) => [log], true],
  ['named, and found in a folder as well', (log) => [log, path.dirname(log)], true],
  ['found in a folder, and then named', (log) => [path.dirname(log), log], true],
])('of a file that is refused the report says whether somebody wanted that one: %s', async (_, named, isNamed) => {
  const { run } = await setUp(() => ({ state: 'refused', reason: 'it is no log' }), '{}', named);

  expect((await run()).files).toEqual([
    { name: 'a.json', state: 'refused', reason: 'it is no log', isNamed, project: null, counts: {} },
  ]);
});
