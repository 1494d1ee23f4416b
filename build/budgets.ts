// How much may be read before the first screen, in bytes: asserted by test/unit/build/first-screen.spec.ts, printed by
// `npm run bench -- --start`. A budget is what was measured and a tenth more: raise one only with a reason.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { nodeBundleFile, rendererFolder } from './layout.mjs';

export const sizeBudgets = {
  main: 640_000,
  preload: 14_000,
  engine: 2_400_000,
  'first screen, scripts': 530_000,
  'first screen, styles': 145_000,
  'first screen, gzip': 195_000,
} as const;
export type Sized = keyof typeof sizeBudgets;

/** Milliseconds on an idle machine of 2 cores. Printed only: no test fails because a machine is slow. */
export const timeBudgets = {
  'main bundle, required': 120,
  'engine, ready': 250,
  'engine, first answer': 300,
  'window, interactive': 700,
} as const;

/** The files that index.html names: Vite lists there all that the first screen imports. Paths from `folder`. */
export function firstScreenFiles(folder = rendererFolder): { scripts: string[]; styles: string[] } {
  const html = readFileSync(path.join(folder, 'index.html'), 'utf8');
  const named = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].flatMap(([, file]) => file ?? []);
  return {
    scripts: named.filter((file) => file.endsWith('.js')),
    styles: named.filter((file) => file.endsWith('.css')),
  };
}

/** @throws Error where the app was not built. */
export function measureSizes(): Record<Sized, number> {
  if (!existsSync(path.join(rendererFolder, 'index.html'))) throw new Error('Build the app first: npm run build');
  const { scripts, styles } = firstScreenFiles();
  const bytes = (files: readonly string[]) => files.map((file) => readFileSync(path.join(rendererFolder, file)));
  const length = (parts: readonly Buffer[]) => parts.reduce((sum, part) => sum + part.length, 0);
  const bundle = (name: string) => readFileSync(nodeBundleFile(name)).length;
  return {
    main: bundle('main'),
    preload: bundle('preload'),
    engine: bundle('engine'),
    'first screen, scripts': length(bytes(scripts)),
    'first screen, styles': length(bytes(styles)),
    'first screen, gzip': length(bytes([...scripts, ...styles]).map((part) => gzipSync(part))),
  };
}
