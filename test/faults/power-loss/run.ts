import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build, type PluginOption } from 'vite';
import { nodeBundle } from '../../../build/vite-shared.ts';
import { whyNoStrace } from '../engine/strace.ts';
import { emptyResult, type PowerJob, type PowerResult } from './report.ts';

export interface PowerOptions {
  /** Where the bundles of the engine lie. */
  readonly bundleFolder: string;
  readonly seed: number;
  /** How many images to make, over everything. */
  readonly images: number;
  readonly workers?: number;
  /** Names of flows and databases; all when missing. */
  readonly only?: (job: PowerJob) => boolean;
  /** Changes a job before it is done. */
  readonly adapt?: (job: PowerJob) => PowerJob;
  /** For bundles made here: may change the sources on their way. */
  readonly plugins?: PluginOption[];
  readonly onResult?: (result: PowerResult) => void;
  /** Hands out no more jobs when this many ms have passed. */
  readonly limitMs?: number;
}

const kroma = ['kroma', 'kroma-wal', 'kroma-dual', 'kroma-utf16'];
const shop = ['shop', 'shop-wal', 'shop-utf16'];

/** Each flow with its databases, and how large a part of the images it gets. Cheap ones, and those that write most, get more. */
const share: readonly { flow: string; databases: readonly string[]; weight: number }[] = [
  { flow: 'backup', databases: ['kroma', 'kroma-utf16', ...shop], weight: 1 },
  { flow: 'upgrade', databases: kroma, weight: 1.5 },
  { flow: 'upgrade', databases: shop, weight: 3 },
  { flow: 'cleanup', databases: ['kroma'], weight: 2 },
  { flow: 'restore-in-place', databases: [...kroma, ...shop], weight: 1.5 },
  { flow: 'restore-by-file', databases: [...kroma, ...shop], weight: 1 },
  { flow: 'restore-over-damage', databases: ['kroma', 'kroma-dual', ...shop], weight: 1 },
];

export function powerJobs(seed: number, images: number): PowerJob[] {
  const rounds = Math.max(1, Math.round(images / 60_000));
  const total = share.reduce((sum, { databases, weight }) => sum + databases.length * weight, 0);
  const unit = images / rounds / total;
  const jobs = share.flatMap(({ flow, databases, weight }) =>
    databases.map((database): PowerJob => ({
      ...{ kind: 'flow', flow, database, seed, images: Math.ceil(unit * weight * 0.85) },
      ...{ judged: 8, resumed: 2, again: 1 },
    })),
  );
  const rest = { seed, images: Math.ceil(unit), judged: 0, resumed: 0, again: 0 };
  const others: PowerJob[] = [
    { ...rest, kind: 'journal', flow: 'run journal', database: '-' },
    ...['shop-wal', 'kroma-wal'].map((database): PowerJob => ({ ...rest, kind: 'lies', flow: 'upgrade', database })),
    ...['shop-wal', 'kroma-wal', 'shop', 'kroma'].map((database): PowerJob => ({
      ...rest,
      ...{ kind: 'torn', flow: 'upgrade', database },
    })),
  ];
  return Array.from({ length: rounds }, (_, round) =>
    [...jobs, ...others].map((job) => ({ ...job, seed: seed + round * 1_000 })),
  ).flat();
}

/** @returns one result for each flow and database. @throws Error where strace cannot be used. */
export async function cutThePower(options: PowerOptions): Promise<PowerResult[]> {
  const why = whyNoStrace();
  if (why !== null) throw new Error(why);
  const jobs = powerJobs(options.seed, options.images)
    .filter(options.only ?? (() => true))
    .map(options.adapt ?? ((job) => job));
  // Round after round, so that a run that is stopped has tried everything; the longest first, so that none is left over at the end.
  const queue = jobs.toSorted((a, b) => a.seed - b.seed || costOf(b) - costOf(a));
  const bundle = await bundled('power-worker', options.bundleFolder);
  await bundled('journal-writer', options.bundleFolder, options.plugins);
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(path.join(memory, 'phasewise-power-'));
  const results: PowerResult[] = [];
  const startedAt = performance.now();
  const isOver = (): boolean => performance.now() - startedAt > (options.limitMs ?? Infinity);
  try {
    await Promise.all(
      Array.from({ length: options.workers ?? 2 }, (_, index) =>
        work(bundle, [path.join(folder, `worker-${index}`), options.bundleFolder], {
          next: () => (isOver() ? undefined : queue.shift()),
          onResult(result) {
            results.push(result);
            options.onResult?.(result);
          },
        }),
      ),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

const costOf = ({ database, images, flow }: PowerJob): number =>
  images * (database.startsWith('kroma') ? 5 : 1) * (flow === 'upgrade' || flow === 'cleanup' ? 2 : 1);

function work(
  bundle: string,
  args: string[],
  { next, onResult }: { next: () => PowerJob | undefined; onResult: (result: PowerResult) => void },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(bundle, args, { execArgv: ['--no-warnings'] });
    const goOn = (): void => {
      const job = next();
      if (job) child.send(job);
      else child.kill();
    };
    child.on('message', (message: { result?: PowerResult; failed?: string; job?: PowerJob }) => {
      if (message.result) onResult(message.result);
      if (message.failed !== undefined && message.job)
        onResult({ ...emptyResult(message.job), violations: [`it could not be tried: ${message.failed}`] });
      goOn();
    });
    child.on('exit', (code, signal) =>
      signal === 'SIGTERM' ? resolve() : reject(new Error(`a worker ended (${code ?? signal})`)),
    );
  });
}

const entries = { 'power-worker': 'worker.ts', 'journal-writer': 'journal-writer.ts' } as const;

/** The packs that the oracles ask can only be loaded from a bundle. @returns its path. */
async function bundled(name: keyof typeof entries, outDir: string, plugins: PluginOption[] = []): Promise<string> {
  const config = nodeBundle('engine');
  const lib = {
    entry: path.join(import.meta.dirname, entries[name]),
    formats: ['cjs' as const],
    fileName: () => `${name}.cjs`,
  };
  const all = [...(config.plugins ?? []), ...plugins];
  await build({
    ...config,
    ...{ configFile: false, logLevel: 'error', plugins: all, build: { ...config.build, outDir, lib } },
  });
  return path.join(outDir, `${name}.cjs`);
}
