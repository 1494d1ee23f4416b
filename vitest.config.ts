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
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ['test/{unit,migrations,engine,faults}/**/*.spec.{ts,tsx}'],
  },
});
