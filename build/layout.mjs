// @ts-check
// Where things are. No dependencies, so that the start-up scripts can read it before anything is installed.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** The same three names as `paths` in tsconfig.json; a unit test keeps the two lists equal. */
export const aliases = {
  '@shared': path.join(root, 'electron/shared'),
  '@engine': path.join(root, 'electron/engine'),
  '@host': path.join(root, 'electron/host'),
};

/**
 * What each Node-side bundle starts from, written to `.vite/build/<name>.cjs`.
 * The names are a contract: at run time code finds its siblings by them.
 */
export const nodeBundles = {
  main: 'electron/main.ts',
  preload: 'electron/preload.ts',
  engine: 'electron/engine/process.ts',
  cli: 'electron/cli/main.ts',
  'browser-host': 'electron/browser-host/main.ts',
};

/** Where a Node-side bundle is written. @param {string} name */
export const nodeBundleFile = (name) => path.join(root, '.vite/build', `${name}.cjs`);

/** Where the window's files are written. */
export const rendererFolder = path.join(root, '.vite/renderer/main_window');

/** Downloads, unpacked tools and what was learned about this machine. Gone with node_modules. */
export const cacheFolder = path.join(root, 'node_modules/.cache/phasewise');
