// @ts-check
// `npm run -s phasewise -- COMMAND`: the command line. Its stdout belongs to the command alone.
import { optionsNpmKept, telling } from './kept-options.mjs';
import { nodeBundleFile } from './layout.mjs';
import { bootstrap, callersFolder, provision, run, Stop } from './provision.mjs';

const args = process.argv.slice(2);

await bootstrap(async () => {
  const kept = optionsNpmKept(args, process.env);
  // Before anything is installed: the npm that does it would keep to --dry-run as well.
  if (kept.length > 0) throw new Stop(telling(kept, process.platform), 2);
  const node = await provision((line) => process.stderr.write(`${line}\n`));
  return run(node, [nodeBundleFile('cli'), ...args], { cwd: callersFolder() });
});
