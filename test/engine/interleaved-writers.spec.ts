import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { columnExists, type Db } from '@engine/migration.ts';
import { kroma } from '../../migrations/kroma/pack.ts';
import { preparedOnce } from '../../migrations/kroma/rules/prepared.ts';
import { createRandom } from '../../migrations/kroma/sample/random.ts';
import { buildRandomLegacy } from '../support/kroma/random-legacy.ts';
import { randomShapes } from '../support/kroma/random-shapes.ts';
import { applyMigration } from '../support/run-migration.ts';
import { canonicalWrites } from '../support/writers/canonical-writer.ts';
import { differences, readRows } from '../support/writers/compare-rows.ts';
import { dualWrites } from '../support/writers/dual-writer.ts';
import { brokenInvariants } from '../support/writers/invariants.ts';
import { laterWrites, reportWrites } from '../support/writers/later-writer.ts';
import { legacyWrites } from '../support/writers/legacy-writer.ts';
import { Memory, type Outcome } from '../support/writers/memory.ts';
import { rules } from '../support/writers/rules.ts';
import { describeStatement, toSql, type Statement } from '../support/writers/statement.ts';
import { readShape } from '../support/writers/table-shape.ts';
import { Values } from '../support/writers/values.ts';

/** PHASEWISE_SOAK=20 tries twenty times as many files; PHASEWISE_SEED=n begins with that seed. */
const soak = Number(process.env['PHASEWISE_SOAK'] ?? 1);
const firstSeed = Number(process.env['PHASEWISE_SEED'] ?? 1);
const SEEDS = 4;
const WRITES = 50;

const coreTables = [
  'users', 'app_users', 'projects', 'project_storage', 'runs', 'run_jobs', 'run_job_candidates', 'run_candidates',
  'assets', 'project_exports', 'project_api_secrets',
]; // prettier-ignore
const laterTables = ['cost_events', 'audit_events', 'provider_accounts', 'style_guides', 'reference_sets'];

const core = [legacyWrites, legacyWrites, dualWrites, canonicalWrites, canonicalWrites];
const phases = [
  { phase: 1, tables: coreTables, writers: core },
  {
    phase: 4,
    tables: [...coreTables, ...laterTables],
    writers: [...core, laterWrites, laterWrites, laterWrites, reportWrites],
  },
];
type Stage = (typeof phases)[number];

describe.each(phases)('programs of all ages, once phase $phase is reached', (stage) => {
  it.each(Object.keys(randomShapes))(
    'leave both sides of a file that was %s as the rules say, after every single statement',
    { timeout: 120_000 * soak },
    (shape) => {
      for (let seed = firstSeed; seed < firstSeed + SEEDS * soak; seed++) writeAtRandom(stage, shape, seed);
    },
  );
});

function writeAtRandom(stage: Stage, shape: string, seed: number): void {
  const options = { foreignKeys: seed % 2 === 0, recursiveTriggers: seed % 4 > 1 };
  const db = upgraded(stage.phase, shape, seed);
  db.pragma(`foreign_keys = ${options.foreignKeys ? 'ON' : 'OFF'}`);
  db.pragma(`recursive_triggers = ${options.recursiveTriggers ? 'ON' : 'OFF'}`);
  const read = () => new Map(stage.tables.map((table) => [table, readRows(db, table)]));
  const shapes = stage.tables.map((table) => readShape(db, table));
  const memory = new Memory(shapes, read(), rules, options);
  const about = {
    hasOldReports: columnExists(db, 'quality_reports', 'rating'),
    mayReplace: stage.phase === 1 || options.foreignKeys,
  };
  const values = new Values(createRandom(seed + 77_000), memory, about);
  for (const [step, statement] of randomStatements(stage, values)) {
    const when = `${shape}, seed ${seed}, ${JSON.stringify(options)}, statement ${step}: ${describeStatement(statement)}`;
    const foretold = memory.has(statement.table) ? memory.run(statement) : null;
    const error = execute(db, statement);
    if (foretold === 'unsure') memory.adopt(read());
    else if (foretold !== null) expect({ when, ...outcome(foretold, error) }).toEqual({ when, outcome: 'as foretold' });
    expect({ when, differences: differences(db, memory) }).toEqual({ when, differences: [] });
    if (stage.phase === 4 && error === null)
      expect({ when, broken: brokenInvariants(db, statement) }).toEqual({ when, broken: [] });
  }
  const left = db.prepare(`SELECT * FROM _phasewise_mirrored WHERE mirror = 'quiet' OR mirror LIKE '%/moved'`).all();
  expect(left).toEqual([]);
  db.close();
}

/** After phase 1, where the way to phase 4 goes on. */
const begun = new Map<string, Buffer>();

function upgraded(phase: number, shape: string, seed: number): Db {
  const key = `${shape} ${seed}`;
  const before = phase === 1 ? undefined : begun.get(key);
  const db = new Database(before ?? ':memory:');
  if (before === undefined) {
    buildRandomLegacy(db, seed);
    randomShapes[shape]?.(db, seed);
  }
  const migrations = kroma.migrations.filter((each) => each.phase <= phase && (before === undefined || each.phase > 1));
  for (const { id } of migrations.toSorted((a, b) => a.phase - b.phase || a.order - b.order)) applyMigration(db, id);
  if (phase === 1) begun.set(key, db.serialize());
  return db;
}

function* randomStatements(stage: Stage, values: Values): Generator<[number, Statement]> {
  let step = 0;
  for (let write = 0; write < WRITES; write++) {
    const writer = values.random.pick(stage.writers);
    for (const statement of values.random.pick(writer)(values)) yield [(step += 1), statement];
  }
}

/** @returns why the statement was refused, or null. */
function execute(db: Db, statement: Statement): string | null {
  const { sql, values } = toSql(statement);
  try {
    preparedOnce(db, sql).run(values);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const outcome = (foretold: Outcome, error: string | null) =>
  (foretold === 'refused') === (error !== null && /constraint failed/.test(error))
    ? { outcome: 'as foretold' }
    : { outcome: `foretold: ${foretold}, happened: ${error ?? 'done'}` };
