import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../../build/layout.mjs';
import { buildBundles } from '../engine/bundles.ts';
import { cutThePower } from '../power-loss/run.ts';
import { misfits, sow } from './mutate.ts';
import { seeds, type Seed } from './seeds.ts';

export interface Control {
  readonly seed: string;
  readonly caughtBy: string;
  readonly isCaught: boolean;
  /** The first thing that turned red. */
  readonly evidence: string;
  readonly seconds: number;
}

export interface ControlOptions {
  /** Parts of seeds' names; all when there are none. */
  readonly only?: readonly string[];
  readonly onControl?: (control: Control) => void;
}

/**
 * Puts one fault after the other into our own code and runs the test that must notice. A seed that nobody notices is a
 * hole in the tests. @throws Error when a seed no longer fits the code, or its test is red without it.
 */
export async function runControls({ only = [], onControl }: ControlOptions = {}): Promise<Control[]> {
  const chosen = seeds.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
  const unfit = chosen.flatMap(misfits);
  if (unfit.length > 0) throw new Error(unfit.join('\n'));
  const controls: Control[] = [];
  const baselines = new Map<string, Promise<string | null>>();
  /** A test that is red anyway proves nothing. */
  const baselineOf = ({ caughtBy }: Seed): Promise<string | null> => {
    const key = JSON.stringify(caughtBy);
    const known = baselines.get(key) ?? evidenceOf(caughtBy, null);
    baselines.set(key, known);
    return known;
  };
  const attempt = async (seed: Seed): Promise<{ sound: string | null; evidence: string | null }> => {
    try {
      const sound = await baselineOf(seed);
      return { sound, evidence: sound === null ? await evidenceOf(seed.caughtBy, seed) : null };
    } catch (error) {
      return { sound: error instanceof Error ? error.message : String(error), evidence: null };
    }
  };
  const queue = [...chosen];
  const work = async (): Promise<void> => {
    for (let seed = queue.shift(); seed !== undefined; seed = queue.shift()) {
      const startedAt = performance.now();
      const { sound, evidence } = await attempt(seed);
      const control: Control = {
        seed: seed.name,
        caughtBy:
          seed.caughtBy.kind === 'spec'
            ? seed.caughtBy.file
            : `power loss: ${seed.caughtBy.flow}, ${seed.caughtBy.database}`,
        isCaught: evidence !== null,
        evidence: sound === null ? (evidence ?? '') : `red without the fault, too: ${sound}`,
        seconds: (performance.now() - startedAt) / 1_000,
      };
      controls.push(control);
      onControl?.(control);
    }
  };
  await Promise.all([work(), work()]);
  return controls;
}

/** Tries them all, or those with `only` in their name, and shows who noticed. */
export async function showControls(only: readonly string[] = []): Promise<Control[]> {
  const controls = await runControls({
    only,
    onControl: ({ seed, caughtBy, isCaught, evidence, seconds }) =>
      console.log(
        `${isCaught ? 'caught    ' : 'NOT CAUGHT'} ${seed} | ${caughtBy} | ${seconds.toFixed(1)} s | ${evidence.slice(0, 200)}`,
      ),
  });
  const caught = controls.filter(({ isCaught }) => isCaught).length;
  const all = caught === controls.length ? ' All caught.' : '';
  console.log(`${caught} of ${controls.length} faults put in on purpose were caught.${all}`);
  return controls;
}

/** @param seed null = the code as it is. @returns what turned red; null when nothing did. */
const evidenceOf = (caughtBy: Seed['caughtBy'], seed: Seed | null): Promise<string | null> =>
  caughtBy.kind === 'spec' ? fromSpec(seed, caughtBy.file) : fromPower(seed, caughtBy);

/** Every state of the database that is found is judged by the full oracle: half steps are states, too. */
async function fromPower(
  seed: Seed | null,
  { flow, database }: { flow: string; database: string },
): Promise<string | null> {
  const folder = path.join(root, '.vite/faults', `seed-${(folders += 1)}`);
  const plugins = seed === null ? [] : [sow(seed)];
  mkdirSync(folder, { recursive: true });
  try {
    await buildBundles(folder, plugins);
    const results = await cutThePower({
      ...{ bundleFolder: folder, plugins, seed: 1, images: 20_000, workers: 1 },
      only: (job) => job.flow === flow && job.database === database && ['flow', 'journal'].includes(job.kind),
      adapt: (job) => ({ ...job, images: 1_200, judged: 60, resumed: 60, again: 1 }),
    });
    return results.flatMap(({ violations }) => violations)[0] ?? null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

let folders = 0;

/** @returns the first failed test; null when all passed. */
function fromSpec(seed: Seed | null, file: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const json = path.join(root, '.vite/faults', `spec-${(folders += 1)}.json`);
    const config = seed === null ? 'vitest.config.ts' : 'test/faults/controls/vitest.config.ts';
    const args = ['run', '--config', config, '--bail=1', '--reporter=json', `--outputFile.json=${json}`, file];
    const child = spawn('vitest', args, {
      cwd: root,
      env: { ...process.env, PHASEWISE_SEED_NAME: seed?.name ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let err = '';
    child.stdout.resume();
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err = (err + text).slice(-1_000)));
    child.on('error', reject);
    child.on('close', () => {
      if (!existsSync(json)) return reject(new Error(`vitest: ${err}`));
      const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
      rmSync(json);
      const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
      const failed = tests.find(({ status }) => status === 'failed');
      // A file that could not even be loaded has noticed nothing.
      if (failed === undefined && tests.length === 0)
        return reject(new Error(`${file}: no test ran: ${report.testResults[0]?.message ?? err}`));
      resolve(failed === undefined ? null : failed.title);
    });
  });
}

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly title: string }[];
  }[];
}
