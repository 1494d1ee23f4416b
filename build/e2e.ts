// `npm run e2e`: finds a browser and runs Playwright on the built bundles. Arguments go to Playwright; `-- screens` takes
// the pictures too.
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
  const args = process.argv.slice(2);
  const env = {
    ...process.env,
    CHROMIUM_PATH: browser,
    ...(args.includes('screens') && { PHASEWISE_PICTURES: '1' }),
  };
  return run(node, [playwright, 'test', ...args], { cwd: root, env });
});
