import type { BackupRecord } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import type { Backups } from './backups.ts';
import type { OpenEntry } from './databases.ts';
import type { Engines } from './engines.ts';
import type { OpenWork } from './open-work.ts';
import { statsOf } from './stats.ts';

/** A backup that was read again stays read for so long, ms: the same screen asks more than once. */
const FRESH_MS = 5 * 60_000;

interface Wanted {
  readonly open: OpenWork | null;
  readonly runId: string;
  readonly restore: DatabaseStatus['unfinishedRestore'];
  readonly isReadOnly: boolean;
}

type ReadBackup = (database: OpenEntry, wanted: Wanted) => Promise<BackupRecord | null>;

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

  return async (database, wanted) => {
    let broken: BackupRecord | null = null;
    for (const candidate of await candidatesFor(backups, database, wanted)) {
      const record = await readAgain(candidate, wanted.isReadOnly);
      if (record?.state === 'verified' && record.verified) return record;
      broken ??= record;
    }
    return broken;
  };
}

/**
 * The backup of the first run of the chain first: it holds what there was before anything was begun. Of an interrupted
 * restore the one that was being put back; where its note cannot be read, the newest.
 */
async function candidatesFor(
  backups: Pick<Backups, 'list'>,
  database: OpenEntry,
  { open, runId, restore }: Wanted,
): Promise<string[]> {
  if (restore !== null && restore.backupPath !== '') return [restore.backupPath];
  const listed = await backups.list(database);
  const known = listed.ok ? listed.value.backups : [];
  if (restore !== null) return known.slice(0, 1).map((record) => record.path);
  const chain = open?.chain.toReversed() ?? [];
  const noted = chain.flatMap(({ backupPath }) => (backupPath === null ? [] : [backupPath]));
  const ids = [...chain.map((work) => work.runId), runId];
  const ofRuns = ids.flatMap((id) => known.filter((record) => record.runId === id).map((record) => record.path));
  return [...new Set([...noted, ...ofRuns])];
}
