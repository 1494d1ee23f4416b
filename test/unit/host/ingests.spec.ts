import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { err, appError, ok, safetyText } from '@shared/errors.ts';
import { createBusy } from '@host/busy.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { AskListeners } from '@host/engine-process.ts';
import type { Engines } from '@host/engines.ts';
import { createEventBus } from '@host/events.ts';
import { createIngests } from '@host/ingests.ts';
import { createOngoing } from '@host/ongoing.ts';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { scriptedHost, must } from './scripted-host.ts';

const folder = temporaryFolder();

it('a work that was ended after its backup: its folder of choice is known all the same, that of a trial is not', async () => {
  const { host, dataFolder, open } = scriptedHost(folder);
  const database: OpenEntry = open('a');
  const engines = {
    askAlone: () => ({ child: { cancel: () => true }, answer: Promise.resolve(err(appError('E_WORKER_DIED', ''))) }),
  } as unknown as Engines;
  const events = createEventBus();
  const ingests = createIngests({
    ...{ engines, events, busy: createBusy(), ongoing: createOngoing(events) },
    ...{ dataFolder, appVersion: '0', onBackup: () => {} },
  });
  const named = (name: string) => mkdtempSync(path.join(folder, name));
  const [taken, trial, cleared, retried] = ['taken-', 'trial-', 'cleared-', 'retried-'].map(named);
  const request = { files: [], project: null };
  await ingests.take(database, { ...request, isTrial: false, backupFolder: taken ?? '' });
  await ingests.take(database, { ...request, isTrial: true, backupFolder: trial ?? '' });
  await ingests.clearSecrets(database, cleared);
  await ingests.retry(database, { source: { kind: 'none' }, backupFolder: retried ?? '' });

  const folders = must(await host.backups.list(database)).backups.map(({ folder: each }) => each);
  expect(folders).toEqual(expect.arrayContaining([taken, cleared, retried]));
  expect(folders).not.toContain(trial);
  host.close();
});

it('a small change whose process died: its unfinished backup is taken away, and what stays of that is named', async () => {
  const { dataFolder, open } = scriptedHost(folder);
  const database = open('a');
  const partial = path.join(database.folder, 'x.db.partial');
  writeFileSync(partial, 'half');
  const asked: unknown[] = [];
  const died = appError('E_WORKER_DIED', 'It ended.', { exitCode: null }, { safety: 'unknown' });
  const askAlone = (_: string, name: string, input: { partials?: string[] }, listeners?: AskListeners) => {
    asked.push([name, input.partials]);
    listeners?.onWork?.({ stage: 'copying', fraction: 0, canCancel: true, partial });
    return { child: { cancel: () => true }, answer: Promise.resolve(name === 'settle' ? ok({}) : err(died)) };
  };
  const events = createEventBus();
  const ingests = createIngests({
    ...{ engines: { askAlone } as unknown as Engines, events, busy: createBusy(), ongoing: createOngoing(events) },
    ...{ dataFolder, appVersion: '0', onBackup: () => {} },
  });

  const taken = await ingests.take(database, { files: [], project: null, isTrial: false });

  expect(asked).toEqual([
    ['ingest', undefined],
    ['settle', [partial]],
  ]);
  // There need not be a verified backup: nobody says so.
  expect(taken).toMatchObject({
    error: {
      ...{ code: 'E_WORKER_DIED', safety: safetyText.unknown },
      message: `It ended. The backup was not finished, and ${partial} may be left of it.`,
    },
  });
});

it('a look at files on a drive that hangs is told of, can be stopped, and leaves the database free', async () => {
  const { dataFolder, open } = scriptedHost(folder);
  const database = open('a');
  const stopped = err(
    appError('E_CANCELLED', 'Stopped.', { request: 'ingest', wasEnded: true }, { safety: 'untouched' }),
  );
  let end: (answer: typeof stopped) => void = () => {};
  const askAlone = (_: string, name: string) => ({
    child: { cancel: () => (end(stopped), true) },
    answer: name === 'settle' ? Promise.resolve(ok({})) : new Promise((resolve) => (end = resolve)),
  });
  const [events, busy] = [createEventBus(), createBusy()];
  const told: unknown[] = [];
  events.on((name, payload) => name === 'work:changed' && told.push((payload as { work: unknown }).work));
  const ongoing = createOngoing(events);
  const ingests = createIngests({
    ...{ engines: { askAlone } as unknown as Engines, events, busy, ongoing, dataFolder, appVersion: '0' },
    onBackup: () => {},
  });

  const looked = ingests.look(database, ['/away/logs']);
  expect(told.at(-1)).toMatchObject({
    kind: 'ingest',
    now: expect.stringContaining('nothing is changed'),
    canCancel: true,
  });
  must(ongoing.cancel(database));

  expect(await looked).toMatchObject({ error: { code: 'E_CANCELLED', safety: safetyText.untouched } });
  expect([busy.refusal(database.path), told.at(-1)]).toEqual([null, null]);
});

it('what settling has kept of a file that was ended is told with that, and not called as it was', async () => {
  const { dataFolder, open } = scriptedHost(folder);
  // Named already is only that very folder, not one whose name goes on.
  const ended = appError(
    'E_CANCELLED',
    'Not in /b/a before recovery 2.',
    { request: 'ingest', wasEnded: true },
    { safety: 'untouched' },
  );
  const kept = '/b/a before recovery';
  const failed = appError('E_DB_BUSY', `It is kept in ${kept}.`, { keptIn: kept });
  for (const settled of [ok({ phase: null, applied: [], begun: null, keptIn: kept }), err(failed)]) {
    const askAlone = (_: string, name: string) => ({
      child: { cancel: () => true },
      answer: Promise.resolve(name === 'settle' ? settled : err(ended)),
    });
    const events = createEventBus();
    const ingests = createIngests({
      ...{ engines: { askAlone } as unknown as Engines, events, busy: createBusy(), ongoing: createOngoing(events) },
      ...{ dataFolder, appVersion: '0', onBackup: () => {} },
    });
    expect(await ingests.take(open('a'), { files: [], project: null, isTrial: false })).toMatchObject({
      error: {
        message: expect.stringContaining(`kept in ${kept}.`),
        details: { keptIn: kept },
        safety: safetyText.kept,
      },
    });
  }
});
