import path from 'node:path';
import type { Output } from '@shared/channels.ts';
import { type AppError, appError, err, ok, type Result } from '@shared/errors.ts';
import { namesAlike } from '@shared/names-alike.ts';
import type { BackupRecord } from '@shared/run.ts';
import { z } from 'zod';
import type { Needed } from '@engine/protocol.ts';
import { findById, withUniqueIds } from './backup-ids.ts';
import { type BackupsWork, type Busy, isOfBackups, type TakeOptions } from './busy.ts';
import { ensureFolder } from './data-folder.ts';
import { databaseKey, defaultBackupFolder, type OpenEntry } from './databases.ts';
import { lookOnDrives } from './drives.ts';
import type { Asked, Engines } from './engines.ts';
import type { EventBus } from './events.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { neighbouringBackupFolders, recoveryCopies, replacedFolders, wasSetAsideByUndo } from './kept-files.ts';
import { type Ongoing, type Tracked, UNTOLD } from './ongoing.ts';
import { backupsInNeed } from './open-work.ts';
import { printable } from './printable.ts';
import { quietly } from './quietly.ts';
import type { Recents } from './recents.ts';
import { beginPutBack, beginRestore } from './restore-begun.ts';
import { askRestore, putBackReplaced } from './restores.ts';
import { settleFile, wasEnded } from './run-stop.ts';
import { unusableBackups } from './unusable-backups.ts';
import { readWorks, unreadableJournals } from './works.ts';

type Confirmed = string;

export interface Backups {
  /**
   * Newest first, of the default folder and of every other folder used for this database before; behind them those of a
   * file that is gone and may have been this one.
   */
  list(database: OpenEntry): Promise<Result<Output<'backup:list'>>>;
  create(database: OpenEntry): Promise<Result<BackupRecord>>;
  /** Reads the whole backup again. */
  verify(database: OpenEntry, backupId: string): Promise<Result<BackupRecord>>;
  /** @param confirmation what the person typed; must read as the database's file name (E_CONFIRMATION). */
  restore(database: OpenEntry, backupId: string, confirmation: Confirmed): Promise<Result<Output<'backup:restore'>>>;
  /** Deletes one. Error: E_BACKUP_NEEDED; E_DATA_FOLDER and others of doingOwn where nobody can say what is needed. */
  remove(database: OpenEntry, backupId: string, confirmation: Confirmed): Promise<Result<BackupRecord>>;
  /**
   * Error: those of doingOwn, as `remove`.
   * @param shown paths of those that may go; absent: whoever asks agreed to the rule, not to certain ones.
   */
  tidy(
    database: OpenEntry,
    keep: number,
    isTrial: boolean,
    shown?: readonly string[],
  ): Promise<Result<Output<'backup:tidy'>>>;
  /** Puts back what the last restore set aside as files. @param shown their folder; E_STATE_CHANGED where it is another. */
  putBack(database: OpenEntry, confirmation: Confirmed, shown: string): Promise<Result<Record<string, never>>>;
  /** Error: E_BACKUP_GONE. */
  find(database: OpenEntry, backupId: string): Promise<Result<BackupRecord>>;
  /** Later lists look in the folder of this backup too. Where that cannot be noted, they look where they did. */
  remember(databasePath: string, backup: BackupRecord): void;
}

export interface BackupsContext {
  readonly engines: Engines;
  readonly events: EventBus;
  readonly busy: Busy;
  readonly ongoing: Ongoing;
  readonly recents: Recents;
  readonly dataFolder: string;
  readonly appVersion: string;
}

export function createBackups(context: BackupsContext): Backups {
  const { engines, appVersion, dataFolder } = context;
  const recordsOf = async (database: OpenEntry): Promise<Result<BackupRecord[]>> => {
    const found = await engines.askAlone(database.path, 'listBackups', placesOf(dataFolder, database)).answer;
    if (!found.ok) return found;
    const backups = withUniqueIds(found.value);
    const broken = backups.filter(({ state, madeOfGone }) => state === 'broken' && !madeOfGone);
    context.recents.knowsBroken(database.path, broken.length);
    return ok(backups);
  };
  const list: Backups['list'] = async (database) => {
    const backups = await recordsOf(database);
    if (!backups.ok) return backups;
    const unusable = await unusableBackups(engines, database, backups.value);
    if (!unusable.ok) return unusable;
    const folder = defaultBackupFolder(database.path);
    const works = readWorks(dataFolder, database.path);
    const [replaced = null] = replacedFolders(database.path, works);
    const isOfUndo = replaced !== null && wasSetAsideByUndo(database.path, replaced, works);
    const kept = { replaced: replaced && { ...replaced, isOfUndo }, beforeRecovery: recoveryCopies(folder) };
    return ok({ folder, backups: backups.value, unusable: unusable.value, ...kept });
  };
  const find: Backups['find'] = async (database, backupId) => {
    const backups = await recordsOf(database);
    return backups.ok ? findById(backups.value, backupId) : backups;
  };
  const remember: Backups['remember'] = (databasePath, backup) => {
    quietly(() => rememberFolder(dataFolder, databasePath, backup.folder));
    if (backup.verified) context.recents.backedUp(databasePath, backup.createdAt);
  };
  return {
    list,
    find,
    remember,
    create: (database) =>
      occupied(context, database, 'backup', async (tracked) => {
        const folder = defaultBackupFolder(database.path);
        const input = { path: database.path, folder, reason: 'by hand', runId: null, appVersion };
        const made = await followed(tracked, engines.askAlone(database.path, 'backup', input, tracked));
        if (made.ok) remember(database.path, made.value);
        return made;
      }),
    async verify(database, backupId) {
      const backup = await find(database, backupId);
      if (!backup.ok) return backup;
      const { id, path: backupPath } = backup.value;
      const read = await engines.askAlone(backupPath, 'verifyBackup', { backupPath }).answer;
      return read.ok ? ok({ ...read.value, id }) : read;
    },
    async restore(database, backupId, confirmation) {
      const backup = unconfirmed(database, confirmation) ?? (await find(database, backupId));
      if (!backup.ok) return backup;
      const begun = beginRestore(dataFolder, database.path, backup.value.path);
      const restoring = (tracked: Tracked) => followed(tracked, askRestore(context, begun, database.path, tracked));
      return occupied(context, database, 'restore', restoring, begun);
    },
    async remove(database, backupId, confirmation) {
      const backup = unconfirmed(database, confirmation) ?? (await find(database, backupId));
      if (!backup.ok) return backup;
      const { path: backupPath } = backup.value;
      return occupied(context, database, 'delete-backups', async () => {
        const needed = neededBackups(dataFolder, database.path);
        if (!needed.ok) return needed;
        const input = { ...placesOf(dataFolder, database), needed: needed.value, backupPath };
        return engines.askAlone(database.path, 'removeBackup', input).answer;
      });
    },
    tidy: (database, keep, isTrial, shown) =>
      occupied(context, database, isTrial ? 'look-at-backups' : 'delete-backups', async () => {
        const needed = neededBackups(dataFolder, database.path);
        if (!needed.ok) return needed;
        const input = { ...placesOf(dataFolder, database), needed: needed.value, keep, isTrial };
        const only = shown === undefined ? {} : { shown };
        return engines.askAlone(database.path, 'tidyBackups', { ...input, ...only }).answer;
      }),
    async putBack(database, confirmation, shown) {
      const refused = unconfirmed(database, confirmation);
      if (refused) return refused;
      const [last] = replacedFolders(database.path, readWorks(dataFolder, database.path));
      if (!last) return err(appError('E_NOTHING_TO_DO', `No restore of ${printable(database.name)} set files aside.`));
      if (last.folder !== shown) {
        context.events.emit('database:changed', { handle: database.handle }); // its window looks again
        return err(otherFiles());
      }
      const begun = beginPutBack(last.folder);
      // Not followed: whoever ended it would end it in the middle of replacing the file.
      const puttingBack = async (): Promise<Result<Record<string, never>>> => {
        const done = await putBackReplaced(context, begun, database.path);
        return done.ok ? ok({}) : done;
      };
      return occupied(context, database, 'put-back', puttingBack, begun);
    },
  };
}

/** Backups that something unfinished goes back to. Error: of doingOwn, where not all that was noted can be read. */
function neededBackups(dataFolder: string, databasePath: string): Result<Needed[]> {
  const unreadable = unreadableJournals(dataFolder, databasePath);
  if (unreadable === null) return ok(backupsInNeed(readWorks(dataFolder, databasePath)));
  const message = `${unreadable.message} So nobody can say which backups are still needed: all of them stay.`;
  return err({ ...unreadable, message });
}

const placesOf = (dataFolder: string, { path: databasePath }: OpenEntry) => ({
  databasePath,
  folders: [defaultBackupFolder(databasePath), ...rememberedFolders(dataFolder, databasePath)],
  otherFolders: neighbouringBackupFolders(databasePath),
});

/** The command line, or another window, has restored since then: nobody has agreed to what that set aside. */
const otherFiles = (): AppError =>
  appError('E_STATE_CHANGED', 'By now a restore has set other files aside than those that were shown.', undefined, {
    nextStep: 'Look at what is shown now, then choose again.',
  });

function unconfirmed(database: OpenEntry, confirmation: Confirmed): Result<never> | null {
  if (namesAlike(confirmation, database.name)) return null;
  const message = `What was typed is not ${printable(database.name)}. Nothing was started.`;
  return err(appError('E_CONFIRMATION', message));
}

function followed<K extends 'backup' | 'restore'>(tracked: Tracked, asked: Asked<K>): Asked<K>['answer'] {
  tracked.follow(asked.child);
  return asked.answer;
}

async function occupied<T>(
  context: BackupsContext,
  database: OpenEntry,
  work: 'backup' | 'restore' | 'put-back' | BackupsWork,
  act: (tracked: Tracked) => Promise<Result<T>>,
  more: TakeOptions = {},
): Promise<Result<T>> {
  const free = context.busy.take(database.path, work, more);
  if (!free.ok) return free;
  const tracked = isOfBackups(work) ? UNTOLD : context.ongoing.begin(database, work); // those are short
  let isDone = false;
  try {
    const result = await act(tracked);
    // A refusal is an end like another: only a work that never answers is asked about later.
    isDone = result.ok;
    if (!result.ok && work === 'backup' && wasEnded(result.error)) {
      const { dataFolder } = context;
      await settleFile(context.engines, { path: database.path, dataFolder, partials: tracked.partials });
      return err(await toldWhatIsLeft(result.error, tracked.partials));
    }
    return result;
  } finally {
    tracked.end();
    free.value(isDone);
    context.events.emit('database:changed', { handle: database.handle });
  }
}

/** Nothing is where settling has removed it; a drive that does not answer tells nothing. */
async function toldWhatIsLeft(stopped: AppError, [partial]: readonly string[]): Promise<AppError> {
  if (partial === undefined || (await lookOnDrives(partial, true)) === 'nothing') return stopped;
  const message = `The backup was not finished, and ${printable(partial)} may be left of it.`;
  return appError('E_CANCELLED', message, stopped.details, {
    safety: 'database-untouched',
    nextStep: 'Back up again whenever you like. What may be left is no backup: you can delete it.',
  });
}

const Folders = z.array(z.string());
const folderFile = (dataFolder: string, databasePath: string) =>
  path.join(dataFolder, 'backup-folders', `${databaseKey(databasePath)}.json`);

const rememberedFolders = (dataFolder: string, databasePath: string): string[] =>
  readJsonFile(folderFile(dataFolder, databasePath), Folders, []);

/**
 * Later lists look there too. The default folder is always looked in; where that is a link, the folder behind it is
 * remembered all the same, since links get changed. The engine lists both as one. @throws CodedError of doingOwn.
 */
export function rememberFolder(dataFolder: string, databasePath: string, folder: string): void {
  const known = rememberedFolders(dataFolder, databasePath);
  if (folder === defaultBackupFolder(databasePath) || known.includes(folder)) return;
  ensureFolder(dataFolder, 'backup-folders');
  writeJsonFile(folderFile(dataFolder, databasePath), [folder, ...known].slice(0, 20));
}
