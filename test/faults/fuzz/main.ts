import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildEngine, engineBundle } from '../../support/engine-child.ts';
import { fuzz } from './campaign.ts';

/** `npm run faults -- --only fuzz` calls `fuzz`; this is the same by itself: node test/faults/fuzz/main.mjs --seed 1 --case 7 */
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    case: { type: 'string' },
    engine: { type: 'string' },
    soak: { type: 'boolean', default: false },
  },
});
if (values.engine === undefined) await buildEngine();
const one = values.case === undefined ? {} : { from: Number(values.case), count: 1, workers: 1 };
const result = await fuzz({
  engineFile: values.engine === undefined ? engineBundle : path.resolve(values.engine),
  seed: Number(values.seed),
  count: values.soak ? 200_000 : Number(values.count),
  corpus: path.join(import.meta.dirname, 'corpus'),
  log: (line) => console.log(line),
  ...one,
});
console.log(JSON.stringify(result, null, 1));
process.exitCode = result.violations.length > 0 ? 1 : 0;
