import type { Host } from './host.ts';

/**
 * finish-step and finish-all are what a person chooses; session-ends: the system waits for seconds, not for a backup, and
 * nor does a person who waited for it in vain.
 */
export type Leaving = 'finish-step' | 'finish-all' | 'session-ends';

/** Names of the databases whose upgrade is paused or about to be: it goes on when a person says so, and not before. */
export const pausedDatabases = ({ runs, databases }: Pick<Host, 'runs' | 'databases'>): string[] =>
  databases
    .list()
    .filter(({ handle }) => ['paused', 'pausing'].includes(runs.get(handle)?.state ?? ''))
    .map(({ name }) => name);

/** Whether leaving the program would end anything. */
export const isAtWork = ({ busy, exports }: Pick<Host, 'busy' | 'exports'>): boolean =>
  busy.any() || exports.isWriting();

/**
 * Ends what is going on so that the program may be left. Resolves when nothing is going on any more, with
 * 'finish-all' not while anything is paused; never rejects.
 */
export async function endWork(
  host: Pick<Host, 'runs' | 'ongoing' | 'databases' | 'busy' | 'exports'>,
  how: Leaving,
): Promise<void> {
  if (how === 'finish-all') await host.runs.settled();
  else {
    host.exports.stopAll();
    // What is past its point of no return refuses to be stopped, and is waited for.
    if (how === 'session-ends') for (const database of host.databases.list()) host.ongoing.cancel(database);
    await host.runs.cancelAll();
  }
  await host.busy.free();
  await host.exports.free();
}
