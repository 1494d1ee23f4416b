import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildEngine, engineBundle } from '../../support/engine-child.ts';
import { fuzz } from './campaign.ts';

/** One damaged file once more, as `npm run faults -- --only fuzz` names it: node test/faults/fuzz/main.mjs --seed 1 --case 7 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    case: { type: 'string', default: '0' },
    engine: { type: 'string' },
  },
});
if (values.engine === undefined) await buildEngine();
const result = await fuzz({
  engineFile: values.engine === undefined ? engineBundle : path.resolve(values.engine),
  seed: Number(values.seed),
  ...{ from: Number(values.case), count: 1, workers: 1 },
});
console.log(JSON.stringify(result, null, 1));
process.exitCode = result.violations.length > 0 ? 1 : 0;
