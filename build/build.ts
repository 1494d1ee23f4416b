// Builds the bundles: `npm run build`, or `npm run build -- engine cli renderer` for some of them.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { build, type UserConfig } from 'vite';
import { nodeBundles, root } from './layout.mjs';
import { fingerprintSources, recordBuild } from './provision.mjs';
import { nodeBundle, rendererBundle } from './vite-shared.ts';

const bundles: Record<string, { entry: string; config: () => UserConfig }> = {
  renderer: { entry: 'renderer/index.html', config: rendererBundle },
};
for (const [name, entry] of Object.entries(nodeBundles)) bundles[name] = { entry, config: () => nodeBundle(name) };

const startedAt = performance.now();
const sources = fingerprintSources();
const asked = process.argv.slice(2);
const names = asked.length > 0 ? asked : Object.keys(bundles);

for (const name of names) {
  const bundle = bundles[name];
  if (!bundle) fail(`${name} is not one of the bundles ${Object.keys(bundles).join(', ')}.`);
  if (!existsSync(path.join(root, bundle.entry))) fail(`${bundle.entry} does not exist.`);
}
try {
  await Promise.all(names.map((name) => build({ ...bundles[name]?.config(), configFile: false, logLevel: 'warn' })));
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
if (asked.length === 0) recordBuild(sources);
console.log(`Built ${names.join(', ')} in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s.`);

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
