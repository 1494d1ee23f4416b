import path from 'node:path';
import type { BackupRecord } from '@shared/run.ts';
import type { Backups } from './backups.ts';
import { defaultBackupFolder, type OpenEntry } from './databases.ts';
import type { Engines } from './engines.ts';
import type { OpenWork } from './open-work.ts';
import type { UnfinishedRestore } from './restore-note.ts';
import { ownStatsOf, statsOf } from './stats.ts';

/** A backup that was read again stays read for so long, ms: the same screen asks more than once. */
const FRESH_MS = 5 * 60_000;

interface Wanted {
  readonly open: OpenWork | null;
  readonly runId: string;
  readonly restore: UnfinishedRestore | null;
  readonly isReadOnly: boolean;
}

export interface FoundBackup {
  readonly record: BackupRecord | null;
  /** Of an interrupted restore: the path of the backup that was being put back, where it cannot be any more. */
  readonly lost: string | null;
  /** Where nobody knows which one was being put back: the newest good ones, of any kind and of what a restore replaced. */
  readonly others: readonly BackupRecord[];
}

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

  const readAgain = async (backup: string, isReadOnly: boolean): Promise<BackupRecord | null> => {
    const stats = statsOf(backup);
    const key = `${backup} ${stats?.size} ${stats?.mtimeMs}`;
    const known = read.get(key);
    if (known && Date.now() - known.at < FRESH_MS) return known.record;
    const input = { backupPath: backup, ...(isReadOnly ? { isNoted: false } : {}) };
    const answer = await engines.askAlone(backup, 'verifyBackup', input).answer;
    if (!answer.ok) return null; // gone, or no finished backup
    read.set(key, { at: Date.now(), record: answer.value });
    return answer.value;
  };

  /** @returns the first good one, else one that is there. */
  const firstGood = async (candidates: readonly string[], isReadOnly: boolean): Promise<BackupRecord | null> => {
    let broken: BackupRecord | null = null;
    for (const candidate of new Set(candidates)) {
      const record = await readAgain(candidate, isReadOnly);
      if (record !== null && isGood(record)) return record;
      broken ??= record;
    }
    return broken;
  };

  /** In a folder that no backup of this database was ever seen in: a command named it. Its manifest has to say the same. */
  const elsewhere = async ({ backupPath, sha256 }: UnfinishedRestore): Promise<string[]> => {
    if (sha256 === null || /^[\\/]{2}/.test(backupPath)) return []; // no note sends us to another computer
    const input = { folders: [path.dirname(backupPath)], databasePath: null };
    const listed = await engines.askAlone(backupPath, 'listBackups', input).answer;
    const found = listed.ok ? listed.value : [];
    return pathsOf(found.filter((record) => record.path === backupPath && record.sha256 === sha256));
  };

  const ofRestore = async (
    database: OpenEntry,
    restore: UnfinishedRestore,
    known: readonly BackupRecord[],
    isReadOnly: boolean,
  ): Promise<FoundBackup> => {
    const nothing = { record: null, lost: null, others: [] };
    if (restore.unreadable !== null) {
      const newest = await firstGood(pathsOf(known), isReadOnly);
      const before = await firstGood(pathsOf(known.filter(({ reason }) => reason === BEFORE)), isReadOnly);
      const good = [newest, before].filter((record) => record !== null).filter(isGood);
      return { ...nothing, others: good.filter((record, at) => good.findIndex(({ id }) => id === record.id) === at) };
    }
    if (restore.source === 'replaced')
      return isFolderBeside(database.path, restore.backupPath) ? nothing : { ...nothing, lost: restore.backupPath };
    const places = placesOf(database, restore, known);
    const meant = await firstGood(places.length > 0 ? places : await elsewhere(restore), isReadOnly);
    if (meant !== null && isGood(meant)) return { ...nothing, record: meant };
    const before = known.filter((record) => record.path === restore.beforePath);
    const other = await firstGood(pathsOf([...before, ...known]), isReadOnly);
    return { ...nothing, record: other !== null && isGood(other) ? other : meant, lost: restore.backupPath };
  };

  return async (database, wanted) => {
    const listed = await backups.list(database);
    const known = listed.ok ? listed.value.backups : [];
    if (wanted.restore !== null) return ofRestore(database, wanted.restore, known, wanted.isReadOnly);
    return { record: await firstGood(ofRuns(known, wanted), wanted.isReadOnly), lost: null, others: [] };
  };
}

const BEFORE = 'before restore';
const isGood = ({ verified, state }: BackupRecord): boolean => verified && state === 'verified';
const pathsOf = (records: readonly BackupRecord[]): string[] => records.map((record) => record.path);

/**
 * Where the engine looks for the backup that was being put back. Only what is known as a backup of this database is
 * read: a note may name anything.
 */
function placesOf(database: OpenEntry, { backupPath, sha256 }: UnfinishedRestore, known: readonly BackupRecord[]) {
  const moved = path.join(defaultBackupFolder(database.path), path.basename(backupPath));
  return pathsOf(
    known.filter(
      (record) => [backupPath, moved].includes(record.path) && (sha256 === null || record.sha256 === sha256),
    ),
  );
}

function isFolderBeside(database: string, folder: string): boolean {
  const beside = path.join(path.dirname(database), path.basename(folder));
  return ownStatsOf(beside)?.isDirectory() ?? false;
}

/** The backup of the first run of the chain first: it holds what there was before anything was begun. */
function ofRuns(known: readonly BackupRecord[], { open, runId }: Wanted): string[] {
  const chain = open?.chain.toReversed() ?? [];
  const noted = chain.flatMap(({ backupPath }) => (backupPath === null ? [] : [backupPath]));
  const ids = [...chain.map((work) => work.runId), runId];
  return [...noted, ...ids.flatMap((id) => pathsOf(known.filter((record) => record.runId === id)))];
}
