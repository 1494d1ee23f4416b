import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database, { SqliteError } from 'better-sqlite3';
import { expect, it, vi } from 'vitest';
import type { Pack } from '@engine/migration.ts';
import type { EngineRequestName, EngineRequests, FromEngine } from '@engine/protocol.ts';
import { serveRequests } from '@engine/requests.ts';
import * as sidecars from '@engine/sidecars.ts';
import { type Result, safetyText } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { inputFor, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { otherProgram } from '../../support/other-program.ts';
import { isThere, makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const base = temporaryFolder();
const packs = [
  {
    ...shopPack(),
    buildSample: (db: { exec(sql: string): unknown }) => db.exec('CREATE TABLE member (id)') && undefined,
  },
];

/** A host of one engine in this process. */
function host(served: readonly Pack[] = packs) {
  const sent: FromEngine[] = [];
  const waiting = new Map<number, (result: Result<unknown>) => void>();
  const server = serveRequests(served, (message) => {
    sent.push(message);
    if (message.type === 'answer') waiting.get(message.id)?.(message.result);
  });
  let id = 0;
  const ask = <K extends EngineRequestName>(name: K, input: EngineRequests[K]['input']) =>
    new Promise<Result<unknown>>((resolve) => {
      waiting.set((id += 1), resolve);
      server.receive({ type: 'request', id, name, input });
    });
  return { ask, server, sent };
}

it('answers a value, or an error with its code; nothing is thrown', async () => {
  const { ask } = host();
  const file = makeShop(base);

  expect(await ask('inspect', { path: file, check: 'schema' })).toMatchObject({
    ok: true,
    value: { pack: { id: 'shop' } },
  });
  expect(await ask('inspect', { path: `${file}x`, check: 'schema' })).toMatchObject({
    ok: false,
    error: { code: 'E_NOT_FOUND' },
  });
  expect(await ask('inspect', { path: makeDatabase(base, 'CREATE TABLE a (b)'), check: 'schema' })).toMatchObject({
    error: { code: 'E_FOREIGN_DATABASE' },
  });
  expect(await ask('nonsense' as 'plan', {} as never)).toMatchObject({ error: { code: 'E_BAD_REQUEST' } });
});

it('takes one request at a time', async () => {
  const { ask } = host();
  const file = makeShop(base);
  const first = ask('inspect', { path: file, check: 'schema' });

  expect(await ask('inspect', { path: file, check: 'schema' })).toMatchObject({ error: { code: 'E_RUN_ACTIVE' } });
  expect(await first).toMatchObject({ ok: true });
  expect(await ask('inspect', { path: file, check: 'schema' })).toMatchObject({ ok: true });
});

it('runs what was planned, and refuses when the database is another one by then', async () => {
  const { ask, sent } = host();
  const file = makeShop(base);
  const run = inputFor(file);
  const plan = await ask('plan', { path: file, toPhase: null, backupFolder: run.backupFolder });
  const { fingerprint } = plan.ok ? (plan.value as { fingerprint: string }) : { fingerprint: '' };

  expect(await ask('run', { ...run, fingerprint: 'another' })).toMatchObject({ error: { code: 'E_STATE_CHANGED' } });
  expect(await ask('run', { ...run, fingerprint })).toMatchObject({ ok: true, value: { ok: true, toPhase: 1 } });
  expect(sent.filter((message) => message.type === 'run' && message.event.type === 'applied')).toHaveLength(2);
});

it('stops an active run at a safe boundary when nobody listens any more', async () => {
  const { ask, server } = host();
  const file = makeShop(base, { members: 3000 });
  const run = ask('run', inputFor(file));
  await server.leave();

  expect(await run).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } }); // before anything was changed
});

it('is left only when what was active has been answered', async () => {
  const { ask, server, sent } = host();
  const file = makeShop(base, { members: 3000 });
  void ask('run', inputFor(file));

  await server.leave();

  expect(sent.filter(({ type }) => type === 'answer')).toHaveLength(1);
});

it('lists issue rows: where and why, in pages, without their content', async () => {
  const { ask } = host();
  const file = makeShop(base);
  await upgradeShop(file);
  const page = await ask('listIssues', { path: file, afterId: null, limit: 2 });
  const rows = page.ok ? (page.value as { id: number }[]) : [];

  expect(rows).toHaveLength(2);
  expect(rows[0]).toEqual({
    id: expect.any(Number) as number,
    backfillId: '0001_person/persons',
    sourceTable: 'member',
    sourceKey: 'm000010',
    reason: 'no-name',
    title: 'The member has no name',
    detail: expect.any(String) as string,
    isPlaced: false,
  });
  expect(await ask('listIssues', { path: file, afterId: rows[1]?.id ?? 0, limit: 500 })).toMatchObject({
    value: [{ sourceKey: 'm000030' }],
  });
});

it('builds a sample in a new file, and never over one that is there', async () => {
  const { ask } = host();
  const file = path.join(base, 'sample.db');

  expect(await ask('sample', { path: file, packId: 'shop', seed: 1 })).toEqual({ ok: true, value: { path: file } });
  const bytes = readFileSync(file);
  expect(await ask('sample', { path: file, packId: 'shop', seed: 1 })).toMatchObject({
    error: { code: 'E_FILE_EXISTS' },
  });
  expect(readFileSync(file)).toEqual(bytes);
  expect(await ask('sample', { path: `${file}2`, packId: 'unknown', seed: 1 })).toMatchObject({
    error: { code: 'E_BAD_REQUEST' },
  });
  writeFileSync(`${file}3`, '');
  expect(await ask('sample', { path: path.join(base, 'no', 'x.db'), packId: 'shop', seed: 1 })).toMatchObject({
    error: { code: 'E_NOT_FOUND' },
  });
});

it('does not speak of backups and steps when something unexpected ends a look', async () => {
  const file = makeShop(base);
  const recognise = () => {
    throw new Error('boom');
  };
  const { ask } = host([{ ...shopPack(), recognise }]);

  expect(await ask('inspect', { path: file, check: 'schema' })).toMatchObject({
    error: { code: 'E_INTERNAL', safety: 'Nothing was changed. Your data is as it was.' },
  });
  // The verdict on an upgrade is no mere look.
  expect(await ask('verify', { path: file, toPhase: 1, backupPath: null })).toMatchObject({
    error: { code: 'E_INTERNAL', safety: safetyText.unknown },
  });
});

it('says nothing of the data as a whole when settling failed, and of the backups alone when deleting did', async () => {
  const { ask } = host();
  const file = makeShop(base);
  const run = inputFor(file);
  const make = () => ask('backup', { ...run, folder: run.backupFolder, reason: 'by hand' });
  const first = await make();
  await make();
  const { backupFolder, lockFolder } = run;
  const { path: backupPath } = first.ok ? (first.value as BackupRecord) : { path: '' };
  const removing = `${backupPath.replace(/\.db$/, '')}.json.removing`;
  mkdirSync(removing); // in the way of the first step

  expect(
    await ask('removeBackup', { databasePath: file, folders: [backupFolder], backupPath, needed: [] }),
  ).toMatchObject({
    error: { code: 'E_INTERNAL', safety: safetyText['backup-only'] },
  });
  const look = vi.spyOn(sidecars, 'readSidecars').mockImplementation(() => {
    throw new Error('of no kind that is known');
  });
  expect(await ask('settle', { path: file, lockFolder, partials: [] })).toMatchObject({
    error: { code: 'E_INTERNAL', safety: safetyText.unknown },
  });
  look.mockRestore();
});

it('leaves nothing of a sample that could not be built', async () => {
  const broken = [
    {
      ...shopPack(),
      buildSample: (db: { exec(sql: string): unknown }) => db.exec('CREATE TABLE a (b); nonsense') && undefined,
    },
  ];
  const answers: FromEngine[] = [];
  const server = serveRequests(broken, (message) => answers.push(message));
  const file = path.join(base, 'broken.db');
  server.receive({ type: 'request', id: 1, name: 'sample', input: { path: file, packId: 'shop', seed: 1 } });
  await server.leave();

  expect(answers).toMatchObject([{ type: 'answer', result: { ok: false } }]);
  expect(isThere(file)).toBe(false);
});

it('nothing is called untouched where a damaged log is gone, though the request only reads', async () => {
  const file = makeShop(base, { wal: true });
  await (await otherProgram(file, `db.exec("INSERT INTO setting VALUES ('theirs', 'in the log')")`)).kill();
  const log = readFileSync(`${file}-wal`);
  log[500] = (log[500] ?? 0) ^ 0xff; // of the first frame
  writeFileSync(`${file}-wal`, log);
  const close = Database.prototype.close;
  vi.spyOn(Database.prototype, 'close').mockImplementation(function (this: Database.Database) {
    const isIt = this.name === file && this.open;
    close.call(this);
    if (isIt) throw new SqliteError('disk I/O error', 'SQLITE_IOERR_TRUNCATE');
    return this;
  });
  const { backupFolder, appVersion } = inputFor(file);

  const answer = await host().ask('backup', {
    ...{ path: file, folder: backupFolder, reason: 'by hand', runId: null, appVersion },
  });
  vi.restoreAllMocks();

  expect(answer).toMatchObject({
    error: { safety: safetyText.kept, details: { keptIn: expect.any(String) as string } },
  });
});
