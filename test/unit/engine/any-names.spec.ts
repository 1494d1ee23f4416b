import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { orderOf } from '@engine/browse/order.ts';
import { createReader } from '@engine/browse/reader.ts';
import { subjectOf } from '@engine/browse/subject.ts';
import { compareTable } from '@engine/compare.ts';
import { readSchema } from '@engine/schema.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { addAnyNames, firstTables, valuesOf } from '../../support/kroma/any-names.ts';
import { buildLegacyOdd } from '../../support/kroma/legacy.ts';
import { buildRandomLegacy } from '../../support/kroma/random-legacy.ts';
import { applyMigration } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Columns that people add may bear the names of ours: no query takes one for the other. */
const folder = temporaryFolder();

/** Everything that has a date of today or an id by chance is made alike. */
const steady = (value: unknown): unknown =>
  typeof value === 'string'
    ? value.replace(/phasewise:[0-9a-f]{32}/, 'phasewise:id').replace(new RegExp(`${today}T[0-9:]{8}Z`, 'g'), 'today')
    : value;
const today = new Date().toISOString().slice(0, 10);

/** Rows of every table of the family, of our accounts, and of the issue rows but for the row that each holds. */
function resultOf(db: Db, added: Readonly<Record<string, readonly string[]>>): Record<string, unknown> {
  const tables = db
    .prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'`)
    .pluck()
    .all();
  const extra = (table: string) => [
    ...(added[table] ?? []),
    ...(table === '_phasewise_quarantine' ? ['row_json'] : []),
  ];
  return Object.fromEntries(
    tables.map((table) => {
      const columns = db
        .prepare<[string], string>(`SELECT name FROM pragma_table_xinfo(?)`)
        .pluck()
        .all(table)
        .filter((name) => !['elapsed_ms', ...extra(table)].includes(name));
      const rows = db.prepare<[], unknown[]>(`SELECT ${columns.map((name) => `"${name}"`).join(', ')} FROM "${table}"`);
      return [
        table,
        [
          columns,
          ...rows
            .raw()
            .all()
            .map((row) => JSON.stringify(row.map(steady)))
            .toSorted(),
        ],
      ];
    }),
  );
}

/** Begins a migration, also one that is applied already, stops it behind its first chunks, and continues it. */
function applyHaltingly(db: Db, id: string): void {
  for (let stops = 0; stops < 6; stops += 1) {
    if (applyMigration(db, id, { chunkRows: 30, stopAfterChunks: 1 }) !== null) return;
  }
  applyMigration(db, id);
}

const lastAdding = kroma.migrations.findIndex(({ kind }) => kind === 'contract');
const adding = kroma.migrations.slice(0, lastAdding === -1 ? undefined : lastAdding);
let files = 0;

function upgraded(build: (db: Db) => void, withNames: boolean) {
  const db = new Database(path.join(folder, `names-${(files += 1)}.db`));
  db.pragma('synchronous = OFF');
  build(db);
  db.pragma('foreign_keys = OFF');
  const added = withNames ? addAnyNames(db, firstTables) : {};
  for (const { id } of adding) applyHaltingly(db, id);
  const first = resultOf(db, added);
  // What has left its table since is only among the issue rows; a repair keeps it there.
  db.exec(`DELETE FROM run_job_candidates WHERE id IN
    (SELECT source_key FROM _phasewise_quarantine WHERE is_placed = 0 ORDER BY source_key LIMIT 2)`);
  const left = valuesOf(db, added);
  for (const { id } of adding) applyHaltingly(db, id);
  const again = resultOf(db, added);
  const kept = valuesOf(db, added);
  db.close();
  return { first, again, left, kept };
}

describe.each<[string, (db: Db) => void]>([
  ['every odd case', (db) => buildLegacyOdd(db)],
  ['random rows', (db) => buildRandomLegacy(db, 3)],
])('an upgrade of %s whose tables have columns of any name', (_, build) => {
  let plain: ReturnType<typeof upgraded>;
  let named: ReturnType<typeof upgraded>;
  beforeAll(() => {
    plain = upgraded(build, false);
    named = upgraded(build, true);
  });

  it('is the same as without them, also when every backfill was stopped and continued', () => {
    expect(named.first).toEqual(plain.first);
  });

  it('is repaired as without them, and keeps the issue rows of what has left', () => {
    expect(named.again).toEqual(plain.again);
  });

  it('leaves what stands in them', () => {
    expect(named.kept).toEqual(named.left);
  });
});

it('rows without a key are counted as they stand, whatever a column is called', () => {
  const db = new Database(':memory:');
  db.exec(`ATTACH ':memory:' AS before; CREATE TABLE main.t (rowid, oid, _rowid_, n); CREATE TABLE before.t (rowid, oid, _rowid_, n);
    INSERT INTO main.t VALUES (1, 1, 1, 50), (1, 1, 1, 50), (2, 2, 2, 7); INSERT INTO before.t SELECT * FROM main.t`);

  const { kept, rowsBefore } = compareTable(db, { before: 'before', after: 'main' }, 't', [
    'rowid',
    'oid',
    '_rowid_',
    'n',
  ]);

  expect([kept, rowsBefore]).toEqual([3, 3]);
});

it('matching rows are counted in the order of a column, whatever it is called', () => {
  const db = new Database(':memory:');
  db.exec('CREATE TABLE t (m, is_match, wanted); INSERT INTO t VALUES (1, 1, 1), (2, 2, 1), (3, 3, 0), (4, 4, 0)');
  const subject = subjectOf(db, readSchema(db), 't', new Set());

  const counts = ['m', 'is_match'].map((column) =>
    createReader(db, {
      subject,
      order: orderOf(db, subject, [{ column, isDescending: false }]),
      condition: { where: 'wanted = 1', params: [] },
    }).countMatching(null, 2),
  );

  expect(counts).toEqual([2, 2]);
});
