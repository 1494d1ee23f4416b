// One file of specs against sources with a fault put in; run.ts says which.
import { mergeConfig } from 'vitest/config';
import base from '../../../vitest.config.ts';
import { root } from '../../../build/layout.mjs';
import { sow } from './mutate.ts';
import { seeds } from './seeds.ts';

const seed = seeds.find(({ name }) => name === process.env['PHASEWISE_SEED_NAME']);
if (seed === undefined) throw new Error('PHASEWISE_SEED_NAME names no seed');

// A cache of transformed files would hand one seed the sources of another.
export default mergeConfig(base, { root, plugins: [sow(seed)], test: { fsModuleCache: false } });
