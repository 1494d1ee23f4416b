import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { Drives } from '@host/drives.ts';
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

it('it is the newest one of the last list, and none where that found none', async () => {
  const { file, made, recents, shown, writes } = setUp();
  expect(await shown()).toEqual([null, undefined]);
  recents.backedUp(file, made);
  expect(await shown()).toEqual([made.createdAt, undefined]);
  recents.knowsVerified(file, { ...made, createdAt: '2026-11-19T00:00:00Z' });
  expect(await shown()).toEqual(['2026-11-19T00:00:00Z', undefined]);
  recents.knowsVerified(file, undefined);
  expect(await shown()).toEqual([null, undefined]);
  expect(writes).toHaveLength(3);
  recents.knowsVerified(file, undefined);
  recents.knowsVerified('/never/seen.db', made);
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
