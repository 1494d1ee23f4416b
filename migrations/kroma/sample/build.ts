import type { Db } from '@engine/migration.ts';
import { writeBelongings } from './belongings.ts';
import { createClock } from './clock.ts';
import { writeConversations } from './conversations.ts';
import { ingestRun } from './ingest.ts';
import { addOddities } from './oddities.ts';
import { writePeople, writeSecrets } from './people.ts';
import { createRandom } from './random.ts';
import { rowWriter } from './rows.ts';
import { makeRunLog } from './run-log.ts';
import { createLegacySchema, recordLegacyMarkers } from './schema.ts';

const FIRST_DAY = '2026-01-12T08:30:00Z';

/**
 * Builds a realistic legacy Kroma database of 2 to 5 MB into an empty, writable connection, in one transaction: three
 * users, five projects, 54 runs, and a few of the odd rows that real files have. The same seed gives the same bytes.
 * @throws Error when a transaction is open: some odd rows have no parent, and only outside of one can SQLite be told to allow that.
 */
export function buildKromaSample(db: Db, { seed }: { seed: number }): void {
  if (db.inTransaction) throw new Error('the sample needs a connection without an open transaction');
  const enforced = db.pragma('foreign_keys', { simple: true }) as number | bigint;
  db.pragma('foreign_keys = OFF');
  try {
    db.transaction(() => writeEverything(db, seed)).immediate();
  } finally {
    db.pragma(`foreign_keys = ${enforced}`);
  }
}

function writeEverything(db: Db, seed: number): void {
  const random = createRandom(seed);
  const clock = createClock(FIRST_DAY);
  const write = rowWriter(db);
  createLegacySchema(db);
  recordLegacyMarkers(db, clock.now());
  const projects = writePeople(write, random, clock);
  // Runs of all projects interleave, as they do when people work side by side.
  const queue = projects.flatMap((project) => Array.from({ length: project.runs }, () => project));
  while (queue.length > 0) {
    const [project] = queue.splice(random.int(0, queue.length - 1), 1);
    if (!project) break;
    clock.advance(random.int(600, 40_000));
    const log = makeRunLog(random, clock, project);
    clock.advance(random.int(30, 900));
    const path = `${project.root}/runs/run_${log.timestamp.replace(/[:.]/g, '-')}.json`;
    ingestRun(write, random, clock, project.id, path, log);
  }
  writeSecrets(write, random, clock, projects);
  writeBelongings(write, random, clock, projects);
  writeConversations(write, random, clock, projects);
  addOddities(db, random);
}
