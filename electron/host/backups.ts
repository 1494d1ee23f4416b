import path from 'node:path';
import type { Output } from '@shared/channels.ts';
import { type AppError, appError, err, ok, type Result } from '@shared/errors.ts';
import { namesAlike } from '@shared/names-alike.ts';
import type { BackupRecord } from '@shared/run.ts';
import { z } from 'zod';
import type { Needed } from '@engine/protocol.ts';
import { findById, withUniqueIds } from './backup-ids.ts';
import { isSameBackupOn } from './backup-place.ts';
import type { Busy, TakeOptions } from './busy.ts';
import { ensureFolder } from './data-folder.ts';
import { databaseKey, defaultBackupFolder, type OpenEntry } from './databases.ts';
import { doesNotAnswer, lookOnDrives, type Unseen } from './drives.ts';
import type { Asked, Engines } from './engines.ts';
import type { EventBus } from './events.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { lastSetAside, neighbouringBackupFolders, recoveryCopies, wasSetAsideByUndo } from './kept-files.ts';
import { madeRestores, undoingBackup } from './made-restores.ts';
import { insideOf, whatAnswers } from './on-drives.ts';
import type { BackupsWork, Ongoing, Tracked } from './ongoing.ts';
import { backupsInNeed } from './open-work.ts';
import { printable } from './printable.ts';
import { quietly } from './quietly.ts';
import { cutShort } from './readings.ts';
import type { Recents } from './recents.ts';
import { beginPutBack, beginRestore } from './restore-begun.ts';
import { askPutBack, askRestore } from './restores.ts';
import { isUnsettled, settleFile, tellingWhatIsLeft } from './run-stop.ts';
import { unusableBackups } from './unusable-backups.ts';
import { readWorks, unreadableJournals } from './works.ts';

type Confirmed = string;

export interface Backups {
  /**
   * Newest first, of the default folder and of every other folder used for this database before; behind them those of a
   * file that is gone and may have been this one.
   * @param signal gives that up (E_CANCELLED).
   */
  list(database: OpenEntry, signal?: AbortSignal): Promise<Result<Output<'backup:list'>>>;
  create(database: OpenEntry): Promise<Result<BackupRecord>>;
  /**
   * Reads the whole backup again. What it finds counts in every list from then on, whether it could be noted or not.
   * @param signal gives that up (E_CANCELLED): nothing was found then.
   */
  verify(database: OpenEntry, backupId: string, signal?: AbortSignal): Promise<Result<Output<'backup:verify'>>>;
  /** What somebody else has found who read a backup again. */
  noteCheck(read: BackupRecord): void;
  /**
   * @param confirmation what the person typed; must read as the database's file name (E_CONFIRMATION).
   * @param isUndo nobody typed it: E_STATE_CHANGED where more goes than the last restore has put there.
   */
  restore(
    database: OpenEntry,
    backupId: string,
    confirmation: Confirmed,
    isUndo?: boolean,
  ): Promise<Result<Output<'backup:restore'>>>;
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
  putBack(database: OpenEntry, confirmation: Confirmed, shown: string): Promise<Result<Output<'backup:putBack'>>>;
  /** Error: E_BACKUP_GONE; E_TIMEOUT where it may lie in a folder that could not be looked into. */
  find(database: OpenEntry, backupId: string, signal?: AbortSignal): Promise<Result<BackupRecord>>;
  /** A person is shown one that no list has: `find` knows it from then on, and later lists look in its folder too. */
  show(database: OpenEntry, backup: BackupRecord): void;
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
  /** As they were found when they were last read again here, by path: where that cannot be written, none says so of itself. */
  const checked = new Map<string, BackupRecord>();
  const noteCheck: Backups['noteCheck'] = (read) => void checked.set(read.path, read);
  /** By path of the database: what a person was shown of it last though no list has it. */
  const shownBeside = new Map<string, BackupRecord>();
  /** As noted beside them. */
  const notedOf = async (database: OpenEntry, signal?: AbortSignal): Promise<Result<Found>> => {
    const { places, silent } = await placesOf(dataFolder, database);
    const found = await engines.askAlone(database.path, 'listBackups', places, { signal }).answer;
    return found.ok ? ok({ backups: withUniqueIds(found.value), silent }) : found;
  };
  const recordsOf = async (database: OpenEntry, signal?: AbortSignal): Promise<Result<Found>> => {
    const noted = await notedOf(database, signal);
    if (!noted.ok) return noted;
    const { silent } = noted.value;
    const backups = noted.value.backups.map((backup) => asLastChecked(backup, checked.get(backup.path)));
    if (silent.length > 0) return ok({ backups, silent }); // of those there nothing is known now
    const own = backups.filter(({ madeOfGone }) => !madeOfGone);
    context.recents.knowsBroken(database.path, own.filter(({ state }) => state === 'broken').length);
    const good = own.find(({ verified, state }) => verified && state === 'verified');
    await context.recents.knowsVerified(database.path, good);
    return ok({ backups, silent });
  };
  /** Of the last restore; undefined: to restore it takes out more than that restore has put there, or nobody can say. */
  const undoing = async (database: OpenEntry, backups: readonly BackupRecord[]) => {
    const undoes = await undoingBackup(database.path, readWorks(dataFolder, database.path));
    if (undoes === null) return undefined;
    for (const backup of backups.filter(({ state, madeOfGone }) => state === 'verified' && !madeOfGone))
      if (await isSameBackupOn(backup.path, undoes)) return backup;
    return undefined;
  };
  const list: Backups['list'] = async (database, signal) => {
    const found = await recordsOf(database, signal);
    if (!found.ok) return found;
    const { backups, silent } = found.value;
    const folder = defaultBackupFolder(database.path);
    const inFolder = silent.includes(folder) ? ok([]) : await unusableBackups(engines, database, backups);
    if (!inFolder.ok) return inFolder;
    const unusable = [...silent.map((each) => ({ path: each, why: doesNotAnswer(each) })), ...inFolder.value];
    const works = readWorks(dataFolder, database.path);
    const replaced = await lastSetAside(database.path, works);
    const isOfUndo = replaced !== null && wasSetAsideByUndo(database.path, replaced, works);
    const kept = { replaced: replaced && { ...replaced, isOfUndo }, beforeRecovery: await recoveryCopies(folder) };
    const undoneBy = (await undoing(database, backups))?.id ?? null;
    if (lookOnDrives.isSilent(database.path)) return err(doesNotAnswer(database.path)); // since then: none of it is known
    const made = { restores: madeRestores(works), undoneBy };
    return ok({ folder, backups, unusable, ...kept, ...made });
  };
  const find: Backups['find'] = async (database, backupId, signal) => {
    const listed = await recordsOf(database, signal);
    const found = listed.ok ? findById(listed.value.backups, backupId) : listed;
    if (found.ok) return found;
    const silent = listed.ok ? listed.value.silent : [];
    const shown = shownBeside.get(database.path);
    if (shown?.id === backupId && !silent.includes(shown.folder)) return ok(shown);
    return silent[0] === undefined ? found : err(doesNotAnswer(silent[0]));
  };
  const show: Backups['show'] = (database, backup) => {
    shownBeside.set(database.path, backup);
    quietly(() => rememberFolder(dataFolder, database.path, backup.folder));
  };
  const remember: Backups['remember'] = (databasePath, backup) => {
    quietly(() => rememberFolder(dataFolder, databasePath, backup.folder));
    if (backup.verified) context.recents.backedUp(databasePath, backup);
  };
  return {
    list,
    find,
    show,
    remember,
    noteCheck,
    create: (database) =>
      occupied(context, database, 'backup', async (tracked) => {
        const folder = defaultBackupFolder(database.path);
        const input = { path: database.path, folder, reason: 'by hand', runId: null, appVersion };
        const made = await followed(tracked, engines.askAlone(database.path, 'backup', input, tracked));
        if (made.ok) remember(database.path, made.value);
        return made;
      }),
    async verify(database, backupId, signal) {
      const backup = await find(database, backupId, signal);
      if (!backup.ok) return backup;
      if (signal?.aborted === true) return cutShort();
      const { id, path: backupPath } = backup.value;
      const read = await engines.askAlone(backupPath, 'verifyBackup', { backupPath }, { signal }).answer;
      if (!read.ok) return read;
      noteCheck(read.value);
      const noted = await notedOf(database, signal);
      const listed = noted.ok ? noted.value.backups.find((each) => each.path === backupPath) : undefined;
      // Where it is not listed just now, nobody can say that it was not.
      return ok({ ...read.value, id, isNoted: listed === undefined || isNotedIn(listed, read.value) });
    },
    async restore(database, backupId, confirmation, isUndo = false) {
      const backup = unconfirmed(database, confirmation) ?? (await find(database, backupId));
      if (!backup.ok) return backup;
      const there = await whatAnswers(database.path); // listing may have taken long: from here on it is looked at
      if (!there.ok) return there;
      const begunThen = context.busy.begun(database.path);
      const isIts = isUndo && (await undoing(database, [backup.value])) !== undefined;
      const refused = isUndo ? context.busy.refusal(database.path) : null;
      if (refused) return refused;
      if (isUndo && (!isIts || context.busy.begun(database.path) !== begunThen)) {
        context.events.emit('database:changed', { handle: database.handle }); // its window looks again
        return err(moreThanUndone());
      }
      const begun = beginRestore(dataFolder, database.path, backup.value.path);
      const restoring = (tracked: Tracked) => followed(tracked, askRestore(context, begun, database.path, tracked));
      return occupied(context, database, 'restore', restoring, begun);
    },
    async remove(database, backupId, confirmation) {
      const backup = unconfirmed(database, confirmation) ?? (await find(database, backupId));
      if (!backup.ok) return backup;
      const { path: backupPath } = backup.value;
      return occupied(context, database, 'delete-backups', async (tracked) => {
        const needed = neededBackups(dataFolder, database.path);
        if (!needed.ok) return needed;
        const { places } = await placesOf(dataFolder, database);
        const input = { ...places, needed: needed.value, backupPath };
        return followed(tracked, engines.askAlone(database.path, 'removeBackup', input));
      });
    },
    tidy: (database, keep, isTrial, shown) =>
      occupied(context, database, isTrial ? 'look-at-backups' : 'delete-backups', async (tracked) => {
        const needed = neededBackups(dataFolder, database.path);
        if (!needed.ok) return needed;
        const { places } = await placesOf(dataFolder, database);
        const input = { ...places, needed: needed.value, keep, isTrial };
        const only = shown === undefined ? {} : { shown };
        return followed(tracked, engines.askAlone(database.path, 'tidyBackups', { ...input, ...only }));
      }),
    async putBack(database, confirmation, shown) {
      const refused = unconfirmed(database, confirmation) ?? context.busy.refusal(database.path);
      if (refused) return refused;
      const begunThen = context.busy.begun(database.path);
      const last = await lastSetAside(database.path, readWorks(dataFolder, database.path));
      if (lookOnDrives.isSilent(database.path)) return err(doesNotAnswer(database.path));
      const inTheWay = context.busy.refusal(database.path);
      if (inTheWay) return inTheWay;
      if (!last) return err(appError('E_NOTHING_TO_DO', `No restore of ${printable(database.name)} set files aside.`));
      if (last.folder !== shown || context.busy.begun(database.path) !== begunThen) {
        context.events.emit('database:changed', { handle: database.handle }); // its window looks again
        return err(otherFiles());
      }
      const begun = beginPutBack(last.folder);
      const puttingBack = async (tracked: Tracked): Promise<Result<Output<'backup:putBack'>>> => {
        const done = await followed(tracked, askPutBack(context, begun, database.path, tracked));
        return done.ok ? ok({ replacedFolder: done.value.replacedFolder }) : done;
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

interface Found {
  readonly backups: BackupRecord[];
  /** Folders that could not be looked into, since their drive does not answer. */
  readonly silent: readonly string[];
}

/**
 * Where the engine looks. One folder that hangs would keep it from telling of the others, those beside the database too:
 * what is on a drive that does not answer is left out. A drive that nobody could ask is left to the engine.
 */
export async function placesOf(dataFolder: string, { path: databasePath }: Pick<OpenEntry, 'path'>) {
  const [folders, silent] = [[] as string[], [] as string[]];
  const sort = (folder: string, seen: Unseen | object) => (seen === 'silent' ? silent : folders).push(folder);
  const own = defaultBackupFolder(databasePath); // may be a link to another drive
  sort(own, await lookOnDrives(insideOf(own), true));
  for (const folder of rememberedFolders(dataFolder, databasePath)) sort(folder, await lookOnDrives(folder));
  const otherFolders = await neighbouringBackupFolders(databasePath);
  return { places: { databasePath, folders, otherFolders }, silent };
}

/** The command line, or another window, has restored since then: nobody has agreed to what that set aside. */
const otherFiles = (): AppError =>
  appError('E_STATE_CHANGED', 'By now a restore has set other files aside than those that were shown.', undefined, {
    nextStep: 'Look at what is shown now, then choose again.',
  });

/** The same, and whatever else was done in the file: that would go with what the restore has put there. */
const moreThanUndone = (): AppError =>
  appError(
    'E_STATE_CHANGED',
    'Something else may have been done in the file since that restore: undoing it would take that out, too.',
    undefined,
    { nextStep: 'To go back all the same, restore that backup, which asks for the name of the file.' },
  );

const isNotedIn = (listed: BackupRecord, { lastCheck }: BackupRecord): boolean =>
  lastCheck !== null && listed.lastCheck !== null && listed.lastCheck.at >= lastCheck.at;

/** Whether the file is there every list sees for itself. @param read when it was read again here; another of its name is another. */
function asLastChecked(listed: BackupRecord, read: BackupRecord | undefined): BackupRecord {
  if (read === undefined || read.sha256 !== listed.sha256 || isNotedIn(listed, read)) return listed;
  if (listed.state === 'missing' || read.state === 'missing') return listed;
  const { verified, lastCheck, state } = read;
  return { ...listed, verified, lastCheck, state };
}

function unconfirmed(database: OpenEntry, confirmation: Confirmed): Result<never> | null {
  if (namesAlike(confirmation, database.name)) return null;
  const message = `What was typed is not ${printable(database.name)}. Nothing was started.`;
  return err(appError('E_CONFIRMATION', message));
}

/** Each of them may be ended at any moment; the last two may have to be, where the drive of the backups hangs. */
function followed<K extends 'backup' | 'restore' | 'putBack' | 'removeBackup' | 'tidyBackups'>(
  tracked: Tracked,
  asked: Asked<K>,
): Asked<K>['answer'] {
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
  const tracked = context.ongoing.begin(database, work);
  let isDone = false;
  try {
    const result = await act(tracked);
    // A refusal is an end like another: only a work that never answers is asked about later.
    isDone = result.ok;
    if (!result.ok && work === 'backup' && isUnsettled(result.error)) {
      const [{ dataFolder }, { partials }] = [context, tracked];
      const settled = await settleFile(context.engines, { path: database.path, dataFolder, partials });
      return err(await tellingWhatIsLeft(result.error, partials, settled));
    }
    return result;
  } finally {
    tracked.end();
    free.value(isDone);
    context.events.emit('database:changed', { handle: database.handle });
  }
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
