// What `npm run bench` starts: the aliases first, because Node resolves imports before it runs anything.
import '../support/engine/aliases.mjs';

await import(process.argv.includes('--browse') ? './browse.ts' : './upgrade.ts');
