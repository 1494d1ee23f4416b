import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExportFormat } from '@shared/browse.ts';
import { type AppError, appError, err, type Result } from '@shared/errors.ts';
import { extensions } from '@shared/formats/index.ts';
import type { EngineRequests } from '@engine/protocol.ts';
import type { Browsing } from './browsing.ts';
import type { OpenEntry } from './databases.ts';
import type { EventBus } from './events.ts';

export type ExportAsked = Omit<EngineRequests['browseExport']['input'], 'path' | 'target' | 'partial' | 'keySecret'>;
type Written = EngineRequests['browseExport']['output'];

/** Rows on their way to a file: one export per database at a time, in a process of its own. */
export interface Exports {
  /**
   * Sends `browse:exported` meanwhile. Whatever ends it, nothing half-written stays.
   * Error: those of the engine, E_CANCELLED, E_RUN_ACTIVE when an export runs or something begins to write.
   */
  start(database: OpenEntry, asked: ExportAsked, target: string): Promise<Result<Written>>;
  stop(database: OpenEntry): void;
  /** The file written last; null = none. */
  last(database: OpenEntry): string | null;
}

export function createExports({ browsing, events }: { browsing: Browsing; events: EventBus }): Exports {
  const active = new Map<string, AbortController>();
  const written = new Map<string, string>();
  return {
    async start(database, asked, target) {
      const { path: file, handle } = database;
      if (active.has(file))
        return err(
          appError('E_RUN_ACTIVE', 'Rows of this database are being exported already.', undefined, {
            nextStep: 'Wait until that is finished, or stop it.',
          }),
        );
      const stopper = new AbortController();
      active.set(file, stopper);
      const partial = path.join(path.dirname(target), `.phasewise-${randomBytes(6).toString('hex')}.part`);
      try {
        const answer = await browsing.askAlone(
          database,
          'browseExport',
          { ...asked, target, partial },
          {
            onProgress: (rows, bytes) => events.emit('browse:exported', { handle, rows, bytes }),
            signal: stopper.signal,
          },
        );
        if (answer.ok) written.set(file, answer.value.path);
        else await remove(partial);
        if (answer.ok) return answer;
        if (stopper.signal.aborted) return err(stoppedError());
        return answer.error.code === 'E_RUN_ACTIVE' ? err(ended(answer.error)) : answer;
      } finally {
        active.delete(file);
      }
    },
    stop: ({ path: file }) => active.get(file)?.abort(),
    last: ({ path: file }) => written.get(file) ?? null,
  };
}

/** Twice: a process that was told to end may have made the file a moment later. */
async function remove(partial: string): Promise<void> {
  for (const waitMs of [0, 200]) {
    await sleep(waitMs);
    await rm(partial, { force: true, recursive: true, maxRetries: 5 }).catch(() => {});
  }
}

/** `app candidates.csv`, else `app candidates 2.csv`, …: nothing is overwritten. */
export function exportName({ name }: OpenEntry, table: string, format: ExportFormat): string {
  // What one system or another does not take in a file name.
  // oxlint-disable-next-line no-control-regex -- control characters are what is meant
  const plain = table.replace(/[\u0000-\u001f\u007f"*/:<>?\\|]+/g, '_').slice(0, 80);
  return `${path.parse(name).name} ${plain}.${extensions[format]}`;
}

export function freeTarget(folder: string, name: string): string {
  const { name: stem, ext } = path.parse(name);
  for (let number = 1; ; number += 1) {
    const target = path.join(folder, `${stem}${number === 1 ? '' : ` ${number}`}${ext}`);
    if (!existsSync(target)) return target;
  }
}

const ended = (error: AppError): AppError => ({
  ...error,
  message: `${error.message} The export was ended for it, and what it had written was removed.`,
  nextStep: 'Export again when that is finished.',
});

const stoppedError = () =>
  appError('E_CANCELLED', 'The export was stopped. What it had written was removed.', undefined, {
    safety: 'untouched',
    nextStep: 'Export again whenever you like.',
  });
