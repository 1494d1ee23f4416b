import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExportFormat } from '@shared/browse.ts';
import { type AppError, appError, err, type Result } from '@shared/errors.ts';
import { extensions } from '@shared/formats/index.ts';
import type { EngineRequests } from '@engine/protocol.ts';
import type { Browsing } from './browsing.ts';
import type { OpenEntry } from './databases.ts';
import { doesNotAnswer, lookOnDrives } from './drives.ts';
import type { Engines } from './engines.ts';
import type { EventBus } from './events.ts';
import { partialFor, removeAtOnce, removePartial, sweepPartials } from './export-partials.ts';
import { printable } from './printable.ts';

export type ExportAsked = Omit<EngineRequests['browseExport']['input'], 'path' | 'target' | 'partial' | 'keySecret'>;
type Written = EngineRequests['browseExport']['output'];
type IssuesFormat = EngineRequests['exportIssues']['input']['format'];
type IssuesWritten = EngineRequests['exportIssues']['output'];

/** Rows on their way to a file: one export per database at a time, and one of its issue rows, each in a process of its own. */
export interface Exports {
  /**
   * Sends `browse:exported` meanwhile. Whatever ends it, nothing half-written stays: what the end of this process itself
   * leaves is removed by the next export into that folder.
   * Error: those of the engine, E_CANCELLED, E_TIMEOUT where its drive does not answer, E_RUN_ACTIVE when an export runs or
   * something begins to write.
   */
  start(database: OpenEntry, asked: ExportAsked, target: string): Promise<Result<Written>>;
  /** In the same way, its issue rows. */
  startIssues(database: OpenEntry, format: IssuesFormat, target: string): Promise<Result<IssuesWritten>>;
  stop(database: OpenEntry): void;
  stopAll(): void;
  /** Whether a file is being written from rows of this database, or of any. */
  isWriting(database?: OpenEntry): boolean;
  /** Resolves when no file is being written any more, and nothing half-written is left. */
  free(): Promise<void>;
  /** The file written last; null = none. */
  last(database: OpenEntry): string | null;
  /** Ends them all, and removes what they had written at once: nobody waits for anything any more. */
  close(): void;
}

interface Active {
  readonly file: string;
  readonly isOfIssues: boolean;
  readonly partial: string;
  readonly stopper: AbortController;
}

export interface ExportsContext {
  readonly browsing: Browsing;
  readonly engines: Engines;
  readonly events: EventBus;
}

export function createExports({ browsing, engines, events }: ExportsContext): Exports {
  const active = new Set<Active>();
  const last = new Map<string, string>();
  const waiting: (() => void)[] = [];
  const writing = async <T>(
    { path: file }: OpenEntry,
    { target, isOfIssues }: { readonly target: string; readonly isOfIssues: boolean },
    act: (partial: string, signal: AbortSignal) => Promise<Result<T>>,
  ): Promise<Result<T>> => {
    if ([...active].some((each) => each.file === file && each.isOfIssues === isOfIssues)) return err(isExporting());
    const own = { file, isOfIssues, partial: partialFor(target), stopper: new AbortController() };
    active.add(own);
    try {
      await sweepPartials(path.dirname(target));
      const before = await lookOnDrives(target, true);
      if (own.stopper.signal.aborted) return err(stoppedError(null));
      if (before === 'silent') return err(doesNotAnswer(target));
      const answer = await act(own.partial, own.stopper.signal);
      if (answer.ok) return answer;
      const isRemoved = await remove(own.partial);
      if (!own.stopper.signal.aborted) return answer;
      const isThere = typeof before !== 'object' && typeof (await lookOnDrives(target, true)) === 'object';
      return err(isThere ? stoppedTooLate(target) : stoppedError(isRemoved ? null : own.partial));
    } finally {
      active.delete(own);
      if (active.size === 0) for (const resolve of waiting.splice(0)) resolve();
    }
  };
  return {
    async start(database, asked, target) {
      const { path: file, handle } = database;
      const onProgress = (rows: number, bytes: number) => events.emit('browse:exported', { handle, rows, bytes });
      const written = await writing(database, { target, isOfIssues: false }, async (partial, signal) => {
        const input = { ...asked, target, partial };
        return orEnded(await browsing.askAlone(database, 'browseExport', input, { onProgress, signal }));
      });
      if (written.ok) last.set(file, written.value.path);
      return written;
    },
    startIssues: (database, format, target) =>
      writing(database, { target, isOfIssues: true }, async (partial, signal) => {
        const input = { path: database.path, target, partial, format };
        const { answer, child } = engines.askAlone(database.path, 'exportIssues', input);
        signal.addEventListener('abort', () => child.kill());
        return orEnded(await answer);
      }),
    stop({ path: file }) {
      for (const each of active) if (each.file === file) each.stopper.abort();
    },
    stopAll() {
      for (const { stopper } of active) stopper.abort();
    },
    isWriting: (database) => [...active].some(({ file }) => database === undefined || file === database.path),
    free: () => (active.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    last: ({ path: file }) => last.get(file) ?? null,
    close() {
      for (const { stopper, partial } of active) {
        stopper.abort();
        removeAtOnce(partial);
      }
    },
  };
}

/** Why a database is not closed without a word. */
export const closedWhileExporting = (): AppError =>
  appError(
    'E_RUN_ACTIVE',
    'Rows of this database are being written to a file. If it is closed now, that file is not finished and is removed; the database is not touched.',
    { endsExport: true },
    { nextStep: 'Wait until the file is written, or end the export.' },
  );

const isExporting = (): AppError =>
  appError('E_RUN_ACTIVE', 'Rows of this database are being exported already.', undefined, {
    nextStep: 'Wait until that is finished, or stop it.',
  });

/** Twice: a process that was told to end may have made the file a moment later. @returns whether it is gone. */
async function remove(partial: string): Promise<boolean> {
  let isGone = await removePartial(partial);
  for (let tries = 0; tries < 1 || (!isGone && tries < 5); tries += 1) {
    await sleep(200);
    isGone = await removePartial(partial);
  }
  return isGone;
}

/** `app candidates.csv`, else `app candidates 2.csv`, …: nothing is overwritten. */
export function exportName({ name }: OpenEntry, table: string, format: ExportFormat): string {
  // What one system or another does not take in a file name.
  // oxlint-disable-next-line no-control-regex -- control characters are what is meant
  const plain = table.replace(/[\u0000-\u001f\u007f"*/:<>?\\|]+/g, '_').slice(0, 80);
  return `${path.parse(name).name} ${plain}.${extensions[format]}`;
}

/** Of a name on a drive that does not say, the export itself does: nothing is overwritten. */
export async function freeTarget(folder: string, name: string): Promise<string> {
  const { name: stem, ext } = path.parse(name);
  for (let number = 1; ; number += 1) {
    const target = path.join(folder, `${stem}${number === 1 ? '' : ` ${number}`}${ext}`);
    if (typeof (await lookOnDrives(target, true)) !== 'object') return target;
  }
}

/** What writes to the database goes before. */
function orEnded<T>(answer: Result<T>): Result<T> {
  if (answer.ok || answer.error.code !== 'E_RUN_ACTIVE') return answer;
  const message = `${answer.error.message} The export was ended for it, and what it had written was removed.`;
  return err({ ...answer.error, message, nextStep: 'Export again when that is finished.' });
}

/** @param left what could not be removed; null = nothing is left. */
const stoppedError = (left: string | null): AppError =>
  appError(
    'E_CANCELLED',
    `The export was stopped. ${left === null ? REMOVED : `${printable(left)} is left of it.`}`,
    undefined,
    {
      safety: left === null ? 'untouched' : 'database-untouched',
      nextStep: 'Export again whenever you like.',
    },
  );
const REMOVED = 'What it had written was removed.';

/** A file has its name only when it is whole. */
const stoppedTooLate = (target: string): AppError =>
  appError('E_CANCELLED', `${printable(target)} was finished before the export could be stopped.`, undefined, {
    safety: 'database-untouched',
    nextStep: 'Delete the file if you do not want it.',
  });
