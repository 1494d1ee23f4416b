import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackupRecord } from '@shared/run.ts';
import { appError, err, ok } from '@shared/errors.ts';
import { createBusy } from '@host/busy.ts';
import { createEventBus } from '@host/events.ts';
import { createScrub, type ScrubContext } from '@host/scrub.ts';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { backup as record } from '../renderer/values.ts';
import { makeFolder, must, until } from './scripted-host.ts';

/** Which stored backups are read again at a start: those that the lists of the remembered databases show. */

const folder = temporaryFolder();
const stored = (id: string, change: Partial<BackupRecord> = {}): BackupRecord =>
  record({ id, path: `/b/${id}.db`, createdAt: '2026-01-01T00:00:00.000Z', ...change });

/** @param lists what each database lists. */
function setUp(lists: Record<string, BackupRecord[]>, without: readonly string[] = []) {
  const asked: string[] = [];
  const broken: string[] = [];
  const changed: unknown[] = [];
  const busy = createBusy();
  const events = createEventBus();
  events.on((_, payload) => changed.push(payload));
  let answered = 0;
  const askAlone = (file: string, name: string, input: { backupPath: string }) => {
    asked.push(`${name} ${path.basename(name === 'listBackups' ? file : input.backupPath)}`);
    let kill = (): void => {};
    const killed = new Promise((resolve) => (kill = () => resolve(err(appError('E_CANCELLED', '')))));
    const found = name === 'listBackups' ? (lists[file] ?? []) : { state: 'broken' };
    const answer = new Promise((resolve) => setTimeout(() => resolve(ok(found)), 10));
    return { answer: Promise.race([answer, killed]).finally(() => (answered += 1)), child: { kill } };
  };
  const scrub = createScrub({
    ...{ engines: { askAlone } as unknown as ScrubContext['engines'], busy, events, idleMs: 0 },
    recents: { paths: async () => Object.keys(lists), knowsBroken: (file) => void broken.push(file) },
    databases: { find: (file) => ({ handle: `handle of ${file}` }) as never },
    async placesOf(databasePath) {
      const has = !without.includes(databasePath);
      return { databasePath, folders: [has ? makeFolder(folder, 'there') : path.join(folder, 'not there')] };
    },
  });
  /** Once so many answers are there, and nothing more comes. */
  const settled = async (count: number) => {
    await until(() => answered === count);
    await sleep(30);
    scrub.stop();
  };
  return { scrub, asked, broken, changed, busy, settled };
}

it('one that two of them list is read once, and told with both', async () => {
  const { scrub, asked, broken, changed, settled } = setUp({ '/a.db': [stored('b1')], '/copy.db': [stored('b1')] });
  scrub.start();
  await settled(3);
  expect(asked).toEqual(['listBackups a.db', 'listBackups copy.db', 'verifyBackup b1.db']);
  expect(broken).toEqual(['/a.db', '/copy.db']);
  expect(changed).toEqual([{ handle: 'handle of /a.db' }, { handle: 'handle of /copy.db' }]);
});

it('one of a file that is gone is read and told, but not counted among the own ones that are broken', async () => {
  const { scrub, asked, broken, changed, settled } = setUp({ '/a.db': [stored('b1', { madeOfGone: true })] });
  scrub.start();
  await settled(2);
  expect(asked).toContain('verifyBackup b1.db');
  expect([broken, changed]).toEqual([[], [{ handle: 'handle of /a.db' }]]);
});

it('for a database without any folder of backups no process is begun', async () => {
  const { scrub, asked, settled } = setUp({ '/none.db': [], '/a.db': [stored('b1')] }, ['/none.db']);
  scrub.start();
  await settled(2);
  expect(asked).toEqual(['listBackups a.db', 'verifyBackup b1.db']);
});

it('what begins while backups are listed ends that, and nothing is read until it is over', async () => {
  const { scrub, asked, busy, settled } = setUp({ '/a.db': [stored('b1')], '/b.db': [stored('b2')] });
  scrub.start();
  await until(() => asked.length === 1);
  const free = must(busy.take('/a.db', 'backup'));
  scrub.pause();
  await sleep(60);
  expect(asked).toEqual(['listBackups a.db']);

  free(true);
  await settled(3);
  expect(asked).toEqual(['listBackups a.db', 'listBackups b.db', 'verifyBackup b2.db']);
});
