import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { build, type PluginOption } from 'vite';
import { isLiving } from '@engine/process-life.ts';
import { root } from '../../../build/layout.mjs';
import { nodeBundle } from '../../../build/vite-shared.ts';
import { bundlesIn, type Bundles } from './bundle-files.ts';

const entries = {
  kroma: ['engine', 'electron/engine/process.ts'],
  shop: ['engine-shop', 'test/faults/engine/shop-process.ts'],
} as const;

/**
 * Bundles the engine as the app's build does, from the sources as they are now.
 * @param folder inside the repository, so that the bundles find better-sqlite3.
 * @param plugins may change the sources on their way, for engines with a fault on purpose.
 */
export async function buildBundles(folder: string, plugins: PluginOption[] = []): Promise<Bundles> {
  const config = nodeBundle('engine');
  for (const [name, entry] of Object.values(entries)) {
    const lib = { entry: path.join(root, entry), formats: ['cjs' as const], fileName: () => `${name}.cjs` };
    await build({
      ...config,
      configFile: false,
      logLevel: 'error',
      plugins: [...(config.plugins ?? []), ...plugins],
      build: { ...config.build, sourcemap: false, outDir: folder, lib },
    });
  }
  return bundlesIn(folder);
}

/** A folder that is removed when this process ends. */
export interface Built {
  readonly folder: string;
  /** Also one for the made-up family. */
  readonly isComplete: boolean;
}

/**
 * The bundles to be tried: fresh ones, those in a folder, or one file, which knows our own pack only.
 */
export async function bundlesFor(given: string | null): Promise<Built> {
  const folder = folderOfThisRun();
  if (given === null) {
    await buildBundles(folder);
    return { folder, isComplete: true };
  }
  const isFile = statSync(given).isFile();
  const from = isFile ? path.dirname(given) : given;
  copyFileSync(isFile ? given : bundlesIn(from).kroma, bundlesIn(folder).kroma);
  const isComplete = existsSync(bundlesIn(from).shop);
  if (isComplete) copyFileSync(bundlesIn(from).shop, bundlesIn(folder).shop);
  return { folder, isComplete };
}

/** Its own, so that neither another run nor a later change of the sources takes the engine away under it. */
function folderOfThisRun(): string {
  const all = path.join(root, '.vite/faults');
  mkdirSync(all, { recursive: true });
  for (const name of readdirSync(all))
    if (isLeft(path.join(all, name))) rmSync(path.join(all, name), { recursive: true });
  const folder = path.join(all, `run-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const DAY_MS = 86_400_000;

/** Of a run that was killed. Old as well: a process whose folder this is may be out of our sight, in a container. */
function isLeft(folder: string): boolean {
  const [, pid] = /^run-(\d+)$/.exec(path.basename(folder)) ?? [];
  return pid !== undefined && !isLiving(Number(pid)) && Date.now() - statSync(folder).mtimeMs > DAY_MS;
}

/** Bundles a worker of the harness: the packs that its oracles ask can only be loaded from a bundle. */
export async function buildWorker(outDir: string): Promise<string> {
  const config = nodeBundle('engine');
  const lib = {
    entry: path.join(root, 'test/faults/worker.ts'),
    formats: ['cjs' as const],
    fileName: () => 'worker.cjs',
  };
  await build({ ...config, configFile: false, logLevel: 'error', build: { ...config.build, outDir, lib } });
  return path.join(outDir, 'worker.cjs');
}
