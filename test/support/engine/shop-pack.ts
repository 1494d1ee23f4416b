import { createHash } from 'node:crypto';
import {
  inRange,
  rangeValues,
  expectNone,
  missingColumns,
  addColumn,
  ensureTrigger,
  tableExists,
} from '@engine/migration.ts';
import type { Db, IdentifiedMigration, Migration, Pack } from '@engine/migration.ts';

/**
 * A family of databases made up for the engine's specs: members and their notes. Its second backfill is deliberately
 * not idempotent (`touched + 1`), so a row that is worked on twice can be told.
 */
export const legacySchema = `
  CREATE TABLE schema_migrations (version TEXT PRIMARY KEY, note TEXT NOT NULL DEFAULT '', applied_at TEXT NOT NULL);
  INSERT INTO schema_migrations VALUES ('shop_1', 'made by the shop', '2026-01-01');
  CREATE TABLE member (id TEXT PRIMARY KEY, name TEXT, city TEXT, photo BLOB);
  CREATE TABLE note (id INTEGER PRIMARY KEY, member_id TEXT REFERENCES member (id) ON DELETE CASCADE, body TEXT NOT NULL);
  CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
  INSERT INTO setting VALUES ('currency', 'EUR');`;

/** `members` members (every 10th without a name: an issue row) with `notesEach` notes. */
export const legacyRows = (members: number, notesEach: number): string => `
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${members})
  INSERT INTO member SELECT printf('m%06d', i), CASE WHEN i % 10 THEN 'name ' || i END, 'city ' || (i % 7), randomblob(8) FROM n;
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${members * notesEach})
  INSERT INTO note SELECT i, printf('m%06d', 1 + i % ${members}), 'note ' || i FROM n;`;

export const addPerson: Migration = {
  phase: 1,
  kind: 'expand',
  title: 'Give every member a row in person',
  what: ['A table person is added.'],
  effect: { grows: ['person'], changes: {} },
  up(db) {
    const isNew = !tableExists(db, 'person');
    db.exec(`CREATE TABLE IF NOT EXISTS person (id TEXT PRIMARY KEY, full_name TEXT NOT NULL, town TEXT)`);
    ensureTrigger(db, '_phasewise_person_insert', personTrigger);
    return { mode: isNew ? 'fill' : 'keep' };
  },
  backfills: [
    {
      name: 'persons',
      title: 'copying members into person',
      source: 'member',
      key: 'id',
      chunk(db, range, context) {
        const where = inRange(range, 's.id');
        const issueRows = context.setAside({ reason: 'no-name', where: 's.name IS NULL', isPlaced: false });
        const total =
          db
            .prepare<unknown[], number>(`SELECT count(*) FROM member AS s WHERE ${where}`)
            .pluck()
            .get(rangeValues(range)) ?? 0;
        const moved = db
          .prepare(
            `INSERT INTO person SELECT id, name, city FROM member AS s WHERE ${where} AND name IS NOT NULL ON CONFLICT (id) DO NOTHING`,
          )
          .run(rangeValues(range)).changes;
        return { moved, issueRows, alreadyRight: total - moved - issueRows };
      },
    },
  ],
  shape: (db) =>
    tableExists(db, 'person')
      ? missingColumns(db, 'person', ['id', 'full_name', 'town'])
      : ['the table person is missing'],
  verify: (db) =>
    expectNone(
      db,
      'members without their person',
      `SELECT m.id FROM member m LEFT JOIN person p ON p.id = m.id
      WHERE m.name IS NOT NULL AND (p.full_name IS NOT m.name OR p.town IS NOT m.city)`,
    ),
};

const personTrigger = `CREATE TRIGGER _phasewise_person_insert AFTER INSERT ON member WHEN NEW.name IS NOT NULL BEGIN
    INSERT INTO person SELECT NEW.id, NEW.name, NEW.city WHERE NOT EXISTS (SELECT 1 FROM person WHERE id = NEW.id);
  END`;

export const measureNotes: Migration = {
  phase: 1,
  kind: 'backfill',
  title: 'Note how long each note is',
  what: ['A column length is added to note.'],
  effect: { grows: [], changes: { note: ['length', 'touched'] } },
  up(db) {
    addColumn(db, 'note', 'length', 'INTEGER');
    addColumn(db, 'note', 'touched', 'INTEGER NOT NULL DEFAULT 0');
  },
  backfills: [
    {
      name: 'lengths',
      title: 'measuring notes',
      source: 'note',
      key: 'id',
      chunk(db, range) {
        const moved = db
          .prepare(`UPDATE note SET length = length(body), touched = touched + 1 WHERE ${inRange(range, 'id')}`)
          .run(rangeValues(range)).changes;
        return { moved, alreadyRight: 0, issueRows: 0 };
      },
    },
  ],
  shape: (db) => missingColumns(db, 'note', ['length', 'touched']),
  verify: (db) => expectNone(db, 'notes of unknown length', `SELECT id FROM note WHERE length IS NOT length(body)`),
};

export const identified = (migrations: Record<string, Migration>): IdentifiedMigration[] =>
  Object.entries(migrations).map(([id, migration], order) => ({
    ...migration,
    ...{ id, order },
    checksum: createHash('sha256').update(id).digest('hex'),
  }));

export const shopMigrations = { '0001_person': addPerson, '0002_note_length': measureNotes };

/** The pack; specs replace single migrations to make them misbehave. */
export const shopPack = (migrations: Record<string, Migration> = shopMigrations): Pack => ({
  id: 'shop',
  title: 'Shop',
  variants: [
    { id: 'legacy', title: 'Old shop', description: 'As the shop made it.' },
    { id: 'upgraded', title: 'Being upgraded', description: 'Phasewise was here.' },
  ],
  recognise: (_db, schema) => {
    if (!schema.table('member')) return { kind: 'not-mine' };
    return {
      kind: 'recognised',
      variantId: schema.table('person') ? 'upgraded' : 'legacy',
      evidence: ['table member'],
    };
  },
  canonical: [],
  legacyTables: ['member'],
  phases: [
    phase(0, 'Safety', [
      {
        id: 'members',
        title: 'There is a member table',
        cost: 'schema',
        check: (db) => answer(tableExists(db, 'member')),
      },
    ]),
    phase(1, 'Persons', [
      {
        id: 'all-placed',
        title: 'Every named member is a person',
        cost: 'data',
        check: (db) =>
          answer(
            count(db, 'SELECT count(*) FROM member WHERE name IS NOT NULL') ===
              count(db, 'SELECT count(*) FROM person'),
          ),
      },
    ]),
    { ...phase(2, 'Cleanup', []), removesAnything: true, isAvailable: false },
  ],
  migrations: identified(migrations),
  ownObjects: { '0001_person': { triggers: { member: ['_phasewise_person_insert'] } } },
  ledger: {
    table: 'schema_migrations',
    idColumn: 'version',
    noteColumn: 'note',
    appliedAtColumn: 'applied_at',
    knownMarkers: ['shop_1'],
  },
  highlights: [{ label: 'members', table: 'member' }],
  issueReasons: { 'no-name': 'The member has no name' },
  olderPrograms: {},
});

const phase = (
  number: number,
  name: string,
  exitCriteria: Pack['phases'][number]['exitCriteria'],
): Pack['phases'][number] => ({
  ...{ number, name, exitCriteria, scope: name, removesAnything: false, isAvailable: true },
});
const answer = (met: boolean) => ({ met, summary: met ? 'Yes.' : 'No.', evidence: [] });
const count = (db: Db, sql: string): number => db.prepare<[], number>(sql).pluck().get() ?? -1;
