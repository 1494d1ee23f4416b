import path from 'node:path';
import { expect, it } from 'vitest';
import { columnExists, tableExists, type Db } from '@engine/migration.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { canonicalToLegacy, legacyToCanonical } from '../../../migrations/kroma/triggers/mirror-triggers.ts';
import { applyMigration, findingsOf, legacyDatabase, valueOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { asset, candidate, exported, household, secret } from './rows.ts';

const folder = temporaryFolder();
let files = 0;
const inOrder = kroma.migrations.toSorted((a, b) => a.phase - b.phase || a.order - b.order);

function upgraded(toPhase: number): Db {
  const db = legacyDatabase(path.join(folder, `${(files += 1)}.db`), {
    ...household,
    assets: [asset('a1')],
    run_job_candidates: [candidate('c1', { output_path: 'out/a1.png' })],
    project_exports: [exported('e1')],
    project_api_secrets: [secret('k1')],
  });
  for (const { id, phase } of inOrder) if (phase <= toPhase) applyMigration(db, id);
  return db;
}

it('tells the directions apart by name, and leaves the events that programs cause out of both', () => {
  const db = upgraded(4);
  const carried = legacyToCanonical(db);
  const following = canonicalToLegacy(db);

  expect(following.every((name) => name.endsWith('_follows'))).toBe(true);
  expect(carried.some((name) => name.endsWith('_follows'))).toBe(false);
  expect(carried).toContain('_phasewise_0011_candidates_insert');
  expect(following).toContain('_phasewise_0011_run_candidates_insert_follows');
  const all = Number(valueOf(db, `SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'`));
  const events = Number(
    valueOf(
      db,
      `SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '_phasewise_0016_*' AND tbl_name <> 'audit_events'`,
    ),
  );
  expect(carried.length + following.length + events).toBe(all);
});

it('is all built-in: no trigger ends another write, or reads what an old library cannot', () => {
  const db = upgraded(4);
  const texts = db
    .prepare<[], { name: string; sql: string }>(
      `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '_phasewise_*'`,
    )
    .all();

  expect(
    texts.filter(({ sql }) =>
      /\bRAISE\b(?!\(IGNORE\))|->|\bFILTER\b|\bWITH\b|\bOVER\b|UPDATE \w+ SET [^;]*\bFROM \w+ WHERE rowid/i.test(sql),
    ),
  ).toEqual([]);
  expect(texts.length).toBeGreaterThan(50);
});

it('demands nothing any more once the old names are gone', () => {
  const db = upgraded(5);
  expect([tableExists(db, 'users'), columnExists(db, 'assets', 'rel_path')]).toEqual([false, false]);

  const first = inOrder.filter(({ phase }) => phase === 1);

  expect(first.flatMap(({ id }) => findingsOf(db, id))).toEqual([]);
  // Applied again as a repair, they bring nothing old back.
  for (const { id } of first) expect(applyMigration(db, id)?.findings).toEqual([]);
  expect(
    [...legacyToCanonical(db), ...canonicalToLegacy(db)].filter((name) => !name.startsWith('_phasewise_0008_')),
  ).toEqual([]);
});
