import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { err, appError } from '@shared/errors.ts';
import { createBusy } from '@host/busy.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { Engines } from '@host/engines.ts';
import { createEventBus } from '@host/events.ts';
import { createIngests } from '@host/ingests.ts';
import { UNTOLD } from '@host/ongoing.ts';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { scriptedHost, must } from './scripted-host.ts';

const folder = temporaryFolder();

it('a work that was ended after its backup: its folder of choice is known all the same, that of a trial is not', async () => {
  const { host, dataFolder, open } = scriptedHost(folder);
  const database: OpenEntry = open('a');
  const engines = {
    askAlone: () => ({ child: null, answer: Promise.resolve(err(appError('E_WORKER_DIED', ''))) }),
  } as unknown as Engines;
  const ingests = createIngests({
    ...{ engines, events: createEventBus(), busy: createBusy(), dataFolder, appVersion: '0', onBackup: () => {} },
    ongoing: { begin: () => UNTOLD } as unknown as Parameters<typeof createIngests>[0]['ongoing'],
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
