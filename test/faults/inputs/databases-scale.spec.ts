import fs from 'node:fs';
import Database from 'better-sqlite3';
import { beforeAll, expect, it } from 'vitest';
import { buildScaled } from '../../support/kroma/scaled.ts';
import { addManyRows, addWideRows } from '../../support/kroma/with-many-rows.ts';
import { askOnce, buildEngine } from '../../support/engine-child.ts';
import { newPlace } from '../../support/engine/ends-well.ts';
import { inputFor } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { isSoak } from './support/effort.ts';

/** G14 and G13 at full size, through the real engine process. Minutes and gigabytes: only in a soak. */

const folder = temporaryFolder();
/** Of 150 MB that the engine may use, plus what Node and the measuring take. */
const MOST_RESIDENT_KIB = 200 * 1024;

beforeAll(async () => {
  if (isSoak) await buildEngine();
});

it.skipIf(!isSoak).each([
  ['G14: 10 million rows of somebody else', 2_000, 200, (db: Database.Database) => addManyRows(db, 10_000_000)],
  ['G14: 1 million rows of 200 columns', 2_000, 200, (db: Database.Database) => addWideRows(db, 1_000_000)],
  ['G13 G14: 40,000 candidates of 10 KB each', 40_000, 10_000, () => {}],
])('%s are carried through in bounded memory', { timeout: 3_600_000 }, async (what, candidates, metaBytes, add) => {
  const file = newPlace(folder);
  const db = new Database(file);
  buildScaled(db, { candidates, metaBytes });
  add(db);
  db.close();
  const input = inputFor(file, { toPhase: 4, source: { kind: 'none' } });
  let most = 0;
  const measure = () => (most = Math.max(most, peakOfChildren()));
  const timer = setInterval(measure, 100);
  const startedAt = performance.now();

  const run = await askOnce('run', input);
  if (run.kind !== 'answered' || !run.result.ok) throw new Error(JSON.stringify(run));
  const { error, backup } = run.result.value;
  expect(error).toBeUndefined();
  const verdict = await askOnce('verify', { path: file, toPhase: 4, backupPath: backup?.path ?? null });
  clearInterval(timer);

  if (verdict.kind !== 'answered' || !verdict.result.ok) throw new Error(JSON.stringify(verdict));
  expect(verdict.result.value.checks.filter(({ state }) => state !== 'met')).toEqual([]);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`${what}: ${Math.round(fs.statSync(file).size / 2 ** 20)} MiB, ${seconds} s, at most ${most >> 10} MiB`);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(MOST_RESIDENT_KIB);
});

/** The greatest resident size, in KiB, of any engine process started here. */
function peakOfChildren(): number {
  const tasks = `/proc/${process.pid}/task`;
  const children = fs.readdirSync(tasks).flatMap((task) => {
    try {
      return fs.readFileSync(`${tasks}/${task}/children`, 'utf8').split(' ').filter(Boolean);
    } catch {
      return [];
    }
  });
  return Math.max(0, ...children.map(peakOf));
}

function peakOf(pid: string): number {
  try {
    if (!fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('engine.cjs')) return 0;
    return Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
