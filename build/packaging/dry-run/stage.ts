import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../layout.mjs';

const PARTS = [
  'build',
  'docs',
  'electron',
  'migrations',
  'renderer',
  'forge.config.ts',
  'package.json',
  'tsconfig.json',
  'LICENSE',
];

/**
 * A copy of the sources with the same node_modules. Forge's Vite plugin begins by deleting `.vite/`, and the bundles in
 * ours are what everybody else is using.
 */
export function stage(folder: string): void {
  mkdirSync(folder);
  for (const part of PARTS) cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'dir');
}
