// `npm run e2e`: finds a browser and runs Playwright on the built bundles. Arguments go to Playwright.
import { createRequire } from 'node:module';
import path from 'node:path';
import { provideBrowser } from './browser.ts';
import { root } from './layout.mjs';
import { bootstrap, provision, run } from './provision.mjs';

const say = (line: string) => console.log(line);

await bootstrap(async () => {
  const node = await provision(say);
  const browser = await provideBrowser(say);
  const playwright = path.join(
    path.dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')),
    'cli.js',
  );
  const env = { ...process.env, CHROMIUM_PATH: browser };
  return run(node, [playwright, 'test', ...process.argv.slice(2)], { cwd: root, env });
});
