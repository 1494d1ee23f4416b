import fs from 'node:fs';
import path from 'node:path';
import { createElement } from 'react';
import type { BackupRecord } from '@shared/run.ts';
import { defaultBackupFolder, type OpenEntry } from '@host/databases.ts';
import { createHandlers } from '@host/handlers.ts';
import type { Host } from '@host/host.ts';
import { createRouter } from '@host/router.ts';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildEngine } from '../support/engine-child.ts';
import { writeFixture } from '../support/kroma/fixtures.ts';
import { buildScaled } from '../support/kroma/scaled.ts';
import { closeHosts, realHost } from '../support/real-host.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { drawn, wordsOf } from '../unit/renderer/drawn.ts';

/** A disk loses one bit of a stored backup (R11): real backups of a real database, up to what the window shows. */

let router: ReturnType<typeof createRouter>;
const call = (name: string, input: unknown) => router(name, input);
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/' });
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call, on: () => () => {} } });
const { connect } = await import('../../renderer/api.ts');
const { BackupsPanel } = await import('../../renderer/panels/backups/backups-panel.tsx');
const { loadBackups } = await import('../../renderer/stores/backups.ts');
connect();

const folder = temporaryFolder();
beforeAll(buildEngine);
afterEach(() => {
  vi.useRealTimers();
  closeHosts();
});

const writeSmall = (file: string, journalMode: 'delete' | 'wal'): void =>
  writeFixture(file, {
    pragmas: [`journal_mode = ${journalMode}`],
    build: (db) => buildScaled(db, { candidates: 40 }),
  });

function must<T>(result: { ok: true; value: T } | { ok: false; error: { message: string } }): T {
  if (result.ok) return result.value;
  throw new Error(result.error.message);
}

/** As --backup-dir does. */
async function backUpTo(host: Host, { path: file }: OpenEntry, chosen: string): Promise<BackupRecord> {
  const input = { path: file, folder: chosen, reason: 'by hand', runId: null, appVersion: '0' };
  const made = must(await host.engines.askAlone(file, 'backup', input).answer);
  host.backups.remember(file, made);
  return made;
}

/** The page of the backups, as it is drawn now. */
async function shown({ handle, name }: OpenEntry): Promise<string> {
  await loadBackups(handle);
  return wordsOf(drawn(createElement(BackupsPanel, { handle, fileName: name })));
}

/** As it is after the first minute of a start, two days later. */
async function twoDaysLater(host: Host, { handle }: OpenEntry): Promise<void> {
  const told = new Promise<void>((resolve) =>
    host.events.on((event, payload) => {
      if (event === 'database:changed' && (payload as { handle: string }).handle === handle) resolve();
    }),
  );
  const now = Date.now() + 2 * 86_400_000;
  vi.useFakeTimers({ now, toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  host.scrub.start();
  vi.advanceTimersByTime(60_000);
  vi.useRealTimers();
  vi.useFakeTimers({ now, toFake: ['Date'] });
  await told;
}

function flipOneBit({ path: file }: BackupRecord): void {
  fs.chmodSync(file, 0o600);
  const bytes = fs.readFileSync(file);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 0b100;
  const { atime, mtime } = fs.statSync(file);
  fs.writeFileSync(file, bytes);
  fs.utimesSync(file, atime, mtime); // nobody has written to it
}

/** Where a backup lies, and the database that it is of by then. */
const places: [string, (house: ReturnType<typeof realHost>) => Promise<[OpenEntry, BackupRecord]>][] = [
  ['in the usual folder', async ({ host, database }) => [database, must(await host.backups.create(database))]],
  [
    'in a folder that was chosen',
    async ({ host, home, database }) => [database, await backUpTo(host, database, path.join(home, 'elsewhere', 'b'))],
  ],
  [
    'beside a database that was moved together with its backups',
    async ({ host, home, database, file }) => {
      const made = must(await host.backups.create(database));
      const there = path.join(home, 'moved');
      fs.mkdirSync(there);
      for (const each of [file, defaultBackupFolder(file)]) fs.renameSync(each, path.join(there, path.basename(each)));
      const moved = must(host.databases.open(path.join(there, path.basename(file))));
      const place = path.join(defaultBackupFolder(moved.path), path.basename(made.path));
      return [moved, { ...made, path: place }];
    },
  ],
  [
    'beside a database that was renamed without them',
    async ({ host, home, database, file }) => {
      const made = must(await host.backups.create(database));
      fs.renameSync(file, path.join(home, 'renamed.db'));
      return [must(host.databases.open(path.join(home, 'renamed.db'))), made];
    },
  ],
];

describe('one bit that a disk has lost of a backup', () => {
  it.each(places)('%s is found, and told in the list of backups', async (_, make) => {
    const house = realHost(folder, 'delete', writeSmall);
    const { host } = house;
    router = createRouter(createHandlers(host, { info: {}, documentsFolder: house.home } as never));
    const [database, backup] = await make(house);
    must(await host.looks.status(database, 'schema')); // it is remembered from then on
    flipOneBit(backup);
    const before = await shown(database);
    expect(before).not.toMatch(/broken|E_BACKUP_CORRUPT/i);

    await twoDaysLater(host, database);

    const after = await shown(database);
    expect(after).toMatch(/broken/i);
    expect(after).toContain('E_BACKUP_CORRUPT');
    const [listed] = must(await host.backups.list(database)).backups;
    expect(listed).toMatchObject({ path: backup.path, state: 'broken', lastCheck: { ok: false } });
  });
});
