import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../inputs/support/engine.ts';
import { fuzz } from './campaign.ts';

/** `npm run faults -- --only fuzz` takes 2,000 files, with --soak 200,000; this is the part for every `npm test`. */
const COUNT = 100;
let engineFile: string;
beforeAll(async () => {
  engineFile = path.join(await buildApp(['engine']), 'engine.cjs');
});

describe('damaged files', () => {
  it(`M10: ${COUNT} of them, each damaged in its own way, end with a code or a success; looking writes nothing`, async () => {
    const seed = Number(process.env['PHASEWISE_SEED'] ?? 20_261_121);
    const result = await fuzz({ engineFile, seed, count: COUNT });
    expect(result.violations).toEqual([]);
    expect(result.cases).toBe(COUNT);
    // Neither everything is refused nor is everything let through: the damage is of the right size.
    expect(result.outcomes['inspect ok']).toBeGreaterThan(COUNT / 10);
    expect(result.outcomes['inspect E_CORRUPT']).toBeGreaterThan(COUNT / 10);
    expect(result.outcomes['restore ok']).toBeGreaterThan(COUNT / 20);
  });
});
