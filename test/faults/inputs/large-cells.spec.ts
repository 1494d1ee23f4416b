import { readFileSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildInputsEngine, startEngine } from './support/engine.ts';
import { makeSandbox, openFolder, upgradeAndVerify } from './support/sandbox.ts';

/** G13 as a process sees it: how much memory it takes says whether a cell was ever read as a whole. */

const base = openFolder();
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeAll(buildInputsEngine);

const peakMb = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

async function peakOf(megabytes: number): Promise<number> {
  const box = makeSandbox(base);
  const db = new Database(box.file);
  db.exec(
    `CREATE TABLE large (id INTEGER PRIMARY KEY, v); INSERT INTO large VALUES (1, zeroblob(${megabytes} * 1000000)), (2, 'x')`,
  );
  db.close();
  const engine = startEngine();
  const pid = await engine.pid();
  expect(await upgradeAndVerify(engine, box)).toBeNull();
  const peak = peakMb(pid);
  engine.end();
  rmSync(box.folder, { recursive: true });
  rmSync(box.backupFolder, { recursive: true });
  return peak;
}

/** Rows are compared where they lie, by SQLite, which holds the two cells that it compares. */
const CELLS_AT_ONCE = 3;

it.skipIf(process.platform !== 'linux')(
  'G13: an upgrade of a file with a large cell holds no more of it than a comparison needs',
  { timeout: 120_000 },
  async () => {
    const [small, large] = [await peakOf(1), await peakOf(48)];
    expect(large - small).toBeLessThan(CELLS_AT_ONCE * 48);
  },
);
