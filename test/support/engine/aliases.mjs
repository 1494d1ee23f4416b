// Lets plain Node run our TypeScript with its aliases: node --import ./test/support/engine/aliases.mjs file.ts
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { aliases } from '../../../build/layout.mjs';

registerHooks({
  resolve(specifier, context, next) {
    const alias = Object.entries(aliases).find(([name]) => specifier.startsWith(`${name}/`));
    if (!alias) return next(specifier, context);
    return next(pathToFileURL(path.join(alias[1], specifier.slice(alias[0].length + 1))).href, context);
  },
});
