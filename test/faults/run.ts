import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { createRandom } from '../../migrations/kroma/sample/random.ts';
import { bundlesIn } from './engine/bundle-files.ts';
import { buildWorker, type Built } from './engine/bundles.ts';
import { warmUp } from './engine/engine-process.ts';
import { whyNoStrace } from './engine/strace.ts';
import { flowNames, pairs, somePairs } from './flows/names.ts';
import type { Options } from './options.ts';
import { planTrials } from './plan.ts';
import type { FromWorker, Job, Profile } from './protocol.ts';
import { count, faultsIn, figuresOf, lineOf, newTally, parseLine, tableOf, type Figures } from './report.ts';
import { startWorkers, type Workers } from './workers.ts';

type Progress = (done: number, violations: number) => void;

/**
 * Disturbs the real engine in every way we know, and holds what is left to the promise.
 * @param onProgress is told every 20 s, and at the end, how many faults came to pass and how many broke the promise.
 */
export async function runFaults(
  options: Options,
  { folder: bundleFolder, isComplete }: Built,
  onProgress: Progress = () => {},
): Promise<Figures> {
  const why = options.isTracingForbidden ? 'asked to do without it' : whyNoStrace();
  console.log(
    why === null
      ? 'strace works: faults are injected into system calls.'
      : `Without strace (${why}): faults are injected by switches in the calls themselves.`,
  );
  const worker = await buildWorker(bundleFolder);
  for (const bundle of Object.values(bundlesIn(bundleFolder))) if (existsSync(bundle)) await warmUp(bundle);
  const folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'phasewise-faults-'));
  const lanes = options.lanes ?? availableParallelism() + 1;
  const workers = await startWorkers(worker, lanes, folder, bundleFolder, why === null);
  try {
    return await tryAll(workers, isComplete ? options : onlyOurPack(options), why === null, onProgress);
  } finally {
    workers.end();
    if (options.repeat === null) rmSync(folder, { recursive: true, force: true });
    else console.log(`What is left of it lies in ${folder}.`);
  }
}

/** Without an engine for the made-up family, ours alone is tried. */
const onlyOurPack = (options: Options): Options => ({
  ...options,
  databases:
    options.databases.length > 0
      ? options.databases
      : pairs.map(({ database }) => database).filter((name) => name.startsWith('kroma')),
});

async function tryAll(workers: Workers, options: Options, canTrace: boolean, onProgress: Progress): Promise<Figures> {
  const jobs = await jobsFor(workers, options, canTrace);
  const startedAt = performance.now();
  console.log(`Seed ${options.seed}: ${jobs.length} trials.`);
  const tally = newTally();
  let shownAt = performance.now();
  const isOver = (): boolean => performance.now() - startedAt > options.minutes * 60_000;
  const onAnswer = (answer: FromWorker): void => {
    if (answer.type === 'failed') throw new Error(`${answer.what}: ${answer.reason}`);
    if (answer.type !== 'result') return;
    count(tally, answer.job, answer.result);
    if (answer.result.problems.length > 0) console.log(violationText(answer.job, answer.result.problems));
    if (performance.now() - shownAt < 20_000) return;
    shownAt = performance.now();
    onProgress(faultsIn(tally), tally.violations.length);
    const seconds = (shownAt - startedAt) / 1_000;
    console.log(`${faultsIn(tally)} faults in ${seconds.toFixed(0)} s, ${tally.violations.length} violations`);
  };
  await workers.all(jobs.map((job) => ({ type: 'trial', job })), onAnswer, isOver); // prettier-ignore
  onProgress(faultsIn(tally), tally.violations.length);
  const seconds = (performance.now() - startedAt) / 1_000;
  console.log(`\n${tableOf(tally)}\n`);
  console.log(
    `${faultsIn(tally)} faults on ${tally.databases.size} databases in ${seconds.toFixed(0)} s (${(faultsIn(tally) / seconds).toFixed(1)} a second), seed ${options.seed}, ${tally.missed} came too late; ${tally.violations.length} violations.`,
  );
  return { seed: options.seed, seconds: Math.round(seconds), isTraced: canTrace, ...figuresOf(tally) };
}

const violationText = (job: Job, problems: readonly string[]): string =>
  [`VIOLATION ${lineOf(job)}`, ...problems.slice(0, 6).map((problem) => `  ${problem}`)].join('\n');

/** From so many trials on, as in a soak: every flow on every database it is for, after every place where it was killed. */
const MANY = 10_000;

async function jobsFor(workers: Workers, options: Options, canTrace: boolean): Promise<Job[]> {
  if (options.repeat !== null) return [parseLine(options.repeat)];
  const random = createRandom(options.seed);
  const isLong = options.isSoak || options.trials >= MANY;
  const isPart = options.databases.length === 0 && !isLong;
  const wanted = (isPart ? somePairs(random) : pairs).filter(
    ({ flow, database }) =>
      (options.flows.length === 0 || options.flows.includes(flow)) &&
      (options.databases.length === 0 || options.databases.includes(database)),
  );
  if (wanted.length === 0) throw new Error(`no such flow or database; flows are ${flowNames.join(', ')}`);
  const profiles: Profile[] = [];
  await workers.all(
    wanted.map((pair) => ({ type: 'profile', ...pair })),
    (answer) => {
      if (answer.type === 'failed') throw new Error(`${answer.what}: ${answer.reason}`);
      if (answer.type === 'profile') profiles.push(answer.profile);
    },
  );
  await workers.tell({ type: 'profiles', profiles });
  const byName = profiles.toSorted((a, b) => `${a.flow} ${a.database}`.localeCompare(`${b.flow} ${b.database}`));
  return planTrials(byName, {
    trials: options.trials,
    random,
    only: options.only,
    canTrace,
    isLong,
  });
}
