import { closeSync, existsSync, fsyncSync, openSync, readSync, fstatSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AppError } from '@shared/errors.ts';
import type { FileStamp } from '@shared/file-stamp.ts';
import type { WorkKind } from '@shared/recovery.ts';
import type { BackupRecord, Plan, RunReport } from '@shared/run.ts';
import type { CheckResult } from '@shared/status.ts';
import { ensureFolder, syncFolder } from './data-folder.ts';
import { databaseKey } from './databases.ts';
import { doingOwn } from './fs-errors.ts';
import { nextOrder, withOrder } from './journal-order.ts';
import { writeJsonFile } from './json-file.ts';
import { processIdentity } from './process-identity.ts';
import { quietly } from './quietly.ts';
import { leftAsNow } from './written-since.ts';

/** One line of a journal. Lines are only ever appended, each flushed to the disk before the work goes on. */
export type JournalLine =
  | ({
      type: 'started';
      /** Counts the works on a database; journals from before there was a count have none. */
      order?: number;
      at: string;
      runId: string;
      /** Journals of before there were other kinds do not say: upgrade. */
      kind?: WorkKind;
      path: string;
      /** null: not an upgrade. */
      toPhase: number | null;
      pid: number;
      /** When that process was started, as the system counts. */
      process?: string;
      appVersion: string;
      plan: Plan | null;
    } & RestoreStart)
  /** All steps to the target, those of earlier runs included. */
  | { type: 'steps'; at: string; steps: { migrationId: string; title: string; isApplied: boolean }[] }
  /** Of an upgrade or a restore: made of what was there before. */
  | { type: 'backup'; at: string; backupPath: string; sha256: string; verified: boolean; record?: BackupRecord }
  /** Of a restore: the folder beside the database, by its name, that keeps what was there. */
  | { type: 'set-aside'; at: string; folder: string }
  /** Of an upgrade: the folder with file, journal and log as found, where SQLite has not taken in all of it. */
  | { type: 'kept'; at: string; folder: string }
  | { type: 'applied'; at: string; migrationId: string; ms: number }
  | { type: 'checkpoint'; at: string; phase: number }
  /** Every step is there; the verdict of a fresh process is not. */
  | { type: 'migrated'; at: string; report: RunReport }
  | { type: 'ended'; at: string; report: RunReport }
  /** The end of a work that is no upgrade. `leftAs`: the file, of a restore that was made; journals of an older version do not say. */
  | { type: 'over'; at: string; ok: boolean; leftAs?: FileStamp }
  /** A verdict that was asked for later. */
  | { type: 'verdict'; at: string; verified: boolean; checks: CheckResult[]; error: AppError | null }
  /**
   * A person left everything as it is; asked no more. It is noted among the works on the path that the file had then.
   * `file`: which one that was, as fileIdOf says, so that it is known again under another name; older journals have none.
   */
  | { type: 'stayed'; at: string; file?: string }
  /** A look found that nothing of it is open any more: the file was replaced, or continued from elsewhere. */
  | { type: 'settled'; at: string };

/** What a restore says at its begin. Journals of an older version say less. */
export interface RestoreStart {
  /** The backup, or the folder of files set aside, that is being put back. */
  readonly restores?: string;
  /** Of another attempt at a restore that was interrupted: when the first one began. */
  readonly since?: string;
  /** And the backup of what that one replaced. */
  readonly before?: string;
}

export interface RunJournal {
  /** @throws CodedError of doingOwn when the line could not be made durable. */
  write(line: JournalLine): void;
  close(): void;
}

export const journalFolder = (dataFolder: string, databasePath: string): string =>
  path.join(dataFolder, 'runs', databaseKey(databasePath));

/** What every journal begins with. */
export const startedLine = (
  start: Pick<
    Extract<JournalLine, { type: 'started' }>,
    'at' | 'runId' | 'path' | 'toPhase' | 'appVersion' | 'plan' | keyof RestoreStart
  > & { kind: WorkKind },
): JournalLine => ({ type: 'started', ...start, pid: process.pid, process: ownIdentity() });

let own: string | undefined;
const ownIdentity = (): string => (own ??= processIdentity(process.pid));

/**
 * Opens the journal of one work: `runs/<database key>/<run id>.jsonl` in the data folder, outside the database, so that
 * it survives whatever happens to the file. An `ended` line also leaves the report as `<run id>.report.json`.
 * @throws CodedError of doingOwn.
 */
export function openRunJournal(dataFolder: string, databasePath: string, runId: string): RunJournal {
  const folder = ensureFolder(dataFolder, 'runs', databaseKey(databasePath));
  const file = path.join(folder, `${runId}.jsonl`);
  const order = doingOwn(folder, () => nextOrder(folder));
  const descriptor = doingOwn(file, () => openSync(file, 'ax', 0o600));
  doingOwn(folder, () => syncFolder(folder));
  let lead = '';
  return {
    write(line) {
      const numbered = line.type === 'started' ? withOrder(line, order) : line;
      const text = `${lead}${JSON.stringify(numbered)}\n`;
      lead = '\n'; // where the disk is full in the middle of a line, the next one must not become a part of it
      doingOwn(file, () => writeFileSync(descriptor, text));
      lead = '';
      doingOwn(file, () => fsyncSync(descriptor));
      if (line.type === 'ended') writeJsonFile(path.join(folder, `${runId}.report.json`), line.report);
    },
    close() {
      try {
        closeSync(descriptor);
      } catch {
        // every line was flushed when it was written
      }
    },
  };
}

/**
 * Adds a line to a journal that nobody writes any more, also to one whose last line was cut short; begins one where
 * there is none (the file was upgraded elsewhere). @throws CodedError of doingOwn.
 */
export function appendToJournal(folder: string, runId: string, line: JournalLine): void {
  const file = path.join(ensureFolder(folder), `${path.basename(runId)}.jsonl`);
  doingOwn(file, () => append(file, line));
}

function append(file: string, line: JournalLine): void {
  const isNew = !existsSync(file);
  const descriptor = openSync(file, 'a+', 0o600);
  try {
    const lead = endsInsideLine(descriptor) ? '\n' : '';
    writeFileSync(descriptor, `${lead}${JSON.stringify(line)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  if (isNew) syncFolder(path.dirname(file));
}

/**
 * The journal of a work that is no upgrade: its begin now, its end with the returned function. It is there so that an
 * interruption is noticed; where it cannot be written the work goes on all the same.
 */
export function beginWork(
  dataFolder: string,
  work: { kind: WorkKind; path: string; runId: string; appVersion: string } & RestoreStart,
): (ok: boolean) => void {
  let opened: RunJournal | undefined;
  try {
    const journal = (opened = openRunJournal(dataFolder, work.path, work.runId));
    journal.write(startedLine({ ...work, at: new Date().toISOString(), toPhase: null, plan: null }));
    return (ok) => {
      // On a full disk the next start asks about a work that has ended, which is better than not asking.
      const leftAs = ok && work.kind === 'restore' ? leftAsNow(work.path) : undefined;
      quietly(() => journal.write({ type: 'over', at: new Date().toISOString(), ok, ...(leftAs && { leftAs }) }));
      journal.close();
    };
  } catch {
    opened?.close();
    return () => {};
  }
}

function endsInsideLine(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(descriptor, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}
