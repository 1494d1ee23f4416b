import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { root } from '../../build/layout.mjs';
import { bundlesFor } from './engine/bundles.ts';
import { whyNoStrace } from './engine/strace.ts';
import { readOptions, usage, type Options } from './options.ts';
import { runPower, type PowerFigures } from './power-loss/main.ts';
import { runFaults } from './run.ts';

/** `npm run faults`: injected faults, power cuts, mutated files; with --soak also the faults put in on purpose. */
const parts = ['faults', 'power', 'fuzz', 'control'] as const;
type Part = (typeof parts)[number];

/** @returns parts that were asked for; what --only says besides is about injected faults. */
function partsOf({ only, isSoak, repeat }: Options): readonly Part[] {
  if (repeat !== null) return ['faults'];
  const named = parts.filter((part) => only.includes(part));
  const isAboutFaults = only.some((name) => !parts.includes(name as Part));
  if (named.length > 0 || isAboutFaults) return isAboutFaults ? ['faults', ...named] : named;
  return isSoak ? parts : ['faults', 'power', 'fuzz'];
}

async function powerFigures(options: Options): Promise<PowerFigures | { skipped: string; violations: [] }> {
  const why = options.isTracingForbidden ? 'asked to do without strace' : whyNoStrace();
  if (why !== null) {
    console.log(`No power cuts: ${why}.`);
    return { skipped: why, violations: [] };
  }
  const { folder } = await bundlesFor(options.engine);
  return runPower(folder, options);
}

/** Parts that are programs of their own. @returns whether all went well. */
function otherPart(name: string, args: readonly string[]): boolean {
  const { status } = spawnSync(
    process.execPath,
    ['--no-warnings', path.join(root, 'test/faults', name, 'main.mjs'), ...args],
    { stdio: 'inherit', cwd: root },
  );
  return status === 0;
}

/** Parts that were not run keep the figures of their last run. */
function keep(file: string, figures: object): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const known: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  writeFileSync(file, `${JSON.stringify({ ...(known as object), ...figures }, null, 2)}\n`);
}

async function run(options: Options): Promise<boolean> {
  const wanted = partsOf(options);
  const faults = wanted.includes('faults')
    ? await runFaults({ ...options, only: options.only.filter((name) => !parts.includes(name as Part)) })
    : null;
  const power = wanted.includes('power') ? await powerFigures(options) : null;
  const isFuzzGood =
    !wanted.includes('fuzz') ||
    otherPart('fuzz', ['--seed', String(options.seed), ...(options.isSoak ? ['--soak'] : [])]);
  const isControlGood = !wanted.includes('control') || otherPart('controls', []);
  const figures = {
    ...faults,
    ...(power === null ? {} : { power }),
    ...(wanted.includes('fuzz') ? { isFuzzGood } : {}),
    ...(wanted.includes('control') ? { isControlGood } : {}),
  };
  if (options.repeat === null) keep(path.resolve(root, options.json), figures);
  const found = (faults?.violations.length ?? 0) + (power?.violations.length ?? 0);
  return found === 0 && isFuzzGood && isControlGood;
}

if (process.argv.includes('--help')) console.log(usage);
else process.exitCode = (await run(readOptions(process.argv.slice(2)))) ? 0 : 1;
