import path from 'node:path';
import { root } from '../../build/layout.mjs';

/**
 * Every spec file has a worker of its own; a quarter of what each costs to start is compiling the test runner, which Node
 * can keep. The workers' alone: see `as-people-start.ts`.
 */
export function setup(): void {
  process.env['NODE_COMPILE_CACHE'] ??= path.join(root, '.vite/compiled');
}
