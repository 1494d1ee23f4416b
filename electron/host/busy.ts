import { randomUUID } from 'node:crypto';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { WorkKind } from '@shared/recovery.ts';
import { type BackupsWork, kindOf } from './ongoing.ts';
import type { RestoreStart } from './run-journal.ts';

/** What this host is doing to a database. Two things at once on one file are refused here; locks decide about other programs. */
export type Work = WorkKind | 'put-back' | BackupsWork;

const sentences: Record<Work, string> = {
  upgrade: 'An upgrade of this database is running.',
  backup: 'A backup of this database is being made.',
  restore: 'A backup of this database is being restored.',
  'put-back': 'The old files of this database are being put back.',
  'look-at-backups': 'The backups of this database are being looked through.',
  'delete-backups': 'Backups of this database are being deleted.',
  ingest: 'Files are being taken into this database.',
  clear: 'Keys of this database are being cleared.',
  retry: 'The issue rows of this database are being tried again.',
};

export type BeginWork = (file: string, work: WorkKind, runId: string, restore: RestoreStart) => (ok: boolean) => void;

export interface Busy {
  /**
   * Marks the file as occupied, and notes so in its journal. Error: E_RUN_ACTIVE.
   * @returns a function that frees it, told whether the work did what it should.
   */
  take(file: string, work: Work, options?: TakeOptions): Result<(ok?: boolean) => void>;
  /** null when the file is free, else E_RUN_ACTIVE. */
  refusal(file: string): Result<never> | null;
  /** How many works that write to the file have begun: where that has grown, what was seen before is out of date. */
  begun(file: string): number;
  /** Whether anything at all is going on. */
  any(): boolean;
  /** Resolves when nothing is going on any more. */
  free(): Promise<void>;
  /** Tells of every work that begins and ends. */
  watch(listener: (change: BusyChange) => void): void;
}

export interface BusyChange {
  readonly file: string;
  readonly work: Work;
  /** The database is not changed by it. */
  readonly isTrial: boolean;
  /** null = it begins; else whether it did what it should. */
  readonly ended: { readonly isDone: boolean } | null;
}

/** What a work needs of the database itself. */
export interface Needs {
  /** It writes to it, so that whoever reads it stands in the way. */
  readonly isWritten: boolean;
  /** It locks it, also on trial: an open table stands in the way. */
  readonly isLocked: boolean;
}

export interface TakeOptions extends RestoreStart {
  /** As its engine and its backup know it. */
  readonly runId?: string;
  /** Nothing is changed, so nothing can be left half done: an interruption needs no question. */
  readonly isTrial?: boolean;
}

/**
 * @param begin notes a work, and with the returned function its end. Upgrades keep journals of their own.
 * @param onTaken told of every file that becomes occupied, before the work on it begins.
 */
export function createBusy(
  begin: BeginWork = () => () => {},
  onTaken: (file: string, needs: Needs) => void = () => {},
): Busy {
  const busy = new Map<string, Work>();
  const begun = new Map<string, number>();
  const waiting: (() => void)[] = [];
  const watching: ((change: BusyChange) => void)[] = [];
  const tell = (change: BusyChange): void => {
    for (const listener of watching) listener(change);
  };
  const release = (file: string): void => {
    busy.delete(file);
    if (busy.size === 0) for (const resolve of waiting.splice(0)) resolve();
  };
  const refusal = (file: string): Result<never> | null => {
    const work = busy.get(file);
    return work ? err(appError('E_RUN_ACTIVE', sentences[work])) : null;
  };
  return {
    take(file, work, { runId = randomUUID(), isTrial: isTried = false, ...restore } = {}) {
      const refused = refusal(file);
      if (refused) return refused;
      busy.set(file, work);
      const isTrial = isTried || isOfBackups(work);
      const isLocked = work !== 'backup' && !isOfBackups(work);
      const isWritten = isLocked && !isTrial;
      if (isWritten) begun.set(file, (begun.get(file) ?? 0) + 1);
      onTaken(file, { isWritten, isLocked });
      const isNoted = !isTrial && work !== 'upgrade';
      const end = isNoted ? begin(file, kindOf(work), runId, restore) : () => {};
      tell({ file, work, isTrial, ended: null });
      return ok((isDone = false) => {
        end(isDone);
        release(file);
        tell({ file, work, isTrial, ended: { isDone } });
      });
    },
    refusal,
    begun: (file) => begun.get(file) ?? 0,
    any: () => busy.size > 0,
    watch: (listener) => void watching.push(listener),
    free: () => (busy.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

export const isOfBackups = (work: Work): work is BackupsWork => work === 'look-at-backups' || work === 'delete-backups';
