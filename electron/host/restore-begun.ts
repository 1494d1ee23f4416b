import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { AskListeners } from './engine-process.ts';
import { openWork } from './open-work.ts';
import { quietly } from './quietly.ts';
import { intentAt } from './restore-note.ts';
import { appendToJournal, journalFolder, type RestoreStart } from './run-journal.ts';
import { readWorks } from './works.ts';

/** What the journal of a restore says: at its begin, and once there is a backup of what it replaces. */
export interface BegunRestore extends RestoreStart {
  readonly runId: string;
}

/** A restore of a backup; where one of the same backup was interrupted, another attempt at that. */
export function beginRestore(
  dataFolder: string,
  databasePath: string,
  restores: string,
): BegunRestore & { readonly restores: string } {
  const runId = randomUUID();
  return { runId, restores, ...(notedBackup(databasePath) === restores ? firstAttempt(dataFolder, databasePath) : {}) };
}

/** Another attempt at whatever was interrupted. */
export function beginFinish(dataFolder: string, databasePath: string): BegunRestore {
  const restores = notedBackup(databasePath);
  const runId = randomUUID();
  return restores === null ? { runId } : { runId, restores, ...firstAttempt(dataFolder, databasePath) };
}

/**
 * Has the backup of what is being replaced noted before the engine is let through to replace it. A later attempt makes
 * one too, of what the first has left: to undo the restore, the first one is wanted.
 */
export function notingBackup(
  dataFolder: string,
  databasePath: string,
  runId: string,
  listeners: AskListeners,
): AskListeners {
  const note = (backupPath: string, sha256: string, verified: boolean): void => {
    const line = { type: 'backup', at: new Date().toISOString(), backupPath, sha256, verified } as const;
    try {
      appendToJournal(journalFolder(dataFolder, databasePath), runId, line);
    } catch {
      // as with every line of a work that is no upgrade: it goes on, and after an interruption times have to tell
    }
  };
  return {
    ...listeners,
    onWork(work) {
      if (work.backup !== undefined) note(work.backup.path, work.backup.sha256, work.backup.verified);
      listeners.onWork?.(work);
    },
  };
}

/** An undoing: the files that a restore set aside in `folder` come back. */
export const beginPutBack = (folder: string): BegunRestore & { readonly restores: string } => ({
  runId: randomUUID(),
  restores: path.resolve(folder),
});

/**
 * Has noted in which folder a restore has left what was there: which restore was the last is told by the order of the
 * journals, since a folder's time changes with whatever is put into it. Where it cannot be noted, times have to tell.
 * @param folder null: nothing was there.
 */
export function noteSetAside(dataFolder: string, databasePath: string, runId: string, folder: string | null): void {
  if (folder === null) return;
  const line = { type: 'set-aside', at: new Date().toISOString(), folder: path.basename(folder) } as const;
  quietly(() => appendToJournal(journalFolder(dataFolder, databasePath), runId, line));
}

const intentOf = (databasePath: string) => {
  const found = intentAt(databasePath);
  return found?.isReadable ? found.intent : null;
};
const notedBackup = (databasePath: string): string | null => intentOf(databasePath)?.backupPath ?? null;

/** By its journal, which names the very first one; else by the note beside the file, which the latest has written. */
function firstAttempt(dataFolder: string, databasePath: string): Pick<RestoreStart, 'since' | 'before'> {
  const intent = intentOf(databasePath);
  if (intent === null) return {};
  const open = openWork(readWorks(dataFolder, databasePath))?.work;
  const first = open?.kind === 'restore' && open.started.restores === intent.backupPath ? open : null;
  const before = first?.backupPath ?? intent.beforePath;
  return { since: first?.since ?? intent.startedAt, ...(before === null ? {} : { before }) };
}
