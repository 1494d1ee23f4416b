import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { appError, ok } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { createBackups, type BackupsContext } from '@host/backups.ts';
import type { OpenEntry } from '@host/databases.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { backup as record } from '../renderer/values.ts';
import { must } from './scripted-host.ts';

/** What was found when a backup was read again counts, whether that could be noted beside it or not. */

const folder = temporaryFolder();
const error = appError('E_BACKUP_CORRUPT', 'Its content is not what was saved.');
const check = (at: string, ok: boolean): NonNullable<BackupRecord['lastCheck']> => ({
  at,
  ok,
  error: ok ? null : error,
});
const bad = { verified: false, state: 'broken', lastCheck: check('2026-11-21T14:00:00.000Z', false) } as const;

/** @param isNoted where the engine can write beside the backup. */
function setUp(found: Partial<BackupRecord>, isNoted: boolean) {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const database: OpenEntry = { handle: 'h', name: 'a.db', folder: home, path: path.join(home, 'a.db') };
  let listed = record();
  const broken: number[] = [];
  const askAlone = (_: string, name: string) => {
    const read = { ...record(), ...found };
    if (name === 'verifyBackup' && isNoted) listed = read;
    return { answer: Promise.resolve(ok(name === 'listBackups' ? [listed] : read)) };
  };
  const recents = { knowsBroken: (_: string, count: number) => void broken.push(count), knowsVerified: () => {} };
  const context = { engines: { askAlone }, recents, dataFolder: path.join(home, 'data'), appVersion: '0' };
  const backups = createBackups(context as unknown as BackupsContext);
  return {
    ...{ backups, broken },
    verify: async () => must(await backups.verify(database, 'b1')),
    list: async () => must(await backups.list(database)).backups[0],
    become: (change: Partial<BackupRecord>) => (listed = record(change)),
  };
}

describe('a backup that was found broken', () => {
  it.each([true, false])('is listed as that from then on, whether it could be noted or not: %s', async (isNoted) => {
    const { broken, list, verify } = setUp(bad, isNoted);
    expect(await verify()).toMatchObject({ id: 'b1', isNoted, ...bad });
    expect(await list()).toMatchObject(bad);
    expect(broken.at(-1)).toBe(1);
  });

  it('is that until somebody has found something else, and noted it', async () => {
    const { become, list, verify } = setUp(bad, false);
    await verify();
    become({ lastCheck: check('2026-11-20T14:00:00.000Z', true) });
    expect(await list()).toMatchObject(bad);
    become({ lastCheck: check('2026-11-21T14:00:01.000Z', true) });
    expect(await list()).toMatchObject({ state: 'verified', verified: true });
  });

  it('is told as missing once it is, and another in its place for itself', async () => {
    const { become, list, verify } = setUp(bad, false);
    await verify();
    become({ state: 'missing' });
    expect(await list()).toMatchObject({ state: 'missing' });
    become({ sha256: 'cd'.repeat(32) });
    expect(await list()).toMatchObject({ state: 'verified' });
  });

  it('by whoever reads stored ones again at start is listed as that, too', async () => {
    const { backups, list } = setUp({}, false);
    backups.noteCheck(record(bad));
    expect(await list()).toMatchObject(bad);
  });
});

it('a backup whose file was missing is told by whether it is there now', async () => {
  const { list, verify } = setUp({ ...bad, state: 'missing' }, false);
  expect(await verify()).toMatchObject({ state: 'missing', isNoted: false });
  expect(await list()).toMatchObject({ state: 'verified' });
});
