import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../build/layout.mjs';

const sources = ['electron', 'migrations', 'build', 'package-lock.json'].map((each) => path.join(root, each));

/**
 * Bundles a part of the app as the app's build does, unless its bundle is newer than every source.
 * @param folder inside the repository, so that the bundle finds better-sqlite3.
 * @param name a key of `nodeBundles`.
 */
export async function bundleInto(folder: string, name: string): Promise<void> {
  const file = path.join(folder, `${name}.cjs`);
  const newestSource = Math.max(...sources.map(newest));
  if (existsSync(file) && statSync(file).mtimeMs > newestSource) return;
  // Not imported above: most specs find a bundle, and to load Vite takes as long as some of them.
  const [{ build }, { nodeBundle }] = await Promise.all([import('vite'), import('../../build/vite-shared.ts')]);
  const own = path.join(folder, String(process.pid));
  const config = nodeBundle(name);
  await build({ ...config, configFile: false, logLevel: 'error', build: { ...config.build, outDir: own } });
  renameSync(path.join(own, `${name}.cjs`), file); // specs run side by side: the whole new one, or the one before
  rmSync(own, { recursive: true });
}

/** Folders count as well: they change where a file is removed or renamed. */
const newest = (place: string): number =>
  Math.max(
    statSync(place).mtimeMs,
    ...(statSync(place).isFile() ? [] : readdirSync(place, { recursive: true, withFileTypes: true })).map(
      (entry) => statSync(path.join(entry.parentPath, entry.name)).mtimeMs,
    ),
  );
