import type { MigrationStatus } from '@shared/status.ts';
import type { OpenWork } from './open-work.ts';

/**
 * Steps that the run journals saw committed and flushed, and that the file knows nothing of any more: it is an older state
 * of it, of a copy, or without a log that is gone.
 * @param chain every part of the upgrade since it was begun: the last may have been ended before its first step.
 */
export function lostSteps(steps: readonly MigrationStatus[], chain: OpenWork['chain']): number {
  const done = new Set(chain.flatMap(({ applied }) => applied.map(({ migrationId }) => migrationId)));
  return steps.filter(({ id, state }) => done.has(id) && (state === 'pending' || state === 'started')).length;
}

export function aboutLostSteps(count: number): string[] {
  if (count === 0) return [];
  const steps = count === 1 ? 'One step that was finished is' : `${count} steps that were finished are`;
  return [
    `${steps} missing from the file by now: an older copy of it was put in its place, or the log beside it (-wal) was deleted or left behind when it was moved. What other programs had written since is missing, too. If you have that log, put it back beside the file first; else going on does the steps again.`,
  ];
}
