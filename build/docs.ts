// `npm run docs`: makes the generated parts of docs/ anew. A spec fails while one of them is not current.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runnerImport } from 'vite';
import type * as DocsPages from './docs-pages.ts';
import { aliases, root } from './layout.mjs';

// The lists are part of the program, which is written for Vite.
const { module } = await runnerImport<typeof DocsPages>(path.join(root, 'build/docs-pages.ts'), {
  root,
  configFile: false,
  logLevel: 'error',
  resolve: { alias: aliases },
});

const folder = path.join(root, 'docs');
for (const name of readdirSync(folder).filter((each) => each.endsWith('.md'))) {
  const file = path.join(folder, name);
  const page = readFileSync(file, 'utf8');
  const made = module.regenerated(page);
  if (made === page) continue;
  writeFileSync(file, made);
  console.log(`docs/${name} is current again.`);
}
