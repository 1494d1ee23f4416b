import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { aliases, root } from '../../../build/layout.mjs';

it('the bundles and the type checker resolve the same aliases', () => {
  const tsconfig = JSON.parse(readFileSync(path.join(root, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: { paths: Record<string, string[]> };
  };

  const bundled = Object.entries(aliases).map(([name, folder]) => [
    `${name}/*`,
    [`./${path.relative(root, folder)}/*`],
  ]);

  expect(Object.fromEntries(bundled)).toEqual(tsconfig.compilerOptions.paths);
});
