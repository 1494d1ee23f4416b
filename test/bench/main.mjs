// What `npm run bench` starts: the aliases first, because Node resolves imports before it runs anything.
import '../support/engine/aliases.mjs';

const asked = ['start', 'browse'].find((name) => process.argv.includes(`--${name}`));
await import(`./${asked ?? 'upgrade'}.ts`);
