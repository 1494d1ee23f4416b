import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { backupFolderBeside, isRecoveryCopy } from '@shared/beside.ts';
import { safetyText } from '@shared/errors.ts';
import { backupDatabase } from '@engine/backups.ts';
import { openEngine } from '@engine/connection.ts';
import { passGateForWriting } from '@engine/gate.ts';
import { ingestFiles } from '@engine/ingest.ts';
import { clearPlainSecrets } from '@engine/plain-secrets.ts';
import { assertPlan } from '@engine/plan.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import { keepingWhatIsLost } from '@engine/recovery-copy.ts';
import { retryIssues } from '@engine/retry.ts';
import { settle } from '@engine/settle.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import {
  askOne,
  backupFolderOf,
  inputFor,
  makeShop,
  type ShopRun,
  upgradeShop,
} from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { dieInTheMiddleOfAWrite, manyRows, otherProgram } from '../../support/other-program.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What SQLite would throw away, or leave out, is kept by whoever lets it open the file for writing. */

const folder = temporaryFolder();
const packs = [shopPack()];

const copiesIn = (backups: string): string[] =>
  fs.existsSync(backups)
    ? fs
        .readdirSync(backups)
        .filter(isRecoveryCopy)
        .map((name) => path.join(fs.realpathSync(backups), name))
    : [];

/** A row that was committed into the log alone, by a program that died. */
async function withLog(): Promise<string> {
  const file = makeShop(folder, { wal: true, extra: 'CREATE TABLE noted (what TEXT);' });
  const body = `db.pragma('wal_autocheckpoint = 0'); db.exec("INSERT INTO noted VALUES ('in the log alone')");`;
  await (await otherProgram(file, body)).kill();
  fs.rmSync(`${file}-shm`);
  return file;
}

/** Half written rows, and the journal with which SQLite takes that back. */
async function withJournal(): Promise<string> {
  const file = makeShop(folder, { extra: manyRows(2_000) });
  await (await otherProgram(file, dieInTheMiddleOfAWrite)).kill();
  return file;
}

function damage(file: string, at: number): Buffer {
  const bytes = fs.readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  fs.writeFileSync(file, bytes);
  return bytes;
}

const refusing: ShopRun = {
  input: { fingerprint: 'of another plan' },
  more: { assertPlan: (lock, pack, target, asked) => assertPlan(lock.db, pack, target, asked) },
};

const requests: Record<string, (file: string) => Promise<unknown>> = {
  'trying issue rows again': (file) => retryIssues(inputFor(file), packs),
  'clearing keys': (file) => clearPlainSecrets(inputFor(file), packs),
  'taking files in': (file) => ingestFiles({ ...inputFor(file), files: [], project: null, isTrial: true }, packs),
  'a backup by hand': (file) =>
    backupDatabase(
      { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' },
      packs,
    ),
  'putting right what was stopped': (file) =>
    settle({ path: file, lockFolder: path.join(path.dirname(file), 'locks') }),
  'an upgrade': (file) => upgradeShop(file),
  'an upgrade that refuses': (file) => upgradeShop(file, refusing),
};

const DAMAGED = [
  ['the first byte of its log', withLog, '-wal', 0],
  ['the salt of its log', withLog, '-wal', 20],
  ['the first frame of its log', withLog, '-wal', 500],
  ['the magic of its journal', withJournal, '-journal', 3],
  ['a page in its journal', withJournal, '-journal', 512 + 4 + 4_096 - 200],
] as const;

describe.each(DAMAGED)('a file with damage in %s', (_, make, suffix, at) => {
  it.each(Object.keys(requests))('is kept as it was found by %s, which says where', async (name) => {
    const file = await make();
    const damaged = damage(file + suffix, at);
    const found = fs.readFileSync(file);

    const told = await requests[name]?.(file).catch((error: unknown) => error);

    const [kept = '', ...others] = [...copiesIn(backupFolderOf(file)), ...copiesIn(backupFolderBeside(file))];
    expect(others).toEqual([]);
    expect(fs.readFileSync(path.join(kept, 'shop.db')).equals(found)).toBe(true);
    expect(fs.readFileSync(path.join(kept, `shop.db${suffix}`)).equals(damaged)).toBe(true);
    const words = JSON.stringify(told);
    expect(words).not.toContain(safetyText.untouched);
    if (!['a backup by hand', 'putting right what was stopped'].includes(name)) expect(words).toContain(kept);
  });
});

describe('a file with a log or a journal that is whole', () => {
  it.each(Object.keys(requests))('is copied by nobody for good: not by %s', async (name) => {
    for (const make of [withLog, withJournal]) {
      const file = await make();
      const isUpgrade = name.includes('upgrade');

      await codeOfPromise(requests[name]?.(file) ?? Promise.resolve());

      // An upgrade keeps what a journal takes back, until its result is proven.
      expect(copiesIn(backupFolderOf(file))).toHaveLength(isUpgrade && make === withJournal ? 1 : 0);
      expect(copiesIn(backupFolderBeside(file))).toEqual([]);
    }
  });
});

it('what an upgrade has kept is to be removed only where the journal was played back whole', async () => {
  const [whole, damaged] = [await withJournal(), await withJournal()];
  damage(`${damaged}-journal`, 512 + 4 + 4_096 - 200);
  const events: [EngineRunEvent[], EngineRunEvent[]] = [[], []];

  const reports = [await upgradeShop(whole, { events: events[0] }), await upgradeShop(damaged, { events: events[1] })];

  expect(events.map((each) => each.filter(({ type }) => type === 'recovery-copy').length)).toEqual([1, 0]);
  expect(reports.map(({ ok, keptIn }) => [ok, keptIn])).toEqual([
    [true, undefined],
    [true, copiesIn(backupFolderOf(damaged))[0]],
  ]);
  const half = (file: string) => askOne<number>(file, `SELECT count(*) FROM many WHERE text = 'half written'`);
  expect([half(whole), half(damaged) > 0]).toEqual([0, true]);
});

it('a refusal says that nothing was changed where the journal was played back whole, and where the copy is', async () => {
  const file = await withJournal();

  const refused = await requests['an upgrade that refuses']?.(file).catch((error: unknown) => error);

  const [kept] = copiesIn(backupFolderOf(file));
  expect(refused).toMatchObject({ appError: { safety: safetyText.untouched, details: { keptIn: kept } } });
  expect((await upgradeShop(file)).ok).toBe(true); // the lock is gone
});

it('a copy that cannot be read again stays, and is told of', async () => {
  const file = await withJournal();
  const events: EngineRunEvent[] = [];
  const rename = fs.renameSync;
  vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    rename(from, to);
    if (isRecoveryCopy(path.basename(String(to)))) fs.symlinkSync('nowhere', path.join(String(to), 'shop.db-shm'));
  });

  const report = await upgradeShop(file, { events });
  vi.restoreAllMocks();

  expect([report.ok, report.keptIn]).toEqual([true, copiesIn(backupFolderOf(file))[0]]);
  expect(events.map(({ type }) => type)).not.toContain('recovery-copy');
});

it('nothing is kept, and nothing said of it, where the file could not be opened at all', async () => {
  const file = await withLog();
  damage(`${file}-wal`, 20);
  const other = await otherProgram(file, `db.exec('BEGIN'); db.prepare('SELECT count(*) FROM sqlite_schema').get();`);

  const refused = await upgradeShop(file).catch((error: unknown) => error);
  await other.kill();

  expect(refused).toMatchObject({ appError: { code: expect.stringMatching(/^E_DB_/), safety: safetyText.untouched } });
  expect(copiesIn(backupFolderOf(file))).toEqual([]);
});

it('stays where another program has begun to write by the time that the work fails', async () => {
  const file = await withJournal();
  damage(`${file}-journal`, 512 + 4 + 4_096 - 200);
  let next: { kill(): Promise<void> } | undefined;
  const work = async (): Promise<object> => {
    openEngine(file).close(); // what can be played back is, and the journal is gone
    next = await otherProgram(
      file,
      `db.pragma('cache_size = 5'); db.exec("BEGIN; UPDATE many SET text = hex(randomblob(500))");`,
    );
    throw new Error('the disk is full');
  };

  const error = await keepingWhatIsLost(passGateForWriting(file), backupFolderOf(file), work).catch(
    (thrown: unknown) => thrown,
  );
  await next?.kill();

  const [kept = 'none', ...others] = copiesIn(backupFolderOf(file));
  expect(others).toEqual([]);
  expect(error).toMatchObject({
    appError: { details: { keptIn: kept }, safety: expect.not.stringContaining('Nothing') },
  });
});

it('goes again where a program has the file open, so that nothing was thrown away', async () => {
  const file = await withLog();
  await (await otherProgram(file, `db.exec("INSERT INTO noted VALUES ('another commit')");`)).kill();
  fs.rmSync(`${file}-shm`);
  damage(`${file}-wal`, 500);
  const other = await otherProgram(file, `db.prepare('SELECT count(*) FROM noted').get();`);
  const found = fs.readFileSync(`${file}-wal`);

  await requests['a backup by hand']?.(file);

  expect(fs.readFileSync(`${file}-wal`).equals(found)).toBe(true);
  expect(copiesIn(backupFolderOf(file))).toEqual([]);
  await other.kill();
});

it('is not made, not even for a moment, of a file that nobody may write to: nothing is thrown away then', async () => {
  const file = await withLog();
  damage(`${file}-wal`, 500);
  fs.chmodSync(file, 0o444);
  const copied = vi.spyOn(fs, 'copyFileSync');

  await requests['a backup by hand']?.(file);

  expect(copied.mock.calls.filter(([from]) => from === file)).toEqual([]);
  vi.restoreAllMocks();
});

it('is not made for a log that was written back since the gate', async () => {
  const file = await withLog();
  const gated = passGateForWriting(file);
  fs.truncateSync(`${file}-wal`, 0);

  expect(await keepingWhatIsLost(gated, backupFolderOf(file), () => Promise.resolve({}))).toEqual({});
  expect(copiesIn(backupFolderOf(file))).toEqual([]);
});

it('is not made for what an engine of ours leaves that is killed: between commits its journal is empty', () => {
  const file = makeShop(folder, { extra: manyRows(2_000) });
  const db = openEngine(file, { locking: 'exclusive' });
  db.exec(`BEGIN EXCLUSIVE; UPDATE many SET text = 'a large chunk'; COMMIT`);

  expect(fs.statSync(`${file}-journal`).size).toBe(0);
  db.close();
});
