import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { EngineChild } from '@host/engine-process.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { mutantOf } from './mutate.ts';
import { type CaseResult, runCase } from './one-case.ts';
import { randomOf } from './random.ts';
import { buildSeeds, type SeedFile } from './seeds.ts';

export interface FuzzOptions {
  /** The engine's bundle. */
  readonly engineFile: string;
  readonly seed: number;
  readonly count: number;
  /** The first number; with `count` 1 one case is made again. */
  readonly from?: number;
  /** Engine processes at a time. */
  readonly workers?: number;
  /** Told now and then how many files were tried, and how many broke the promise. */
  readonly onProgress?: (done: number, violations: number) => void;
  /** Told at once what broke the promise, in words that make it again. */
  readonly onViolation?: (violation: string) => void;
  /** Stops before the next file when this many ms have passed. */
  readonly limitMs?: number;
  /** Where files that ended an engine process are kept, if they are small; null = nowhere. */
  readonly corpus?: string | null;
}

export interface FuzzResult {
  readonly seed: number;
  readonly cases: number;
  readonly elapsedMs: number;
  /** How often each `request code` was seen. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** With number and description: `--seed N --case K` makes it again. */
  readonly violations: readonly string[];
  /** Files at which an engine process ended, with what was done to them. */
  readonly deaths: readonly string[];
}

const named = ({ number, what }: CaseResult, seed: number, finding: string): string =>
  `case ${number} of seed ${seed} (${what}): ${finding}`;

const violationsIn = (results: readonly CaseResult[]): number =>
  results.reduce((sum, { violations }) => sum + violations.length, 0);

const TELL_EVERY = 500;
/** Larger ones are made again by their number. */
const KEEP_BYTES = 200_000;

/** Damages `count` files, each in its own way, and holds the engine to its promise about them. Never throws over a finding. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { engineFile, seed, count, from = 0, workers = availableParallelism() + 1, limitMs = Infinity } = options;
  const folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'phasewise-fuzz-'));
  const seeds = buildSeeds(path.join(folder, 'seeds'));
  const startedAt = performance.now();
  const results: CaseResult[] = [];
  let next = from;
  const work = async (): Promise<void> => {
    const engine = new EngineChild(spawnWithNode(engineFile));
    while (next < from + count && performance.now() - startedAt < limitMs) {
      const number = next++;
      const result = await runCase(seeds, seed, number, { engine, folder });
      results.push(result);
      for (const violation of result.violations) options.onViolation?.(named(result, seed, violation));
      if (result.didDie) keep(options.corpus ?? null, seeds, seed, number);
      if (results.length % TELL_EVERY === 0) options.onProgress?.(results.length, violationsIn(results));
    }
    engine.kill();
  };
  try {
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return summary(results, seed, performance.now() - startedAt);
}

function summary(results: readonly CaseResult[], seed: number, elapsedMs: number): FuzzResult {
  const outcomes: Record<string, number> = {};
  for (const outcome of results.flatMap((result) => result.outcomes)) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  return {
    seed,
    cases: results.length,
    elapsedMs: Math.round(elapsedMs),
    outcomes,
    violations: results.flatMap((result) => result.violations.map((violation) => named(result, seed, violation))),
    deaths: results.filter(({ didDie }) => didDie).map((result) => named(result, seed, result.outcomes.join(', '))),
  };
}

/** As a folder `<seed>-<number>`, to be looked at again in every later campaign. */
function keep(corpus: string | null, seeds: readonly SeedFile[], seed: number, number: number): void {
  if (corpus === null) return;
  const { main, wal, journal } = mutantOf(seeds, randomOf(seed, number));
  if (main.length + (wal?.length ?? 0) + (journal?.length ?? 0) > KEEP_BYTES) return;
  const folder = path.join(corpus, `${seed}-${number}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'project.db'), main);
  if (wal) writeFileSync(path.join(folder, 'project.db-wal'), wal);
  if (journal) writeFileSync(path.join(folder, 'project.db-journal'), journal);
}
