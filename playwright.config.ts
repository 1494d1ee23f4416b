import { defineConfig } from '@playwright/test';

/** `npm run e2e` finds a browser and names it here; without it Playwright uses its own. */
const executablePath = process.env['CHROMIUM_PATH'];

/** About half of the time of all. */
const looking = ['screens', 'data*', 'palette', 'window', 'put-back', 'unknown'].map(
  (name) => `**/e2e/${name}.spec.ts`,
);
const responsive = '**/e2e/responsive.spec.ts';

export default defineConfig({
  testDir: 'test',
  testMatch: '**/test/{e2e,electron,electron-standin}/**/*.spec.ts',
  outputDir: 'test-results/e2e',
  // One at a time of those that upgrade, end and kill processes; beside them those that only look, at a page or at rows.
  workers: 2,
  projects: [
    { name: 'app', testIgnore: [...looking, responsive], workers: 1 },
    { name: 'looking', testMatch: looking, workers: 1 },
    { name: 'responsive', testMatch: responsive, workers: 1, dependencies: ['app', 'looking'] }, // alone on the machine
  ],
  retries: 0, // a test that passes at the second try is a bug report
  forbidOnly: Boolean(process.env['CI']),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: 'list',
  use: {
    viewport: { width: 1280, height: 800 },
    locale: 'en-US',
    timezoneId: 'UTC',
    screenshot: 'only-on-failure',
    // A trace of everything makes everything slower: asked for where a failure is to be understood.
    trace: process.env['PHASEWISE_TRACE'] === '1' ? 'retain-on-failure' : 'off',
    launchOptions: {
      ...(executablePath !== undefined && { executablePath }),
      args: [
        '--no-sandbox', // containers run as root; the pages are our own
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
