import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { createBackups } from '@host/backups.ts';
import { createBusy } from '@host/busy.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { Engines } from '@host/engines.ts';
import { createEventBus } from '@host/events.ts';
import { createIngests } from '@host/ingests.ts';
import { createOngoing } from '@host/ongoing.ts';
import type { Recents } from '@host/recents.ts';
import { beginWork } from '@host/run-journal.ts';
import { readWorks } from '@host/works.ts';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { backup, ingestReport } from '../renderer/values.ts';

/** Backups, restores and small changes: what is asked of their engine, and what is noted of their end. */

const folder = temporaryFolder();

/** A house whose engine answers what the spec says to everything that changes something. */
function setUp(answer: Result<unknown>) {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const [dataFolder, file] = [path.join(home, 'data'), path.join(home, 'a.db')];
  const database: OpenEntry = { handle: 'h', name: 'a.db', folder: home, path: file };
  const asked: { name: string; input: Record<string, unknown> }[] = [];
  const askAlone = (_: string, name: string, input: Record<string, unknown>) => {
    asked.push({ name, input });
    const given = name === 'listBackups' ? ok([backup()]) : name === 'settle' ? ok(null) : answer;
    return { answer: Promise.resolve(given), child: null };
  };
  const remembered: string[] = [];
  const [engines, events] = [{ askAlone } as unknown as Engines, createEventBus()];
  const busy = createBusy((at, kind, runId, more) =>
    beginWork(dataFolder, { ...more, kind, path: at, runId, appVersion: '0' }),
  );
  const backedUp = (_: string, { createdAt }: BackupRecord) => remembered.push(createdAt);
  const recents = { knowsBroken: () => {}, knowsVerified: () => {}, backedUp };
  const common = { engines, events, busy, ongoing: createOngoing(events), dataFolder, appVersion: '0' };
  const backups = createBackups({ ...common, recents: recents as unknown as Recents });
  const ingests = createIngests({ ...common, onBackup: backups.remember });
  const ends = () => readWorks(dataFolder, file).map(({ kind, isOver }) => [kind, isOver]);
  const settled = () => asked.filter(({ name }) => name === 'settle').length;
  return { database, asked, busy, backups, ingests, ends, settled, remembered };
}

const failed = err(appError('E_VERIFY_FAILED', 'It failed.'));
const wasStopped = err(appError('E_CANCELLED', 'Stopped.', { wasEnded: true }));
const restored = ok({ restored: backup(), before: backup(), replacedFolder: null });
const taken = ok({ ...ingestReport([], false), backup: backup() });

it('a restore takes only a backup of this database, and waits to be let through before it replaces anything', async () => {
  const { database, backups, asked } = setUp(restored);
  await backups.restore(database, 'b1', 'a.db');
  const input = asked.find(({ name }) => name === 'restore')?.input;
  expect(input).toMatchObject({
    allowForeign: false,
    asksToProceed: true,
    path: database.path,
    backupPath: backup().path,
  });
});

it.each<[string, Result<unknown>, boolean]>([
  ['done', restored, true],
  ['failed', failed, false],
  ['stopped', wasStopped, false],
])('the end of a restore is noted as what it was: %s', async (_, answer, isOver) => {
  const { database, backups, busy, ends } = setUp(answer);
  await backups.restore(database, 'b1', 'a.db');
  expect(ends()).toEqual([['restore', isOver]]);
  expect(busy.any()).toBe(false);
});

const works = {
  ingest: ({ ingests, database }: ReturnType<typeof setUp>) =>
    ingests.take(database, { files: ['a.json'], project: null, isTrial: false }),
  retry: ({ ingests, database }: ReturnType<typeof setUp>) => ingests.retry(database, { source: { kind: 'none' } }),
  clear: ({ ingests, database }: ReturnType<typeof setUp>) => ingests.clearSecrets(database),
};

it.each(Object.entries(works))(
  'of %s: its end is noted, its backup remembered, and what was ended is put right',
  async (kind, begin) => {
    const good = setUp(taken);
    await begin(good);
    expect([good.ends(), good.remembered, good.settled()]).toEqual([[[kind, true]], [backup().createdAt], 0]);

    const bad = setUp(failed);
    await begin(bad);
    expect([bad.ends(), bad.remembered, bad.settled()]).toEqual([[[kind, false]], [], 0]);

    const stopped = setUp(wasStopped);
    await begin(stopped);
    expect([stopped.ends(), stopped.settled()]).toEqual([[[kind, false]], 1]);
    expect(stopped.busy.any()).toBe(false);
  },
);

it('a look at files is no work: nothing is noted of it', async () => {
  const { database, ingests, ends } = setUp(ok(ingestReport([], true)));
  await ingests.look(database, ['a.json']);
  expect(ends()).toEqual([]);
});

it('one backup more is not begun while something else goes on', async () => {
  const { database, backups, busy, asked } = setUp(ok(backup()));
  busy.take(database.path, 'ingest');
  for (const begin of [
    backups.create(database),
    backups.restore(database, 'b1', 'a.db'),
    backups.tidy(database, 1, false),
  ])
    expect(await begin).toMatchObject({ ok: false, error: { code: 'E_RUN_ACTIVE' } });
  expect(asked.filter(({ name }) => name !== 'listBackups')).toEqual([]);
});
