import path from 'node:path';
import { isReplacedFolder } from '@shared/beside.ts';
import type { AppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { sizeText } from '@shared/sizes.ts';
import { withIdBeside } from './backup-ids.ts';
import { placeOn } from './backup-place.ts';
import type { Backups } from './backups.ts';
import { defaultBackupFolder, type OpenEntry } from './databases.ts';
import { doesNotAnswer, isAnswered, lookOnDrives } from './drives.ts';
import type { Engines } from './engines.ts';
import {
  COARSEST_TIME_MS,
  isWhole,
  keptByInterrupted,
  type KeptFolder,
  lastSetAside,
  quarantineOn,
  replacedFolders,
} from './kept-files.ts';
import { ownStatsOn } from './on-drives.ts';
import type { OpenWork } from './open-work.ts';
import type { UnfinishedRestore } from './restore-note.ts';
import { printable } from './printable.ts';
import { readWorks, type Work } from './works.ts';

/** A backup that was read again stays read for so long, ms: the same screen asks more than once. */
const FRESH_MS = 5 * 60_000;

interface Wanted {
  readonly open: OpenWork | null;
  /** When something else was begun on the file after that; null = nothing was. */
  readonly until: string | null;
  readonly runId: string;
  readonly restore: UnfinishedRestore | null;
  readonly isReadOnly: boolean;
  /** Told what takes long, before it begins. */
  readonly onLook: (now: string) => void;
  /** Once it has come, nobody wants to know any more: what is answered then is not true. */
  readonly signal: AbortSignal | undefined;
}

export interface FoundBackup {
  readonly record: BackupRecord | null;
  /** Of an upgrade in several parts: which of their backups it is; null = there is one part, or this is no upgrade. */
  readonly partOf: 'original' | 'half-upgraded' | null;
  /** Not that record: one that is wanted before it, and why it cannot be used, though it is there, or may be. */
  readonly unusable: { readonly path: string; readonly error: AppError } | null;
  /** Of an interrupted restore: the path of what was being put back, where it cannot be any more. */
  readonly lost: string | null;
  /**
   * What that restore had copied beside the file before it replaced anything, and can be finished with though it is lost.
   * staged: it lies there still; placed: it is gone from there, most likely into the place of the file.
   */
  readonly copy: 'staged' | 'placed' | null;
  /** The folder beside the file, by its name, with the files that it was replacing; null = there is none, or not known. */
  readonly keptIn: string | null;
  /** Its path where that restore cannot be finished, but undone with what lies in it; null = it cannot. */
  readonly undoneWith: string | null;
  /** No backup was being put back, but files that an earlier restore had set aside. */
  readonly oldFiles: OldFiles | null;
  /** Where nobody knows which one was being put back: the newest good ones, of any kind and of what a restore replaced. */
  readonly others: readonly BackupRecord[];
  /** Of an interrupted restore: the backup that was put into the file as a whole; null = none, or not known. */
  readonly restoredFrom: RestoredFrom | null;
  /** Of such a restore: the files that it set aside, since SQLite could not read them. */
  readonly setAside: SetAside | null;
}

/** Both folders lie beside the database. */
export interface OldFiles {
  /** By its name. */
  readonly folder: string;
  /** By its name, that with what was there until then; null = nothing was, or it is not known. */
  readonly keptIn: string | null;
}

export interface SetAside {
  readonly folder: string;
  /** Nothing was set aside after them: only the last can be put back. */
  readonly isLast: boolean;
}

export interface RestoredFrom {
  readonly backup: BackupRecord;
  /** The file's own list of events, or its bytes. */
  readonly proof: 'event' | 'bytes';
}

export const NO_BACKUP: FoundBackup = {
  record: null,
  partOf: null,
  unusable: null,
  lost: null,
  copy: null,
  keptIn: null,
  undoneWith: null,
  oldFiles: null,
  others: [],
  restoredFrom: null,
  setAside: null,
};

/** How a backup is read again. */
type Reading = Pick<Wanted, 'isReadOnly' | 'onLook' | 'signal'>;

type ReadBackup = (database: OpenEntry, wanted: Wanted) => Promise<FoundBackup>;

/** Finds the backup of the state before something was interrupted, and reads it again as a whole. */
export function createBackupReader({
  engines,
  backups,
  dataFolder,
}: {
  readonly engines: Engines;
  readonly backups: Pick<Backups, 'list' | 'show' | 'noteCheck'>;
  readonly dataFolder: string;
}): ReadBackup {
  const read = new Map<string, { at: number; record: BackupRecord }>();
  /** By path, why not: those that no record can be told of, but that are there, or may be. */
  const unusable = new Map<string, AppError>();
  const unusableAmong = (candidates: readonly string[]): FoundBackup['unusable'] => {
    const found = candidates.find((candidate) => unusable.has(candidate));
    const error = found === undefined ? undefined : unusable.get(found);
    return found !== undefined && error ? { path: found, error } : null;
  };

  const readAgain = async (backup: string, { isReadOnly, onLook, signal }: Reading): Promise<BackupRecord | null> => {
    if (signal?.aborted) return null;
    unusable.delete(backup);
    const seen = await lookOnDrives(backup, true);
    if (!isAnswered(seen)) {
      unusable.set(backup, doesNotAnswer(backup));
      return null;
    }
    const stats = typeof seen === 'object' ? seen : null;
    const key = `${backup} ${stats?.size} ${stats?.mtimeMs}`;
    const known = read.get(key);
    if (known && Date.now() - known.at < FRESH_MS) return known.record;
    onLook(`Reading the backup “${printable(path.basename(backup))}” again (${sizeText(stats?.size ?? 0)})`);
    const input = { backupPath: backup, ...(isReadOnly ? { isNoted: false } : {}) };
    const answer = await engines.askAlone(backup, 'verifyBackup', input, { signal }).answer;
    if (!answer.ok) {
      if (signal?.aborted) return null; // it was found neither good nor broken
      if (answer.error.code === 'E_BACKUP_GONE') return null;
      const record = unread(await recordAt(backup), answer.error);
      if (record === null) unusable.set(backup, answer.error);
      return record;
    }
    read.set(key, { at: Date.now(), record: answer.value });
    backups.noteCheck(answer.value); // where it cannot be noted beside it, the list would offer what is told as broken here
    return answer.value;
  };

  /** @returns the first good one, else one that is there. */
  const firstGood = async (candidates: readonly string[], reading: Reading): Promise<BackupRecord | null> => {
    let broken: BackupRecord | null = null;
    for (const candidate of new Set(candidates)) {
      const record = await readAgain(candidate, reading);
      if (record !== null && isGood(record)) return record;
      broken ??= record;
    }
    return broken;
  };

  /** In a folder that no backup of this database was ever seen in: a command named it. Its manifest has to say the same. */
  const elsewhere = async ({ backupPath, sha256 }: UnfinishedRestore): Promise<string[]> => {
    const found = sha256 === null ? null : await recordAt(backupPath);
    if (lookOnDrives.isSilent(backupPath)) unusable.set(backupPath, doesNotAnswer(backupPath));
    else unusable.delete(backupPath);
    return found?.sha256 === sha256 ? [found.path] : [];
  };

  const recordAt = async (backupPath: string): Promise<BackupRecord | null> => {
    if (/^[\\/]{2}/.test(backupPath)) return null; // no note sends us to another computer
    if (!isAnswered(await lookOnDrives(backupPath, true))) return null;
    const input = { folders: [path.dirname(backupPath)], databasePath: null };
    const listed = await engines.askAlone(backupPath, 'listBackups', input).answer;
    const place = await placeOn(backupPath);
    return (listed.ok && listed.value.find((record) => record.path === place)) || null;
  };

  const ofRestore = async (
    database: OpenEntry,
    restore: UnfinishedRestore,
    known: readonly BackupRecord[],
    reading: Reading,
  ): Promise<FoundBackup> => {
    const keptAt = await quarantineOn(database.path, restore.quarantine);
    const nothing = { ...NO_BACKUP, keptIn: keptAt && path.basename(keptAt.folder) };
    if (restore.unreadable !== null) {
      const newest = await firstGood(pathsOf(known), reading);
      const before = await firstGood(pathsOf(known.filter(({ reason }) => reason === BEFORE)), reading);
      const good = [newest, before].filter((record) => record !== null).filter(isGood);
      return { ...nothing, others: good.filter((record, at) => good.findIndex(({ id }) => id === record.id) === at) };
    }
    const copy = await copyOf(database.path, restore);
    if (restore.source === 'replaced') {
      const oldFiles = { folder: path.basename(restore.backupPath), keptIn: nothing.keptIn };
      if (await isFolderBeside(database.path, restore.backupPath)) return { ...nothing, copy, oldFiles };
      const instead = await firstGood(pathsOf(known), reading);
      const record = instead !== null && isGood(instead) ? instead : null;
      return { ...nothing, record, lost: restore.backupPath, copy, oldFiles };
    }
    const places = await placesOf(database, restore, known);
    const meant = await firstGood(places.length > 0 ? places : await elsewhere(restore), reading);
    if (meant !== null && isGood(meant))
      return { ...nothing, record: meant, restoredFrom: await heldBy(database, [meant], { since: null }, reading) };
    const beforePlace = restore.beforePath === null ? null : await placeOn(restore.beforePath);
    const before = known.filter(({ path: at }) => at === beforePlace);
    const other = await firstGood(pathsOf([...before, ...known]), reading);
    const record = other !== null && isGood(other) ? other : meant;
    const why = meant === null ? unusableAmong([...places, restore.backupPath]) : null;
    const undoneWith = (await keptByInterrupted(database.path))?.folder ?? null;
    return { ...nothing, record, unusable: why, lost: restore.backupPath, copy, undoneWith };
  };

  /** Its note is gone, so it has either finished or replaced nothing: the file tells. */
  const ofEndedRestore = async (
    database: OpenEntry,
    known: readonly BackupRecord[],
    work: Work,
    { until, ...reading }: Reading & Pick<Wanted, 'until'>,
  ): Promise<FoundBackup> => {
    const { since, backupPath } = work;
    const { restores } = work.started;
    const seen = restores === undefined ? 'nothing' : await lookOnDrives(restores, true);
    const isFile = restores !== undefined && typeof seen === 'object' && seen.isFile(); // else files that were set aside
    const place = restores === undefined ? null : await placeOn(restores);
    const named = known.find(({ path: at }) => at === place) ?? (isFile ? await recordAt(restores) : null);
    // A journal that names none is of an older version: the file may well hold what a backup holds that nobody put back.
    const isByEvent = restores === undefined;
    const meant = isByEvent ? known : named ? [named] : [];
    const restoredFrom = await heldBy(database, meant, { since, isByEvent }, reading);
    const before = backupPath === null ? oldestBefore(database, known, since, until) : [await placeOn(backupPath)];
    const record = await firstGood(
      before.filter((at) => pathsOf(known).includes(at)),
      reading,
    );
    const isByFile = restoredFrom !== null && before.length === 0;
    const setAside = isByFile ? await setAsideBy(database.path, work, readWorks(dataFolder, database.path)) : null;
    const folder = path.basename(restores ?? '');
    const oldFiles = isReplacedFolder(database.name, folder) ? { folder, keptIn: null } : null;
    return { ...NO_BACKUP, record, restoredFrom, setAside, oldFiles };
  };

  const heldBy = async (
    { path: file }: OpenEntry,
    records: readonly BackupRecord[],
    how: { readonly since: string | null; readonly isByEvent?: boolean },
    { onLook, signal }: Reading,
  ): Promise<RestoredFrom | null> => {
    if (records.length === 0 || signal?.aborted) return null;
    onLook('Comparing the file with what was being put back');
    const backups = records.map(({ path: at, createdAt }) => ({ path: at, createdAt }));
    const held = await engines.askAlone(file, 'restoredFrom', { path: file, ...how, backups }, { signal }).answer;
    if (!held.ok || held.value === null) return null;
    const { backupPath, proof } = held.value;
    const backup = records.find((record) => record.path === backupPath);
    return backup ? { backup, proof } : null;
  };

  const find = async (database: OpenEntry, known: BackupRecord[], wanted: Wanted): Promise<FoundBackup> => {
    if (wanted.restore !== null) return ofRestore(database, wanted.restore, known, wanted);
    if (wanted.open?.work.kind === 'restore') return ofEndedRestore(database, known, wanted.open.work, wanted);
    const parts = ofRuns(known, wanted);
    const candidates = parts.map(({ path: at }) => at);
    const record = await firstGood(candidates, wanted);
    const place = parts.findIndex(({ path: at }) => at === record?.path);
    const before = unusableAmong(record === null ? candidates : candidates.slice(0, Math.max(0, place)));
    return { ...NO_BACKUP, record, unusable: before, partOf: parts[place]?.partOf ?? null };
  };

  return async (database, wanted) => {
    const listed = await backups.list(database, wanted.signal);
    const known = listed.ok ? listed.value.backups : [];
    const found = await find(database, known, wanted);
    const record = found.record && (await asListed(found.record, known));
    const isOfRun = wanted.restore === null && record !== null && !(await listedAs(record, known));
    if (isOfRun && !wanted.isReadOnly) backups.show(database, record); // what is offered must not be refused
    const others: BackupRecord[] = [];
    for (const each of found.others) others.push(await asListed(each, known));
    return { ...found, record, others };
  };
}

async function listedAs(record: BackupRecord, known: readonly BackupRecord[]): Promise<BackupRecord | undefined> {
  const place = await placeOn(record.path);
  return known.find(({ path: at }) => at === record.path || at === place);
}

/** The list alone knows which id is asked for, and that it was made of a file which is gone. */
async function asListed(record: BackupRecord, known: readonly BackupRecord[]): Promise<BackupRecord> {
  const listed = await listedAs(record, known);
  if (listed === undefined) return withIdBeside(known, record);
  return { ...record, id: listed.id, ...(listed.madeOfGone ? { madeOfGone: true } : {}) };
}

/** There it is, but nobody knows whether it is good. */
const unread = (record: BackupRecord | null, error: AppError): BackupRecord | null =>
  record && {
    ...record,
    verified: false,
    state: 'broken',
    lastCheck: { at: new Date().toISOString(), ok: false, error },
  };

const BEFORE = 'before restore';
const isGood = ({ verified, state }: BackupRecord): boolean => verified && state === 'verified';
const pathsOf = (records: readonly BackupRecord[]): string[] => records.map((record) => record.path);

/**
 * Where the engine looks for the backup that was being put back. Only what is known as a backup of this database is
 * read: a note may name anything.
 */
async function placesOf(
  database: OpenEntry,
  { backupPath, sha256 }: UnfinishedRestore,
  known: readonly BackupRecord[],
): Promise<string[]> {
  const moved = path.join(defaultBackupFolder(database.path), path.basename(backupPath));
  const places = [await placeOn(backupPath), await placeOn(moved)];
  return pathsOf(
    known.filter((record) => places.includes(record.path) && (sha256 === null || record.sha256 === sha256)),
  );
}

/**
 * Where no journal names it, what a restore has backed up before it replaced the file: the first of its time. One that
 * failed to undo it makes a later one, of what the restore has put in.
 */
function oldestBefore({ path: file }: OpenEntry, known: readonly BackupRecord[], since: string, until: string | null) {
  const isIts = ({ reason, databasePath, createdAt }: BackupRecord): boolean =>
    reason === BEFORE && databasePath === file && createdAt >= since && (until === null || createdAt < until);
  const its = known.filter(isIts).toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  return pathsOf(its.slice(0, 1));
}

async function isFolderBeside(database: string, folder: string): Promise<boolean> {
  const beside = path.join(path.dirname(database), path.basename(folder));
  return (await lies(beside, 'isDirectory')) && isWhole(database, beside);
}

async function lies(file: string, as: 'isFile' | 'isDirectory'): Promise<boolean> {
  const seen = await ownStatsOn(file);
  return typeof seen === 'object' && seen[as]();
}

/** Where the engine makes it. A whole one is not told from another here: that would mean to read it. */
async function copyOf(database: string, { way }: UnfinishedRestore): Promise<FoundBackup['copy']> {
  if (way === 'in-place') return null;
  if (await lies(`${database}.restore-stage`, 'isFile')) return 'staged';
  return (await lies(database, 'isFile')) ? 'placed' : null;
}

/** The folder that it names; where it was ended before it could, the latest that was made since. */
async function setAsideBy(database: string, work: Work, works: readonly Work[]): Promise<SetAside | null> {
  const since = new Date(Date.parse(work.since) - COARSEST_TIME_MS).toISOString();
  const isIts = ({ folder, at }: KeptFolder): boolean =>
    work.setAside === null ? at >= since : work.setAside === path.basename(folder);
  const its = (await replacedFolders(database, [work])).find(isIts);
  const last = await lastSetAside(database, works);
  return its ? { folder: its.folder, isLast: its.folder === last?.folder } : null;
}

interface BackupOfPart {
  readonly path: string;
  readonly partOf: FoundBackup['partOf'];
}

/** That of the first part first: it holds what there was before anything was begun. */
function ofRuns(known: readonly BackupRecord[], { open, runId }: Wanted): BackupOfPart[] {
  const parts = open?.parts.toReversed() ?? [];
  const ofRun = (id: string) => pathsOf(known.filter((record) => record.runId === id));
  // Until a run has told of its backup it changes nothing: the next part still finds the original.
  const begun = parts.findIndex(({ backupPath }) => backupPath !== null);
  const isSeveral = parts.filter(({ backupPath }) => backupPath !== null).length > 1;
  return [
    ...parts.flatMap(({ runId: id, backupPath }, at): BackupOfPart[] => {
      const partOf = !isSeveral ? null : begun >= 0 && at > begun ? 'half-upgraded' : 'original';
      const noted = backupPath === null ? [] : [backupPath];
      return [...noted, ...ofRun(id)].map((place) => ({ path: place, partOf }));
    }),
    ...ofRun(runId).map((place) => ({ path: place, partOf: null })),
  ];
}
