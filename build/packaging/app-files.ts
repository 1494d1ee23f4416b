// What goes into app.asar, and nothing else. The Vite plugin packages .vite/; all the rest is added here by hand.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../layout.mjs';

/** The bundles that Electron starts. The CLI and the browser host need a Node of their own, which an app has not. */
export const shippedBundles = ['main', 'preload', 'engine'] as const;

/** What better-sqlite3 loads at run time, beside its addon for the platform. */
const addonLibrary = ['binding.js', 'database.js', 'index.js', 'methods', 'sqlite-error.js', 'util.js'];

/** The addon itself, from the root of the app; loaded by the system, which cannot look into an archive. */
export const addonFile = (platform: string, arch: string): string =>
  `node_modules/better-sqlite3/prebuilds/${platform}-${arch}.node`;

/** Completes the folder that becomes app.asar. @throws Error where something that the app needs is not there. */
export async function completeApp(folder: string, platform: string, arch: string): Promise<void> {
  await removeMaps(path.join(folder, '.vite'));
  await copyAddon(path.join(folder, 'node_modules/better-sqlite3'), `${platform}-${arch}.node`);
  await cp(path.join(root, 'build/icons/512.png'), path.join(folder, 'icon.png')); // windows on Linux have no other
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify(await shippedPackage(), null, 2)}\n`);
}

/** The app's own description: who it is and where it starts. Dependencies are bundled, scripts are for developers. */
async function shippedPackage(): Promise<Record<string, unknown>> {
  const whole = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  // "phasewise" is what a publisher sets: electron/host/app-version.ts.
  const kept = ['name', 'productName', 'version', 'description', 'license', 'author', 'type', 'main', 'phasewise'];
  // Wayland finds window, entry and icon of an app by this name.
  return { ...Object.fromEntries(kept.map((key) => [key, whole[key]])), desktopName: 'phasewise.desktop' };
}

/** The bundles are not shortened, so that what support gets to see is readable without maps of three times the size. */
async function removeMaps(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true }))
    if (name.endsWith('.map')) await rm(path.join(folder, name));
}

async function copyAddon(to: string, prebuild: string): Promise<void> {
  const from = path.join(root, 'node_modules/better-sqlite3');
  if (!(await readdir(path.join(from, 'prebuilds'))).includes(prebuild))
    throw new Error(`better-sqlite3 has no prebuilt addon ${prebuild}`);
  const { dependencies = {} } = JSON.parse(await readFile(path.join(from, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  const unknown = Object.keys(dependencies).filter((name) => name !== 'node-addon-api'); // only for compiling it
  if (unknown.length > 0) throw new Error(`better-sqlite3 now needs ${unknown.join(', ')} at run time: copy them too`);
  const parts = ['package.json', 'LICENSE', ...addonLibrary.map((name) => `lib/${name}`), `prebuilds/${prebuild}`];
  for (const part of parts) {
    await mkdir(path.dirname(path.join(to, part)), { recursive: true });
    await cp(path.join(from, part), path.join(to, part), { recursive: true });
  }
}
