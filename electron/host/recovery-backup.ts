import path from 'node:path';
import type { AppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { sizeText } from '@shared/sizes.ts';
import { placeOf } from './backup-place.ts';
import type { Backups } from './backups.ts';
import { defaultBackupFolder, type OpenEntry } from './databases.ts';
import type { Engines } from './engines.ts';
import { COARSEST_TIME_MS, type KeptFolder, replacedFolders } from './kept-files.ts';
import type { OpenWork } from './open-work.ts';
import type { UnfinishedRestore } from './restore-note.ts';
import { printable } from './printable.ts';
import { ownStatsOf, statsOf } from './stats.ts';
import type { Work } from './works.ts';

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
}

export interface FoundBackup {
  readonly record: BackupRecord | null;
  /** Of an upgrade in several parts: which of their backups it is; null = there is one part, or this is no upgrade. */
  readonly partOf: 'original' | 'half-upgraded' | null;
  /** Of an interrupted restore: the path of the backup that was being put back, where it cannot be any more. */
  readonly lost: string | null;
  /** Where nobody knows which one was being put back: the newest good ones, of any kind and of what a restore replaced. */
  readonly others: readonly BackupRecord[];
  /** Of an interrupted restore: the backup that was put into the file as a whole; null = none, or not known. */
  readonly restoredFrom: RestoredFrom | null;
  /** Of such a restore: the folder with the files that it set aside, since SQLite could not read them. */
  readonly setAside: string | null;
}

export interface RestoredFrom {
  readonly backup: BackupRecord;
  /** The file's own list of events, or its bytes. */
  readonly proof: 'event' | 'bytes';
}

export const NO_BACKUP: FoundBackup = {
  record: null,
  partOf: null,
  lost: null,
  others: [],
  restoredFrom: null,
  setAside: null,
};

/** How a backup is read again. */
type Reading = Pick<Wanted, 'isReadOnly' | 'onLook'>;

type ReadBackup = (database: OpenEntry, wanted: Wanted) => Promise<FoundBackup>;

/** Finds the backup of the state before something was interrupted, and reads it again as a whole. */
export function createBackupReader({
  engines,
  backups,
}: {
  readonly engines: Engines;
  readonly backups: Pick<Backups, 'list'>;
}): ReadBackup {
  const read = new Map<string, { at: number; record: BackupRecord }>();

  const readAgain = async (backup: string, { isReadOnly, onLook }: Reading): Promise<BackupRecord | null> => {
    const stats = statsOf(backup);
    const key = `${backup} ${stats?.size} ${stats?.mtimeMs}`;
    const known = read.get(key);
    if (known && Date.now() - known.at < FRESH_MS) return known.record;
    onLook(`Reading the backup “${printable(path.basename(backup))}” again (${sizeText(stats?.size ?? 0)})`);
    const input = { backupPath: backup, ...(isReadOnly ? { isNoted: false } : {}) };
    const answer = await engines.askAlone(backup, 'verifyBackup', input).answer;
    if (!answer.ok) return isNone(answer.error) ? null : unread(await recordAt(backup), answer.error);
    read.set(key, { at: Date.now(), record: answer.value });
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
    return found?.sha256 === sha256 ? [found.path] : [];
  };

  const recordAt = async (backupPath: string): Promise<BackupRecord | null> => {
    if (/^[\\/]{2}/.test(backupPath)) return null; // no note sends us to another computer
    const input = { folders: [path.dirname(backupPath)], databasePath: null };
    const listed = await engines.askAlone(backupPath, 'listBackups', input).answer;
    return (listed.ok && listed.value.find((record) => record.path === placeOf(backupPath))) || null;
  };

  const ofRestore = async (
    database: OpenEntry,
    restore: UnfinishedRestore,
    known: readonly BackupRecord[],
    reading: Reading,
  ): Promise<FoundBackup> => {
    const nothing = NO_BACKUP;
    if (restore.unreadable !== null) {
      const newest = await firstGood(pathsOf(known), reading);
      const before = await firstGood(pathsOf(known.filter(({ reason }) => reason === BEFORE)), reading);
      const good = [newest, before].filter((record) => record !== null).filter(isGood);
      return { ...nothing, others: good.filter((record, at) => good.findIndex(({ id }) => id === record.id) === at) };
    }
    if (restore.source === 'replaced')
      return isFolderBeside(database.path, restore.backupPath) ? nothing : { ...nothing, lost: restore.backupPath };
    const places = placesOf(database, restore, known);
    const meant = await firstGood(places.length > 0 ? places : await elsewhere(restore), reading);
    if (meant !== null && isGood(meant))
      return { ...nothing, record: meant, restoredFrom: await heldBy(database, [meant], { since: null }, reading) };
    const before = known.filter(({ path: at }) => restore.beforePath !== null && at === placeOf(restore.beforePath));
    const other = await firstGood(pathsOf([...before, ...known]), reading);
    return { ...nothing, record: other !== null && isGood(other) ? other : meant, lost: restore.backupPath };
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
    const isFile = restores !== undefined && statsOf(restores)?.isFile() === true; // else files that were set aside
    const named =
      known.find(({ path: at }) => restores !== undefined && at === placeOf(restores)) ??
      (isFile ? await recordAt(restores) : null);
    // A journal that names none is of an older version: the file may well hold what a backup holds that nobody put back.
    const isByEvent = restores === undefined;
    const meant = isByEvent ? known : named ? [named] : [];
    const restoredFrom = await heldBy(database, meant, { since, isByEvent }, reading);
    const before = backupPath === null ? oldestBefore(database, known, since, until) : [placeOf(backupPath)];
    const record = await firstGood(
      before.filter((at) => pathsOf(known).includes(at)),
      reading,
    );
    const isByFile = restoredFrom !== null && before.length === 0;
    return { ...NO_BACKUP, record, restoredFrom, setAside: isByFile ? setAsideBy(database.path, work) : null };
  };

  const heldBy = async (
    { path: file }: OpenEntry,
    records: readonly BackupRecord[],
    how: { readonly since: string | null; readonly isByEvent?: boolean },
    { onLook }: Reading,
  ): Promise<RestoredFrom | null> => {
    if (records.length === 0) return null;
    onLook('Comparing the file with what was being put back');
    const backups = records.map(({ path: at, createdAt }) => ({ path: at, createdAt }));
    const held = await engines.askAlone(file, 'restoredFrom', { path: file, ...how, backups }).answer;
    if (!held.ok || held.value === null) return null;
    const { backupPath, proof } = held.value;
    const backup = records.find((record) => record.path === backupPath);
    return backup ? { backup, proof } : null;
  };

  const find = async (database: OpenEntry, known: BackupRecord[], wanted: Wanted): Promise<FoundBackup> => {
    if (wanted.restore !== null) return ofRestore(database, wanted.restore, known, wanted);
    if (wanted.open?.work.kind === 'restore') return ofEndedRestore(database, known, wanted.open.work, wanted);
    const parts = ofRuns(known, wanted);
    const record = await firstGood(
      parts.map(({ path: at }) => at),
      wanted,
    );
    return { ...NO_BACKUP, record, partOf: parts.find(({ path: at }) => at === record?.path)?.partOf ?? null };
  };

  return async (database, wanted) => {
    const listed = await backups.list(database);
    const known = listed.ok ? listed.value.backups : [];
    const found = await find(database, known, wanted);
    const { record, others } = found;
    return { ...found, record: record && asListed(record, known), others: others.map((each) => asListed(each, known)) };
  };
}

/** The list alone knows that it was made of a file which is gone. */
const asListed = (record: BackupRecord, known: readonly BackupRecord[]): BackupRecord =>
  known.some(({ path: at, madeOfGone }) => madeOfGone && at === record.path) ? { ...record, madeOfGone: true } : record;

/** Gone, or no finished backup. */
const isNone = ({ code }: AppError): boolean => code.startsWith('E_BACKUP_');

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
function placesOf(database: OpenEntry, { backupPath, sha256 }: UnfinishedRestore, known: readonly BackupRecord[]) {
  const moved = path.join(defaultBackupFolder(database.path), path.basename(backupPath));
  const places = [placeOf(backupPath), placeOf(moved)];
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

function isFolderBeside(database: string, folder: string): boolean {
  const beside = path.join(path.dirname(database), path.basename(folder));
  return ownStatsOf(beside)?.isDirectory() ?? false;
}

/** The folder that it names; where it was ended before it could, the latest that was made since. */
function setAsideBy(database: string, work: Work): string | null {
  const since = new Date(Date.parse(work.since) - COARSEST_TIME_MS).toISOString();
  const isIts = ({ folder, at }: KeptFolder): boolean =>
    work.setAside === null ? at >= since : work.setAside === path.basename(folder);
  return replacedFolders(database, [work]).find(isIts)?.folder ?? null;
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
