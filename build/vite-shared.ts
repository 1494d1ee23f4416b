// What is bundled, and how. Used by build.mjs and by Forge (vite.node.config.ts, vite.renderer.config.ts).
import { builtinModules } from 'node:module';
import path from 'node:path';
import react from '@vitejs/plugin-react';
import type { UserConfig } from 'vite';
import { aliases, nodeBundles, rendererFolder, root } from './layout.mjs';
import { umzugWithoutCli } from './umzug-without-cli.ts';

/** Resolved at run time, never bundled: the native addon, and Electron, which is not a file. */
const external = [/^electron(\/.*)?$/, 'better-sqlite3', /^node:/, ...builtinModules];

/** Vite configuration of one Node-side bundle, a key of `nodeBundles`. */
export function nodeBundle(name: string): UserConfig {
  const entry = Object.entries(nodeBundles).find(([key]) => key === name)?.[1];
  if (entry === undefined) throw new Error(`${name} is not one of ${Object.keys(nodeBundles).join(', ')}`);
  return {
    root,
    publicDir: false,
    plugins: [umzugWithoutCli()],
    resolve: { alias: aliases, conditions: ['node'], mainFields: ['module', 'main'] },
    build: {
      target: 'node24',
      outDir: path.join(root, '.vite/build'),
      emptyOutDir: false, // five bundles share the folder
      minify: false, // stack traces stay readable
      sourcemap: true,
      reportCompressedSize: false,
      lib: { entry: path.join(root, entry), formats: ['cjs'], fileName: () => `${name}.cjs` },
      rolldownOptions: { external, platform: 'node', output: { codeSplitting: false } },
    },
  };
}

/** Vite configuration of the window. */
export function rendererBundle(): UserConfig {
  return {
    root: path.join(root, 'renderer'),
    base: './', // app:// in Electron and a loopback address in the browser host serve the same files
    plugins: [react()],
    resolve: { alias: { '@shared': aliases['@shared'] } }, // the window may import nothing else of electron/
    build: {
      target: 'chrome140',
      outDir: rendererFolder,
      emptyOutDir: true,
      sourcemap: true,
      reportCompressedSize: false,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0, // the content security policy decides about data: addresses, not a size
      chunkSizeWarningLimit: 2_000, // kB, read from a local disk
    },
  };
}
