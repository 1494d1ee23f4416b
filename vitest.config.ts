import { defineConfig } from 'vitest/config';
import { aliases } from './build/layout.mjs';

export default defineConfig({
  resolve: { alias: aliases },
  test: {
    environment: 'node',
    globalSetup: ['test/support/in-memory.ts', 'test/support/compile-cache.ts'],
    setupFiles: 'test/support/as-people-start.ts',
    // Real SQLite in real files: a crash of the addon must not take the other specs along.
    pool: 'forks',
    // One more than the machine of the checks has cores: many specs wait for processes, locks and disks that they play.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ['test/{unit,migrations,engine,faults}/**/*.spec.{ts,tsx}'],
  },
});
