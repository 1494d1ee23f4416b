import type { Events } from '@shared/channels.ts';
import { isFinal, type RunSnapshot } from '@shared/run.ts';
import { databaseKey } from './databases.ts';
import type { Host } from './host.ts';
import type { Facts } from './log-words.ts';
import type { Log } from './log-file.ts';

/** Writes down what happens in the host: works begun and ended, engines that died. Databases by the key of their path. */
export function keepLog(host: Pick<Host, 'busy' | 'databases' | 'events'>, log: Log): void {
  const keyOf = (handle: string): string | null => {
    const database = host.databases.get(handle);
    return database.ok ? shortKey(database.value.path) : null;
  };
  host.busy.watch(({ file, work, isTrial, ended }) => {
    const facts = { database: shortKey(file), work, ...(isTrial && { trial: true }) };
    if (ended === null) log.write('work-begun', facts);
    else if (work !== 'upgrade') log.write('work-ended', { ...facts, done: ended.isDone });
  });
  host.events.on((name, payload) => {
    if (name === 'run:changed') {
      const run = payload as RunSnapshot;
      if (isFinal(run.state)) log.write('run-ended', { database: keyOf(run.handle), ...runFacts(run) });
    }
    if (name === 'engine:died') {
      const { handle, error } = payload as Events['engine:died'];
      log.write('engine-died', { database: keyOf(handle), code: error.code });
    }
  });
}

const runFacts = ({ runId, state, startedAt, fromPhase, toPhase, error, report }: RunSnapshot): Facts => ({
  run: runId,
  state,
  from: fromPhase,
  to: toPhase,
  seconds: Math.round((Date.now() - Date.parse(startedAt)) / 1000),
  code: error?.code,
  verified: report?.verified,
});

/** Enough to tell databases apart in one log. */
const shortKey = (file: string): string => databaseKey(file).slice(0, 12);
