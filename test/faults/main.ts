import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../build/layout.mjs';
import { bundlesIn } from './engine/bundle-files.ts';
import { bundlesFor, type Built } from './engine/bundles.ts';
import { whyNoStrace } from './engine/strace.ts';
import { readOptions, usage, type Options } from './options.ts';
import { fuzz } from './fuzz/campaign.ts';
import { IMAGES, runPower } from './power-loss/main.ts';
import { type Ended, runControls, runInputs } from './programs.ts';
import { runFaults } from './run.ts';
import { openSoak, parts, type Part, type Soak } from './soak.ts';

/**
 * `npm run faults`: injected faults, power cuts, damaged files; a soak takes the rest too.
 * @returns parts that were asked for; what --only says besides is about injected faults.
 */
function partsOf({ only, isSoak, repeat }: Options): readonly Part[] {
  if (repeat !== null) return ['faults'];
  const named = parts.filter((part) => only.includes(part));
  if (aboutFaults(only).length > 0) return ['faults', ...named.filter((part) => part !== 'faults')];
  if (named.length > 0) return named;
  return isSoak ? parts : ['faults', 'power', 'fuzz'];
}

const aboutFaults = (only: readonly string[]): string[] => only.filter((name) => !parts.includes(name as Part));

/** What one part is given. */
interface Task {
  readonly options: Options;
  /** Built once: every part tries the same engine, whatever becomes of the sources meanwhile. */
  readonly bundles: Built;
  readonly soak: Soak | null;
  readonly limitMs: number;
}

/** What is to be written down of a part, and how many times the promise was broken. */
interface Outcome {
  readonly figures: object;
  readonly violations: number;
}

const runPart: Readonly<Record<Part, (task: Task) => Promise<Outcome>>> = {
  async faults({ options, bundles, soak, limitMs }) {
    const trials = soak === null ? options.trials : Math.ceil(soak.left('faults') / SHARE_THAT_HITS) + SPARE;
    const narrowed = { ...options, only: aboutFaults(options.only), trials, minutes: limitMs / 60_000 };
    const figures = await runFaults(narrowed, bundles, soak?.begin('faults', options.seed));
    return { figures, violations: figures.violations.length };
  },
  async power({ options: { seed, isTracingForbidden }, bundles, soak, limitMs }) {
    const why = isTracingForbidden ? 'asked to do without strace' : whyNoStrace();
    if (why !== null) {
      console.log(`No power cuts: ${why}.`);
      return { figures: { power: { skipped: why } }, violations: 0 };
    }
    const wanted = { bundleFolder: bundles.folder, seed, images: soak?.left('power') ?? IMAGES, limitMs };
    const power = await runPower(wanted, soak?.begin('power', seed));
    return { figures: { power }, violations: power.violations.length };
  },
  async fuzz({ options: { seed }, bundles, soak, limitMs }) {
    const count = soak?.left('fuzz') ?? FILES;
    const record = soak?.begin('fuzz', seed);
    const result = await fuzz({
      ...{ engineFile: bundlesIn(bundles.folder).kroma, seed, count, limitMs },
      corpus: path.join(import.meta.dirname, 'fuzz/corpus'),
      onViolation: (violation) => console.log(`VIOLATION damaged file, ${violation}`),
      onProgress(done, violations) {
        record?.(done, violations);
        console.log(`fuzz: ${done} of ${count} files`);
      },
    });
    record?.(result.cases, result.violations.length);
    console.log(
      `${result.cases} damaged files in ${Math.round(result.elapsedMs / 1_000)} s, seed ${seed}; ` +
        `${result.deaths.length} ended an engine process; ${result.violations.length} violations.`,
    );
    return { figures: { fuzz: result }, violations: result.violations.length };
  },
  async inputs({ options: { seed, engine }, bundles, soak }) {
    const given = engine === null ? {} : { PHASEWISE_ENGINE: bundlesIn(bundles.folder).kroma };
    const env = { PHASEWISE_SOAK: '1', PHASEWISE_SEED: String(seed), ...given };
    return ofProgram('inputs', () => runInputs(env), soak?.begin('inputs', seed));
  },
  async control({ options: { seed }, soak }) {
    return ofProgram('control', runControls, soak?.begin('control', seed));
  },
};

/** Of a part that is a program of its own: done in one go, or not. */
function ofProgram(part: 'inputs' | 'control', run: () => Ended, record?: ReturnType<Soak['begin']>): Outcome {
  const { isGood, isWhole } = run();
  record?.(isGood && isWhole ? 1 : 0, isGood ? 0 : 1);
  return { figures: { [part]: isGood && isWhole }, violations: isGood ? 0 : 1 };
}

/** A few faults come too late, so that more have to be planned. */
const SHARE_THAT_HITS = 0.91;
/** Of a few, the share is a matter of chance. */
const SPARE = 50;
/** Damaged with every change. */
const FILES = 2_000;

/** Parts that were not run keep the figures of their last run. */
function keep(file: string, figures: object): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const known: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  writeFileSync(file, `${JSON.stringify({ ...(known as object), ...figures }, null, 2)}\n`);
}

/** The record of the soak of this engine; null for a run of usual length. */
function soakOf({ isSoak, only, flows, databases }: Options, engine: string): Soak | null {
  if (!isSoak) return null;
  if (flows.length + databases.length + aboutFaults(only).length > 0)
    throw new Error(`a soak can be narrowed to whole parts only: ${parts.join(', ')}`);
  return openSoak(path.join(import.meta.dirname, 'soak.json'), engine);
}

/** @returns whether nothing broke the promise. */
async function run(options: Options): Promise<boolean> {
  const bundles = await bundlesFor(options.engine);
  const soak = soakOf(options, bundlesIn(bundles.folder).kroma);
  const startedAt = performance.now();
  let violations = 0;
  for (const part of partsOf(options)) {
    const limitMs = options.minutes * 60_000 - (performance.now() - startedAt);
    if (limitMs <= 0 || soak?.left(part) === 0) continue;
    const outcome = await runPart[part]({ options, bundles, soak, limitMs });
    violations += outcome.violations;
    if (options.repeat === null) keep(path.resolve(root, options.json), outcome.figures);
  }
  if (soak !== null) console.log(`\nThe soak of this engine:\n${soak.summary()}`);
  return violations + (soak?.violations() ?? 0) === 0;
}

if (process.argv.includes('--help')) console.log(usage);
else process.exitCode = (await run(readOptions(process.argv.slice(2)))) ? 0 : 1;
