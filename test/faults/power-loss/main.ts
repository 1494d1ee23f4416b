import { cutThePower, type PowerOptions } from './run.ts';
import type { PowerResult } from './report.ts';

/** Asked for with every change: rounding up makes more of them. */
export const IMAGES = 15_200;

export interface PowerFigures {
  readonly images: number;
  readonly different: number;
  readonly databases: number;
  readonly seconds: number;
  readonly violations: readonly string[];
}

/**
 * Cuts the power through every flow, and shows what came of it, one line for each flow and database.
 * @param onProgress is told after each of these how many cuts there were and how many broke the promise.
 */
export async function runPower(
  { seed, ...options }: Pick<PowerOptions, 'bundleFolder' | 'seed' | 'images' | 'limitMs'>,
  onProgress: (done: number, violations: number) => void = () => {},
): Promise<PowerFigures> {
  const startedAt = performance.now();
  let [done, found] = [0, 0];
  const results = await cutThePower({
    ...{ ...options, seed },
    onResult: ({ kind, flow, database, seed: own, images, violations }) => {
      onProgress((done += images), (found += violations.length));
      for (const violation of violations.slice(0, 6))
        console.log(`VIOLATION power loss (${kind}), ${flow} on ${database}, seed ${own}: ${violation}`);
    },
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  const sum = (name: 'images' | 'different' | 'judged' | 'resumed') =>
    results.reduce((total, result) => total + result[name], 0);
  console.log(`\n${tableOf(results)}\n`);
  // The run journal is none.
  const databases = new Set(results.map(({ database }) => database).filter((name) => name !== '-')).size;
  const violations = results.flatMap((result) =>
    result.violations.map((text) => `${result.flow}, ${result.database}, seed ${result.seed}: ${text}`),
  );
  console.log(
    `${sum('images')} power cuts on ${databases} databases in ${seconds.toFixed(0)} s left ${sum('different')} different disks; ` +
      `${sum('judged')} were judged in full, the engine carried on with ${sum('resumed')}; ${violations.length} violations, seed ${seed}.`,
  );
  return { images: sum('images'), different: sum('different'), databases, seconds, violations };
}

/** Rounds with other seeds count together. */
function tableOf(results: readonly PowerResult[]): string {
  const rows = new Map<string, PowerResult>();
  for (const result of results) {
    const name = `${result.kind === 'flow' ? result.flow : result.kind === 'journal' ? 'run journal' : `${result.flow}, ${result.kind === 'torn' ? 'torn sidecars' : 'lying disk'}`}`;
    const key = `${name.padEnd(28)} ${result.database.padEnd(12)}`;
    const known = rows.get(key);
    if (known === undefined) rows.set(key, { ...result, violations: [...result.violations] });
    else {
      for (const each of ['operations', 'images', 'different', 'states', 'judged', 'resumed'] as const)
        known[each] += result[each];
      known.violations.push(...result.violations);
    }
  }
  const head = `${'flow'.padEnd(28)} ${'database'.padEnd(12)} writes  power cuts  different  states  judged  resumed  violations`;
  const lines = [...rows].map(([key, row]) => {
    const numbers = [
      row.operations,
      row.images,
      row.different,
      row.states,
      row.judged,
      row.resumed,
      row.violations.length,
    ];
    return `${key} ${numbers.map((value, index) => String(value).padStart([6, 11, 10, 7, 7, 8, 11][index] ?? 8)).join(' ')}`;
  });
  return [head, ...lines.toSorted()].join('\n');
}
