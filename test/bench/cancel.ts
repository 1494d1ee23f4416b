// `npm run bench -- 200000 --cancel`: how long a stop takes, whenever it is asked for. See README.md.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { isFinal, type RunSnapshot } from '@shared/run.ts';
import { createHost, type Host } from '@host/host.ts';
import { spawnWithNode } from '@host/spawn-node.ts';

/** Stops of one journal mode, spread evenly over the time that a whole run takes. */
const MOMENTS = 20;

interface Stop {
  readonly state: string;
  readonly now: string;
  readonly ms: number;
  readonly wasEnded: boolean;
  readonly problems: string[];
}

/**
 * Stops a run at many moments, in both journal modes, and says by state how long it took until the host said
 * "cancelled" with everything put right. @throws Error when a stop left anything wrong.
 */
export async function measureStops(legacy: string, folder: string, engine: string, moments = MOMENTS): Promise<void> {
  const stops: Stop[] = [];
  for (const mode of ['delete', 'wal']) {
    const original = path.join(folder, `${mode}.db`);
    copyFileSync(legacy, original);
    new Database(original).exec(`PRAGMA journal_mode = ${mode}`).close();
    const wholeMs = await lengthOf(original, path.join(folder, 'whole'), engine);
    console.log(`${mode}: a whole run takes ${(wholeMs / 1000).toFixed(1)} s (load ${loadavg()[0]?.toFixed(1)})`);
    for (let moment = 0; moment < moments; moment++) {
      const at = (wholeMs * (moment + 0.5)) / moments;
      const stop = await stopAt(original, path.join(folder, 'stop'), engine, at, mode);
      if (stop) stops.push(stop);
      if (stop)
        console.log(
          `${(at / 1000).toFixed(1).padStart(6)} s  ${stop.state.padEnd(11)} ${stop.ms.toFixed(0).padStart(5)} ms ${stop.wasEnded ? 'ended ' : 'gentle'} ${stop.now} ${stop.problems.join('; ')}`,
        );
    }
    rmSync(original);
  }
  report(stops);
  const wrong = stops.filter(({ problems }) => problems.length > 0);
  if (wrong.length > 0) throw new Error(`${wrong.length} stops left something wrong`);
}

function open(original: string, folder: string, engine: string) {
  mkdirSync(folder);
  const file = path.join(folder, 'project.db');
  copyFileSync(original, file);
  const host = createHost({
    dataFolder: path.join(folder, 'data'),
    appVersion: 'bench',
    spawn: spawnWithNode(engine),
  });
  const database = host.databases.open(file);
  if (!database.ok) throw new Error(database.error.message);
  return { host, file, database: database.value };
}

function start(host: Host, database: ReturnType<typeof open>['database'], folder: string) {
  const started = host.runs.start(database, {
    ...{ toPhase: 5, fingerprint: null, plan: null, backupFolder: path.join(folder, 'backups') },
    ...{ source: { kind: 'none' }, isRemovalConfirmed: true },
  });
  if (!started.ok) throw new Error(started.error.message);
  return started.value;
}

async function lengthOf(original: string, folder: string, engine: string): Promise<number> {
  const { host, database } = open(original, folder, engine);
  const startedAt = performance.now();
  const run = await start(host, database, folder).done;
  if (run.state !== 'completed') throw new Error(run.error?.message);
  host.close();
  rmSync(folder, { recursive: true });
  return performance.now() - startedAt;
}

/** @returns null when the run was over before. */
async function stopAt(
  original: string,
  folder: string,
  engine: string,
  at: number,
  mode: string,
): Promise<Stop | null> {
  const { host, file, database } = open(original, folder, engine);
  const { done } = start(host, database, folder);
  await new Promise((resolve) => setTimeout(resolve, at));
  const before = host.runs.get(database.handle);
  let stop: Stop | null = null;
  if (before && !isFinal(before.state)) {
    const askedAt = performance.now();
    host.runs.control(database.handle, 'cancel');
    const end = await done;
    const ms = performance.now() - askedAt;
    const { state, now } = before;
    stop = {
      state,
      now,
      ms,
      wasEnded: end.error?.details?.['wasEnded'] === true,
      problems: problemsOf(end, file, folder, mode),
    };
    if (process.env['SAY']) console.log(`         ${end.error?.message}`);
  }
  host.close();
  rmSync(folder, { recursive: true });
  return stop;
}

function problemsOf(end: RunSnapshot, file: string, folder: string, mode: string): string[] {
  const list = (...parts: string[]) =>
    existsSync(path.join(folder, ...parts)) ? readdirSync(path.join(folder, ...parts)) : [];
  const problems = [
    ...(end.state === 'cancelled' && end.error?.code === 'E_CANCELLED'
      ? []
      : [`it ended ${end.state} ${end.error?.code} ${end.error?.message}`]),
    ...(end.backup === null && !end.error?.safety.startsWith('Nothing was changed')
      ? ['it does not say untouched']
      : []),
    ...list('.')
      .filter((name) => /-(wal|shm|journal)$/.test(name))
      .map((name) => `${name} is left`),
    ...list('backups')
      .filter((name) => /partial|scratch/.test(name))
      .map((name) => `${name} is left`),
    ...list('data', 'locks').map((name) => `lock ${name} is left`),
  ];
  const db = new Database(file, { readonly: true });
  if (db.pragma('journal_mode', { simple: true }) !== mode) problems.push('the journal mode changed');
  if (db.pragma('quick_check', { simple: true }) !== 'ok') problems.push('the file is damaged');
  const has = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = '_phasewise_runs'`).get();
  const states = has ? db.prepare(`SELECT state FROM _phasewise_runs`).pluck().all() : [];
  if (states.includes('running')) problems.push('the file says that a run is going on');
  db.close();
  return problems;
}

function report(stops: readonly Stop[]): void {
  console.log(
    `\n${'state'.padEnd(14)}${'stops'.padStart(6)}${'ended'.padStart(7)}${'p50'.padStart(9)}${'most'.padStart(9)}`,
  );
  const line = (name: string, some: readonly Stop[]): void => {
    const times = some.map(({ ms }) => ms).toSorted((a, b) => a - b);
    const text = (ms: number | undefined) => `${(ms ?? Number.NaN).toFixed(0)} ms`.padStart(9);
    const ended = some.filter(({ wasEnded }) => wasEnded).length;
    console.log(
      `${name.padEnd(14)}${String(some.length).padStart(6)}${String(ended).padStart(7)}${text(times[times.length >> 1])}${text(times.at(-1))}`,
    );
  };
  for (const state of new Set(stops.map((stop) => stop.state)))
    line(
      state,
      stops.filter((stop) => stop.state === state),
    );
  line('all', stops);
}
