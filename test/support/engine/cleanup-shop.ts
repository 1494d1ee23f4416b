import {
  addColumn,
  columnExists,
  ensureTrigger,
  expectNone,
  inRange,
  missingColumns,
  quoteName,
  rangeValues,
  tableExists,
} from '@engine/migration.ts';
import type { AuditTrail, CanonicalTable, Db, Migration, Pack } from '@engine/migration.ts';
import { addPerson, identified, measureNotes, shopPack } from './shop-pack.ts';

/**
 * The shop with its last phase: notes of nobody are set aside, `note.body` becomes `note.content`, the member's photo
 * goes to the person, and then `member` and `note.body` are removed. Its list of events is a table `event`, where the
 * file has one.
 */
export const cutOver: Migration = {
  phase: 2,
  kind: 'contract',
  title: 'Let the new names lead',
  what: ['Notes of members that do not exist leave the table; each is kept as an issue row.'],
  effect: { grows: [], changes: { person: ['photo'], note: ['content'] }, setsAside: ['note'] },
  up(db) {
    addColumn(db, 'person', 'photo', 'BLOB');
    addColumn(db, 'note', 'content', `TEXT NOT NULL DEFAULT ''`);
    ensureTrigger(db, '_phasewise_note_insert', noteTrigger);
  },
  backfills: [
    {
      name: 'photos',
      title: 'copying photos',
      source: 'person',
      key: 'id',
      chunk(db, range) {
        if (!tableExists(db, 'member')) return allOf(db, 'person', inRange(range, 'id'), rangeValues(range));
        const moved = db
          .prepare(
            `UPDATE person AS p SET photo = (SELECT photo FROM member AS m WHERE m.id = p.id) WHERE ${inRange(range, 'id')}`,
          )
          .run(rangeValues(range)).changes;
        return { moved, alreadyRight: 0, issueRows: 0 };
      },
    },
    {
      name: 'notes',
      title: 'copying notes, and setting those of nobody aside',
      source: 'note',
      key: 'id',
      chunk(db, range, { setAside }) {
        const where = inRange(range, 's.id');
        const values = rangeValues(range);
        const orphaned = `NOT EXISTS (SELECT 1 FROM person AS p WHERE p.id = s.member_id)`;
        const issueRows = setAside({
          reason: 'member-missing',
          detailSql: `'names member ' || s.member_id || ', who is no person'`,
          where: orphaned,
          isPlaced: false,
        });
        db.prepare(`DELETE FROM note AS s WHERE ${where} AND ${orphaned}`).run(values);
        const moved = db.prepare(`UPDATE note AS s SET content = body WHERE ${where}`).run(values).changes;
        return { moved, alreadyRight: 0, issueRows };
      },
    },
  ],
  shape: (db) => missingColumns(db, 'note', ['content']),
  verify: (db) =>
    expectNone(db, 'notes of nobody', `SELECT id FROM note WHERE member_id NOT IN (SELECT id FROM person)`),
};

const noteTrigger = `CREATE TRIGGER _phasewise_note_insert AFTER INSERT ON note WHEN NEW.content = '' BEGIN
    UPDATE note SET content = NEW.body WHERE id = NEW.id;
  END`;

const allOf = (db: Db, table: string, where: string, values: ReturnType<typeof rangeValues>) => ({
  moved: 0,
  alreadyRight: db.prepare<unknown[], number>(`SELECT count(*) FROM ${table} WHERE ${where}`).pluck().get(values) ?? 0,
  issueRows: 0,
});

export const removeOld: Migration = {
  phase: 2,
  kind: 'contract',
  title: 'Remove the old names',
  what: ['The table member and the column note.body are removed.'],
  effect: {
    grows: [],
    changes: { event: ['code'] },
    removes: { member: 'person' },
    removesColumns: { note: ['body'] },
    removesIndexes: ['by_body'],
  },
  supersedes: ['0001_person', '0002_note_length', '0003_cut_over'],
  up(db) {
    db.exec(`DROP TRIGGER IF EXISTS _phasewise_person_insert; DROP TRIGGER IF EXISTS _phasewise_note_insert`);
    if (columnExists(db, 'note', 'body')) rebuildNotes(db);
    db.exec('DROP TABLE IF EXISTS member');
  },
  shape: (db) => [
    ...(tableExists(db, 'member') ? ['member is still there'] : []),
    ...(columnExists(db, 'note', 'body') ? ['note.body is still there'] : []),
    ...missingColumns(db, 'note', ['content']),
  ],
  verify: (db) => expectNone(db, 'empty notes', `SELECT id FROM note WHERE content = ''`),
};

function rebuildNotes(db: Db): void {
  const indexes = db
    .prepare<[], string>(`SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'note' AND sql IS NOT NULL`)
    .pluck()
    .all();
  const extra = db
    .prepare<[], { name: string; type: string }>(
      `SELECT name, type FROM pragma_table_info('note') WHERE name NOT IN ('id', 'member_id', 'body', 'content', 'length', 'touched')`,
    )
    .all();
  const names = ['id', 'member_id', 'content', 'length', 'touched', ...extra.map(({ name }) => quoteName(name))].join();
  db.pragma('legacy_alter_table = 1');
  db.exec(`CREATE TABLE _phasewise_new_note (id INTEGER PRIMARY KEY, member_id TEXT REFERENCES person (id) ON DELETE CASCADE,
      content TEXT NOT NULL CHECK (content <> ''), length INTEGER, touched INTEGER NOT NULL DEFAULT 0
      ${extra.map(({ name, type }) => `, ${quoteName(name)} ${type}`).join('')});
    INSERT INTO _phasewise_new_note (${names}) SELECT ${names} FROM note;
    DROP TABLE note; ALTER TABLE _phasewise_new_note RENAME TO note;`);
  for (const sql of indexes.filter((text) => !/body/.test(text))) db.exec(sql);
  db.pragma('legacy_alter_table = 0');
}

export const cleanupMigrations = {
  '0001_person': addPerson,
  '0002_note_length': measureNotes,
  '0003_cut_over': cutOver,
  '0004_remove': removeOld,
};

const column = (name: string, type: 'TEXT' | 'INTEGER' | 'BLOB') => ({ name, type, phase: 0 });
const table = (name: string, change: Partial<CanonicalTable>): CanonicalTable => ({
  ...{ name, group: 'Shop', priority: 'must-now', phase: 0, columns: [], uniques: [], indexes: [] },
  ...change,
});
const canonical = [
  table('person', {
    legacyName: 'member',
    columns: [column('id', 'TEXT'), column('full_name', 'TEXT'), column('town', 'TEXT'), column('photo', 'BLOB')],
    legacyColumns: { name: 'full_name', city: 'town' },
  }),
  table('note', {
    columns: [
      ...[column('id', 'INTEGER'), column('member_id', 'TEXT'), column('content', 'TEXT')],
      ...[column('length', 'INTEGER'), column('touched', 'INTEGER')],
    ],
    legacyColumns: { body: 'content' },
  }),
];

/** Where a test gives the file this table, the runs leave their events in it. */
export const eventTable = `CREATE TABLE event (id TEXT PRIMARY KEY, code TEXT NOT NULL, payload TEXT NOT NULL, at TEXT NOT NULL);`;
const audit: AuditTrail = {
  table: 'event',
  isReady: (db) => tableExists(db, 'event'),
  record: (db, { id, code, payload, createdAt }) =>
    void db
      .prepare(`INSERT INTO event VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`)
      .run(id, code, JSON.stringify(payload), createdAt),
  between: (db, firstId, lastId) =>
    db
      .prepare<string[], { id: string; code: string; payload: string }>(
        `SELECT id, code, payload FROM event WHERE id BETWEEN ? AND ? ORDER BY id`,
      )
      .all(firstId, lastId)
      .map((event) => ({ ...event, payload: JSON.parse(event.payload) })),
};

/** The pack with an available last phase; specs replace single migrations to make them misbehave. */
export function cleanupShop(migrations: Record<string, Migration> = cleanupMigrations): Pack {
  const base = shopPack(migrations);
  return {
    ...base,
    canonical,
    migrations: identified(migrations),
    ownObjects: { ...base.ownObjects, '0003_cut_over': { triggers: { note: ['_phasewise_note_insert'] } } },
    recognise: (_db, schema) =>
      schema.table('person') || schema.table('member')
        ? { kind: 'recognised', variantId: schema.table('person') ? 'upgraded' : 'legacy', evidence: [] }
        : { kind: 'not-mine' },
    phases: base.phases.map((phase) => ({
      ...phase,
      isAvailable: true,
      // What the old names can prove has been proven before they go.
      exitCriteria: phase.exitCriteria.map((criterion) => ({
        ...criterion,
        check: (db, schema, proof) =>
          schema.table('member')
            ? criterion.check(db, schema, proof)
            : { met: tableExists(db, 'person'), summary: 'Asked of the new names.', evidence: [] },
      })),
    })),
    issueReasons: { ...base.issueReasons, 'member-missing': 'The member does not exist', taken: 'The place is taken' },
    gatingReasons: ['taken'],
    audit,
    carriedOver: (db, backup) => [
      ...(tableIn(db, backup, 'member')
        ? expectNone(
            db,
            'persons other than their members',
            `SELECT m.id FROM ${backup}.member AS m JOIN main.person AS p ON p.id = m.id
             WHERE (p.full_name, p.town, p.photo) IS NOT (m.name, m.city, m.photo)`,
          )
        : []),
      ...(columnIn(db, backup, 'note', 'body')
        ? expectNone(
            db,
            'notes whose text is another now',
            `SELECT n.id FROM ${backup}.note AS n JOIN main.note AS a ON a.id = n.id WHERE a.content IS NOT n.body`,
          )
        : []),
    ],
  };
}

const tableIn = (db: Db, schema: string, name: string): boolean =>
  db.prepare(`SELECT 1 FROM ${schema}.sqlite_schema WHERE type = 'table' AND name = ?`).get(name) !== undefined;
const columnIn = (db: Db, schema: string, name: string, wanted: string): boolean =>
  db.prepare(`SELECT 1 FROM pragma_table_info(?, ?) WHERE name = ?`).get(name, schema, wanted) !== undefined;
