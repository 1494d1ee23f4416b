// @ts-check
// `npm run -s phasewise -- COMMAND`: the command line. Its stdout belongs to the command alone.
import { nodeBundleFile } from './layout.mjs';
import { bootstrap, callersFolder, provision, run } from './provision.mjs';

await bootstrap(async () => {
  const node = await provision((line) => process.stderr.write(`${line}\n`));
  return run(node, [nodeBundleFile('cli'), ...process.argv.slice(2)], { cwd: callersFolder() });
});
