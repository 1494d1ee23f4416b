import { randomUUID } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { RunReport } from '@shared/run.ts';
import { askOnce, type Ending, type Watching } from '../engine-child.ts';
import { foldersOf } from '../kroma/upgrade.ts';
import { backupTruth } from './backup-truth.ts';
import { snapshotOf } from './snapshot.ts';
import { inspectRemains, keptProblems } from './whole-step.ts';

/** One copy of a source database whose upgrade is going to be killed. */
export interface Trial {
  /** Untouched; what the file was before anything happened. */
  readonly source: string;
  readonly file: string;
  /** Migrations that the process said were applied. */
  readonly acknowledged: string[];
}

let trials = 0;
export function startTrial(folder: string, source: string): Trial {
  const file = path.join(folder, `trial-${(trials += 1)}`, 'project.db');
  mkdirSync(path.dirname(file));
  copyFileSync(source, file);
  chmodSync(file, 0o600);
  return { source, file, acknowledged: [] };
}

/** Runs (or continues) the upgrade in an engine process of its own, until that is gone. */
export function runTrial({ file, acknowledged }: Trial, watching: Watching = {}): Promise<Ending<RunReport>> {
  const run = {
    toPhase: null,
    fingerprint: null,
    source: { kind: 'none' as const },
    runId: randomUUID(),
    appVersion: '0.0.0-test',
  };
  return askOnce(
    'run',
    { path: file, ...foldersOf(file), ...run },
    {
      ...watching,
      onEvent: (event, kill) => {
        if (event.type === 'applied') acknowledged.push(event.migrationId);
        watching.onEvent?.(event, kill);
      },
    },
  );
}

/** @returns what contradicts "as before, or at a whole verified step, with a true backup", and where the file stopped. */
export function judgeTrial({ source, file, acknowledged }: Trial): { problems: string[]; stoppedAt: string } {
  const copy = snapshotOf(file, copyFolderOf(file));
  const { applied, isInsideBackfill, problems } = inspectRemains(copy);
  const backups = backupTruth(foldersOf(file).backupFolder, source);
  const lost = acknowledged.filter((id) => !applied.includes(id)).map((id) => `${id} was acknowledged and is gone`);
  const unprotected = applied.length > 0 && backups.whole === 0 ? ['changed without a backup of the source'] : [];
  return {
    problems: [...problems, ...keptProblems(copy, source), ...backups.problems, ...lost, ...unprotected],
    stoppedAt: `${applied.length} steps${isInsideBackfill ? ' and a part of the next' : ''}`,
  };
}

export function removeTrial({ file }: Trial): void {
  for (const folder of [path.dirname(file), copyFolderOf(file)]) rmSync(folder, { recursive: true, force: true });
}

const copyFolderOf = (file: string): string => `${path.dirname(file)}-copy`;

/** Trials are independent: while one process is being judged, the next one runs. */
export async function twoAtATime<T>(items: readonly T[], attempt: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await attempt(item);
  };
  await Promise.all([work(), work()]);
}
