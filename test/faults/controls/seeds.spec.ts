import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../build/layout.mjs';
import { misfits } from './mutate.ts';
import { seeds } from './seeds.ts';

describe('the faults that are put in on purpose', () => {
  it('are at least eighteen, each with a name of its own', () => {
    expect(new Set(seeds.map(({ name }) => name)).size).toBe(seeds.length);
    expect(seeds.length).toBeGreaterThanOrEqual(18);
  });

  it.each(seeds)('still fit the code: $name', (seed) => {
    expect(misfits(seed)).toEqual([]);
    if (seed.caughtBy.kind === 'spec') expect(existsSync(path.join(root, seed.caughtBy.file))).toBe(true);
  });
});
