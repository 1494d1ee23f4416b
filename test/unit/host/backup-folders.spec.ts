import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ok } from '@shared/errors.ts';
import { createBackups, rememberFolder, type BackupsContext } from '@host/backups.ts';
import { defaultBackupFolder, type OpenEntry } from '@host/databases.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Where the engine is told to look for the backups of a database. */

const folder = temporaryFolder();

function shop(): { database: OpenEntry; dataFolder: string; placesAsked: () => Promise<unknown> } {
  const home = fs.mkdtempSync(path.join(fs.realpathSync(folder), 'shop-'));
  const database = { handle: 'h', path: path.join(home, 'shop.db'), name: 'shop.db', folder: home };
  const dataFolder = path.join(home, 'data');
  return {
    database,
    dataFolder,
    async placesAsked() {
      let places: unknown;
      const askAlone = (_: string, request: string, input: unknown) => {
        if (request === 'listBackups') places = input;
        return { answer: Promise.resolve(ok([])) };
      };
      const recents = { knowsBroken: () => {}, knowsVerified: () => {} };
      const context = { engines: { askAlone }, recents, dataFolder, appVersion: '0' };
      await createBackups(context as unknown as BackupsContext).list(database);
      return places;
    },
  };
}

it('in its own folder, and in those of others beside it, where its own are if it had another name', async () => {
  const { database, placesAsked } = shop();
  const other = path.join(database.folder, 'earlier name.db backups');
  for (const each of [defaultBackupFolder(database.path), other, path.join(database.folder, 'notes')])
    fs.mkdirSync(each);

  expect(await placesAsked()).toEqual({
    databasePath: database.path,
    folders: [defaultBackupFolder(database.path)],
    otherFolders: [other],
  });
});

it('in those that were chosen for earlier ones, the last one first, and each once', async () => {
  const { database, dataFolder, placesAsked } = shop();
  const own = defaultBackupFolder(database.path);
  for (const each of ['/first', '/second', '/first', own]) rememberFolder(dataFolder, database.path, each);

  expect(await placesAsked()).toMatchObject({ folders: [own, '/second', '/first'] });
});
