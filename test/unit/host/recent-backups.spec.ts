import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { createDrives, type Drives } from '@host/drives.ts';
import { createRecents } from '@host/recents.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { backup, status } from '../renderer/values.ts';

/** What the first page says of the last good backup of a recent database. */

const folder = temporaryFolder();

function setUp(look?: Drives) {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const [file, dataFolder, backups] = [
    path.join(home, 'a.db'),
    path.join(home, 'data'),
    path.join(home, 'a.db backups'),
  ];
  mkdirSync(backups);
  const made = backup({ path: path.join(backups, 'b1.db') });
  for (const each of [file, made.path]) writeFileSync(each, 'bytes');
  const recents = createRecents(dataFolder, look);
  const writes: unknown[] = [];
  recents.seen(file, status());
  recents.watch(() => writes.push(recents));
  const shown = async () => {
    const [recent] = await recents.list();
    return [recent?.lastVerifiedBackupAt, recent?.isLastBackupGone];
  };
  return { home, file, dataFolder, backups, made, recents, writes, shown };
}

it('it is the newest one of the last list, and none where what is there is none any more', async () => {
  const { file, made, recents, shown, writes } = setUp();
  expect(await shown()).toEqual([null, undefined]);
  recents.backedUp(file, made);
  expect(await shown()).toEqual([made.createdAt, undefined]);
  await recents.knowsVerified(file, { ...made, createdAt: '2026-11-19T00:00:00Z' });
  expect(await shown()).toEqual(['2026-11-19T00:00:00Z', undefined]);
  await recents.knowsVerified(file, undefined);
  expect(await shown()).toEqual([null, undefined]);
  expect(writes).toHaveLength(3);
  await recents.knowsVerified(file, undefined);
  await recents.knowsVerified('/never/seen.db', made);
  expect(writes).toHaveLength(3); // only what is news
});

it.each([true, false])(
  'it is told as gone where it is not there any more, and the file too: %s',
  async (isFileGone) => {
    const { backups, file, made, recents, shown } = setUp();
    recents.backedUp(file, made);
    recents.seen(file, status()); // looked at since
    rmSync(backups, { recursive: true });
    if (isFileGone) rmSync(file);
    expect(await shown()).toEqual([made.createdAt, true]);
  },
);

it('it is not told as gone where its drive does not answer, nor to the window where it lies', async () => {
  const { file, made, recents, shown } = setUp(() => Promise.resolve('silent'));
  recents.backedUp(file, made);
  expect(await shown()).toEqual([made.createdAt, undefined]);
  expect(JSON.stringify(await recents.list())).not.toContain('b1.db');
});

it('where an older version has noted none but when it was made, that is told', async () => {
  const { backups, dataFolder, file, made, recents, shown } = setUp();
  recents.backedUp(file, made);
  const noted = path.join(dataFolder, 'recents.json');
  writeFileSync(noted, readFileSync(noted, 'utf8').replace('"lastVerifiedBackup"', '"unknown"'));
  rmSync(backups, { recursive: true });
  expect(await shown()).toEqual([made.createdAt, undefined]);
});

it('it stays known when a list cannot find it: its folder may come back', async () => {
  const { backups, file, home, made, recents, shown } = setUp();
  recents.backedUp(file, made);
  renameSync(backups, path.join(home, 'unplugged'));
  await recents.knowsVerified(file, undefined);
  expect(await shown()).toEqual([made.createdAt, true]);
  renameSync(path.join(home, 'unplugged'), backups);
  expect(await shown()).toEqual([made.createdAt, undefined]);

  renameSync(backups, path.join(home, 'unplugged'));
  await recents.knowsVerified(file, { createdAt: '2026-11-19T00:00:00Z', path: file }); // an older one, elsewhere
  expect(await shown()).toEqual(['2026-11-19T00:00:00Z', undefined]);
});

it('it is not told as gone, nor forgotten, where nobody may look', async () => {
  const refusal = Object.assign(new Error('permission denied'), { code: 'EACCES' });
  const ask = (at: string) => (at.endsWith('b1.db') ? Promise.reject(refusal) : stat(at));
  const { file, made, recents, shown } = setUp(createDrives({ ask }));
  recents.backedUp(file, made);
  expect(await shown()).toEqual([made.createdAt, undefined]);
  await recents.knowsVerified(file, undefined);
  expect(await shown()).toEqual([made.createdAt, undefined]);
});

it('one of a database that nobody has looked at yet is told once somebody has', async () => {
  const { home, made, recents } = setUp();
  const other = path.join(home, 'other.db');
  await recents.knowsVerified(other, made); // as the command line has made it
  expect(await recents.list()).toHaveLength(1);
  recents.seen(other, status());
  expect((await recents.list())[0]).toMatchObject({ name: 'other.db', lastVerifiedBackupAt: made.createdAt });
});
