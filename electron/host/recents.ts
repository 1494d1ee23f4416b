import type { Stats } from 'node:fs';
import path from 'node:path';
import type { RecentDatabase } from '@shared/channels.ts';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { z } from 'zod';
import { ensureFolder } from './data-folder.ts';
import { databaseKey } from './databases.ts';
import { type Drives, lookOnDrives, type Seen } from './drives.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { quietly } from './quietly.ts';

const Remembered = z.object({
  recentId: z.string(),
  path: z.string(),
  packTitle: z.string().nullable(),
  variantTitle: z.string().nullable(),
  phaseReached: z.number().int().nullable(),
  phaseCount: z.number().int(),
  lastVerifiedBackupAt: z.string().nullable(),
  /** Its path; lists of an older version do not say. */
  lastVerifiedBackup: z.string().optional(),
  lastOpenedAt: z.string(),
  brokenBackups: z.number().int().optional(),
});
type Remembered = z.infer<typeof Remembered>;

/** More than anybody scrolls through; the oldest entry is forgotten. */
const LIMIT = 30;

type Good = Pick<BackupRecord, 'createdAt' | 'path'>;

/** What is noted along the way is noted where it can be: on a full disk the list stays as it was. */
export interface Recents {
  /** Newest first, with what is true now about each file, as far as its drive answers. */
  list(): Promise<RecentDatabase[]>;
  /** Their paths, newest first, whether there is anything or not. */
  files(): string[];
  /** Error: E_NOT_FOUND for an entry that is no longer remembered. */
  pathOf(recentId: string): Result<string>;
  /** @throws CodedError of doingOwn. */
  remove(recentId: string): void;
  /** Forgets all of them; the files stay. @throws CodedError of doingOwn. */
  clear(): void;
  /** Told whenever the list was written. */
  watch(listener: () => void): void;
  /** Remembers a database that could be read, or brings its entry up to date. */
  seen(file: string, status: DatabaseStatus): void;
  backedUp(file: string, backup: Good): void;
  /**
   * The newest good one of its backups as they were just listed; undefined = none is. One that was known stays known where
   * it is not there to be listed: its folder may have been moved, or be on a drive that is not connected. Writes only what
   * is news; of a database that is not remembered yet once it is.
   */
  knowsVerified(file: string, newest: Good | undefined): Promise<void>;
  knows(file: string): boolean;
  /** How many of its backups are known to be broken; 'another': one more. Writes only what is news. */
  knowsBroken(file: string, count: number | 'another'): void;
  /** Of those whose file is there, newest first. */
  paths(): Promise<string[]>;
}

/** @param look for tests. */
export function createRecents(dataFolder: string, look: Drives = lookOnDrives): Recents {
  const file = path.join(dataFolder, 'recents.json');
  const read = (): Remembered[] => readJsonFile(file, z.array(Remembered), []);
  const watching: (() => void)[] = [];
  /** Of those not remembered yet: their backups may be listed before the first look at them is over. */
  const goodAhead = new Map<string, Good>();
  const asSeen = async (entry: Remembered): Promise<RecentDatabase> => {
    const { path: databasePath, lastVerifiedBackup: backup } = entry;
    return withFile(entry, await look(databasePath), backup === undefined ? null : await look(backup));
  };
  const noteVerified = (databasePath: string, backup: Good | undefined): void => {
    const recentId = databaseKey(databasePath);
    const entries = read();
    const present = entries.find((entry) => entry.recentId === recentId);
    const [at, place] = [backup?.createdAt ?? null, backup?.path];
    if (!present && backup !== undefined) goodAhead.set(recentId, backup);
    else goodAhead.delete(recentId);
    if (!present || (present.lastVerifiedBackupAt === at && present.lastVerifiedBackup === place)) return;
    const { lastVerifiedBackup: _, ...rest } = present;
    const noted = { ...rest, lastVerifiedBackupAt: at, ...(place === undefined ? {} : { lastVerifiedBackup: place }) };
    quietly(() => write(entries.map((entry) => (entry === present ? noted : entry))));
  };
  const placeNoted = (databasePath: string): string | undefined =>
    read().find(({ recentId }) => recentId === databaseKey(databasePath))?.lastVerifiedBackup;
  const noteListed: Recents['knowsVerified'] = async (databasePath, newest) => {
    const place = newest === undefined ? placeNoted(databasePath) : undefined;
    if (place !== undefined) {
      const seen = await look(place);
      // Listed, it would be, were it good: only what is there can be none. Or else one was made meanwhile.
      if (typeof seen !== 'object' || placeNoted(databasePath) !== place) return;
    }
    noteVerified(databasePath, newest);
  };
  const write = (entries: Remembered[]): void => {
    ensureFolder(dataFolder);
    writeJsonFile(file, entries.slice(0, LIMIT));
    for (const listener of watching) listener();
  };
  return {
    list: () => Promise.all(read().map(asSeen)),
    files: () => read().map(({ path: each }) => each),
    pathOf(recentId) {
      const found = read().find((entry) => entry.recentId === recentId);
      return found ? ok(found.path) : err(appError('E_NOT_FOUND', 'It is no longer among the recent databases.'));
    },
    remove: (recentId) => write(read().filter((entry) => entry.recentId !== recentId)),
    clear: () => write([]),
    watch: (listener) => void watching.push(listener),
    seen(databasePath, status) {
      const recentId = databaseKey(databasePath);
      const before = read();
      const known = before.find((each) => each.recentId === recentId);
      const good = goodAhead.get(recentId);
      const lastVerifiedBackup = good?.path ?? known?.lastVerifiedBackup;
      goodAhead.delete(recentId);
      const entry: Remembered = {
        recentId,
        path: databasePath,
        packTitle: status.pack.title,
        variantTitle: status.variant.title,
        phaseReached: status.phaseReached,
        phaseCount: status.phases.length,
        lastVerifiedBackupAt: good?.createdAt ?? known?.lastVerifiedBackupAt ?? null,
        ...(lastVerifiedBackup === undefined ? {} : { lastVerifiedBackup }),
        lastOpenedAt: new Date().toISOString(),
        ...(known?.brokenBackups === undefined ? {} : { brokenBackups: known.brokenBackups }),
      };
      quietly(() => write([entry, ...before.filter((each) => each.recentId !== recentId)]));
    },
    async paths() {
      const found = await Promise.all(read().map(async ({ path: each }) => (isFile(await look(each)) ? each : [])));
      return found.flat();
    },
    knows: (databasePath) => read().some(({ recentId }) => recentId === databaseKey(databasePath)),
    knowsBroken(databasePath, count) {
      const recentId = databaseKey(databasePath);
      const entries = read();
      const present = entries.find((entry) => entry.recentId === recentId);
      const known = present?.brokenBackups ?? 0;
      const brokenBackups = count === 'another' ? known + 1 : count;
      if (!present || brokenBackups === known) return;
      quietly(() => write(entries.map((entry) => (entry === present ? { ...entry, brokenBackups } : entry))));
    },
    backedUp: noteVerified,
    knowsVerified: noteListed,
  };
}

const isFile = (seen: Seen): seen is Stats => typeof seen === 'object' && seen.isFile();

/** @param backup what is in the place of its last verified backup; null = no place is known. */
function withFile(entry: Remembered, seen: Seen, backup: Seen | null): RecentDatabase {
  const { path: databasePath, lastVerifiedBackup: _, ...shown } = entry;
  return {
    ...shown,
    name: path.basename(databasePath),
    folder: path.dirname(databasePath),
    exists: isFile(seen),
    ...(seen === 'silent' || seen === 'unasked' ? { isSilent: true } : {}),
    ...(backup === 'nothing' ? { isLastBackupGone: true } : {}),
    sizeBytes: isFile(seen) ? seen.size : null,
  };
}
