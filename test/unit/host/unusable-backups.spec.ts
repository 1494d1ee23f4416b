import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { defaultBackupFolder, type OpenEntry } from '@host/databases.ts';
import type { Engines } from '@host/engines.ts';
import { unusableBackups } from '@host/unusable-backups.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Which files among the backups are told as none that can be used, and which of them somebody is asked about. */

const folder = temporaryFolder();
let database: OpenEntry;
let backups: string;
let asked: string[];
beforeEach(() => {
  const file = path.join(fs.mkdtempSync(path.join(fs.realpathSync(folder), 'shop-')), 'shop.db');
  database = { handle: 'h', path: file, name: 'shop.db', folder: path.dirname(file) };
  backups = defaultBackupFolder(file);
  asked = [];
});

const foreign = appError('E_BACKUP_FOREIGN', 'It has no manifest.');
const dead = appError('E_WORKER_DIED', 'It did not answer.');
const find = (known: readonly BackupRecord[] = [], all: Result<BackupRecord[]> = ok([])) => {
  const askAlone = (_: string, request: string, input: { backupPath?: string }) => {
    if (request === 'verifyBackup') asked.push(path.basename(input.backupPath ?? ''));
    return { answer: Promise.resolve(request === 'verifyBackup' ? err(foreign) : all) };
  };
  return unusableBackups({ askAlone } as unknown as Engines, database, known);
};
function put(...names: string[]): void {
  fs.mkdirSync(backups, { recursive: true });
  for (const name of names) fs.writeFileSync(path.join(backups, name), 'some bytes');
}

it('none where no backup was made yet; where the folder is none, that is what is told', async () => {
  expect(await find()).toEqual(ok([]));
  fs.writeFileSync(backups, 'no folder');
  expect(await find()).toMatchObject(ok([{ path: backups, why: { code: 'E_BACKUP_FOLDER' } }]));
});

it('the first five are asked about, those with something that describes them before the others', async () => {
  put('a.db', 'b.db', 'c.db', 'd.db', 'e.db', 'f.db', 'g.db', 'f.json', 'g.json');

  const found = await find();

  expect(asked).toEqual(['f.db', 'g.db', 'a.db', 'b.db', 'c.db']);
  expect(found).toMatchObject(ok([...Array<object>(5).fill({ why: foreign }), { why: null }, { why: null }]));
});

it.skipIf(process.platform !== 'linux')(
  'one whose name is not text is told, and nobody is asked about it',
  async () => {
    put();
    fs.writeFileSync(
      Buffer.concat([Buffer.from(`${backups}/`), Buffer.from([0xff]), Buffer.from('.db')]),
      'some bytes',
    );

    expect(await find()).toEqual(ok([{ path: path.join(backups, '\ufffd.db'), why: null }]));
    expect(asked).toEqual([]);
  },
);

it('one that the list has under the name of the folder behind a link is none', async () => {
  const elsewhere = `${backups} elsewhere`;
  fs.mkdirSync(elsewhere);
  fs.symlinkSync(elsewhere, backups);
  put('a.db');

  expect(await find([{ path: path.join(elsewhere, 'a.db') } as BackupRecord])).toEqual(ok([]));
});

it('where the list of all cannot be had, none is called unusable', async () => {
  put('a.db');
  expect(await find([], err(dead))).toEqual(err(dead));
});
