import path from 'node:path';
import { intentFile } from '@shared/beside.ts';
import { type FoundIntent, readRestoreIntent } from '@shared/restore-intent.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { isUnknown } from './drives.ts';
import { readText } from './json-file.ts';
import { ownStatsOn, textOn } from './on-drives.ts';
import { ownStatsOf } from './stats.ts';

/**
 * The note of a restore lies beside the database: it was interrupted, or is under way. At once, here and in `intentAt`:
 * whoever asks goes on with an answer to it in the same breath. Its drive has to be asked first.
 */
export const hasIntent = (database: string): boolean => ownStatsOf(intentFile(database)) !== undefined;

/** That note, as strictly as the engine reads it; null where there is none. */
export function intentAt(database: string): FoundIntent | null {
  const file = intentFile(database);
  const stats = ownStatsOf(file);
  return stats === undefined ? null : readRestoreIntent(path.basename(database), stats, () => readText(file));
}

/** The same for whoever can wait; null also where its drive does not answer. */
export async function intentOn(database: string): Promise<FoundIntent | null> {
  const file = intentFile(database);
  const stats = await ownStatsOn(file);
  if (typeof stats !== 'object') return null;
  // What is no file at all is not opened: it may be a pipe or a device.
  const read = stats.isFile() ? await textOn(file) : null;
  if (isUnknown(read)) return null;
  return readRestoreIntent(path.basename(database), stats, () => {
    if (read !== null && typeof read === 'object' && 'text' in read) return read.text;
    throw new Error('it cannot be read');
  });
}

/** An interrupted restore, as far as its note can be read. */
export interface UnfinishedRestore {
  readonly startedAt: string;
  /** What could not be read, and why not; then the rest is not known. */
  readonly unreadable: string | null;
  readonly way: 'in-place' | 'by-file';
  readonly source: 'backup' | 'replaced';
  /** Backup file, or folder with files that were set aside; '' = not known. A wish: see whether it is one of ours. */
  readonly backupPath: string;
  /** Of the backup; null = not known. */
  readonly sha256: string | null;
  /** The backup of what is replaced; null = none was made, or it is not known. */
  readonly beforePath: string | null;
  /** The folder beside the database, by its name, that keeps the files that were there; null = there is none, or it is not known. */
  readonly quarantine: string | null;
}

/** Also beside a file that is missing or cannot be looked at. @param status what else there is to go by. */
export async function interruptedRestore(
  database: string,
  status: DatabaseStatus | null,
): Promise<UnfinishedRestore | null> {
  const found = await intentOn(database);
  if (found === null) return byStatus(status);
  if (found.isReadable) return { ...found.intent, unreadable: null };
  return { ...unknown, startedAt: found.since, unreadable: found.why };
}

/** The folder may not be entered by us, or does not answer, though the engine could enter it a moment ago. */
function byStatus(status: DatabaseStatus | null): UnfinishedRestore | null {
  const told = status?.unfinishedRestore ?? null;
  if (told === null) return null;
  return {
    ...unknown,
    ...told,
    unreadable: told.backupPath === '' ? 'its content is not what Phasewise writes' : null,
  };
}

const unknown = {
  way: 'by-file',
  source: 'backup',
  backupPath: '',
  sha256: null,
  beforePath: null,
  quarantine: null,
} as const;
