// @ts-check
// Reads the arguments of `electron [-r FILE] [--option] FOLDER [FILE]`, as Electron's own default app does.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

process.argv.splice(1, 1); // Electron's first argument is its own first one
const args = process.argv.slice(1);
/** @type {string[]} */
const required = [];
let app = '';
for (let at = 0; at < args.length && app === ''; at++) {
  const arg = args[at] ?? '';
  if (arg === '-r') required.push(args[++at] ?? '');
  else if (arg.startsWith('--user-data-dir=')) process.env['ELECTRON_STANDIN_FOLDER'] = arg.slice(arg.indexOf('=') + 1);
  else if (!arg.startsWith('-')) app = path.resolve(arg);
}
process.env['ELECTRON_STANDIN_APP'] = app;

// Before the app, because what drives it waits for both; without the rest of the stand-in, whose clock starts with it.
const { getBrowser } = await import('../chromium.ts');
const { url } = await getBrowser(process.env['ELECTRON_STANDIN_FOLDER'] ?? app);

const load = createRequire(import.meta.url);
for (const file of required) load(file);
process.stderr.write(`\nDevTools listening on ${url}\n`);
const manifest = /** @type {{ main: string }} */ (JSON.parse(readFileSync(path.join(app, 'package.json'), 'utf8')));
load(path.join(app, manifest.main));
