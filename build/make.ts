// `npm run make`: Forge makes the packages of this system, those whose tools are here. Arguments go to Forge.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './layout.mjs';
import { makeable } from './packaging/maker-tools.ts';
import { bootstrap, Stop } from './provision.mjs';

const args = process.argv.slice(2);

await bootstrap(async () => {
  const { values } = parseArgs({
    args,
    strict: false,
    options: { platform: { type: 'string', short: 'p' }, targets: { type: 'string' } },
  });
  const { kinds, leftOut } = makeable((values.platform ?? process.platform) as NodeJS.Platform);
  const named = typeof values.targets === 'string' ? values.targets.split(',') : null;
  const isNamed = (line: string) => named?.some((target) => line.startsWith(`${target.split('-').at(-1)} `));
  const refused = leftOut.filter(isNamed);
  if (refused.length > 0) throw new Stop(`Cannot be made here: ${refused.join('; ')}.`);
  if (named === null) for (const line of leftOut) console.log(`Left out: ${line}`);
  if (kinds.length === 0) throw new Stop('No package can be made here. `npm run package` makes the app alone.');
  return runForge();
});

function runForge(): number {
  const forge = path.dirname(createRequire(import.meta.url).resolve('@electron-forge/cli/package.json'));
  const { status, error } = spawnSync(process.execPath, [path.join(forge, 'dist/electron-forge.js'), 'make', ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (error) throw error;
  return status ?? 1;
}
