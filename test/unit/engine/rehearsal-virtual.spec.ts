import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { makePlan } from '@engine/plan.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { createLegacySchema } from '../../../migrations/kroma/sample/schema.ts';
import { cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { endingOf, newPlace, refusedWhole, upgradedWhole } from '../../support/engine/ends-well.ts';
import { ask, backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/**
 * Virtual tables of others that are made of the rows of a table of the family. SQLite lets that table be changed or
 * removed without a word: only who searches finds out.
 */
const folder = temporaryFolder();
const fill = (name: string) => `INSERT INTO ${name} (${name}) VALUES ('rebuild');`;
const indexed = (module: string, rows: string) =>
  `CREATE VIRTUAL TABLE found USING ${module} (${rows}); ${fill('found')}`;

describe('an index of rows that the upgrade takes away or changes', () => {
  const objectsOf = async (file: string, toPhase: number) => {
    const made = await makePlan({ path: file, toPhase, backupFolder: backupFolderOf(file) }, [cleanupShop()]);
    return made.preflight.find(({ id }) => id === 'objects');
  };

  it.each([
    ['of a removed table', 'fts5', `city, content='member'`, 'member, which is removed'],
    ['of a removed table, in FTS4', 'fts4', `content="member", city`, 'member, which is removed'],
    ['that has its columns from a removed table', 'fts4', `content=member`, 'member, which is removed'],
    ['of a removed column', 'fts5', `body, content='note', content_rowid='id'`, 'note.body, which is removed'],
    ['of a removed column, in FTS4', 'FTS4', `CONTENT=[Note], body`, 'note.body, which is removed'],
    ['whose option is cut short', 'FTS5', `body, c = "NOTE"`, 'note.body, which is removed'],
    [
      'of rows of which some may leave',
      'fts5',
      `member_id, content=note`,
      'the rows of note, some of which may leave, and would still find them',
    ],
  ])('%s is refused by its name before anything starts', async (_, module, rows, why) => {
    const file = makeShop(folder, { extra: indexed(module, rows) });

    const objects = await objectsOf(file, 2);

    expect(objects).toMatchObject({ state: 'blocking', error: { code: 'E_PREFLIGHT_UNKNOWN_OBJECT' } });
    expect(objects?.detail).toContain(`table found: it is an index of ${why}`);
    expect(await endingOf(file, cleanupShop(), { toPhase: 2 })).toMatchObject(
      refusedWhole('E_PREFLIGHT_UNKNOWN_OBJECT'),
    );
  });

  it('of a view that would not work any more is refused with the view', async () => {
    const extra = `CREATE VIEW texts AS SELECT id, body FROM note; ${indexed('fts5', `body, content=texts, content_rowid=id`)}`;

    const { detail } = (await objectsOf(makeShop(folder, { extra }), 2)) ?? {};

    expect(detail).toContain('view texts: it would not work any more');
    expect(detail).toContain('table found: it is an index of note.body, which is removed');
  });

  it.each([
    ['endless', 'endless'],
    ['"end""less"', '"end""less"'],
  ])('of a view without an end is judged without being read: %s', async (view, content) => {
    const extra = `CREATE VIEW ${view} AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS body FROM n;
      CREATE VIRTUAL TABLE found USING fts5 (body, content=${content});`;

    expect(await objectsOf(makeShop(folder, { extra }), 2)).toMatchObject({ state: 'ok' });
  });

  it.each([
    ['that a step fills', `length, content=note`, 'whose length changes, and would still find what it was'],
    ['that a step adds to, in FTS4', `content=person, town`, 'to which others are added, and would not know them'],
    ['whose columns are those of the table, in FTS4', `content=note`, 'its columns would be others'],
  ])('%s is refused where nothing is removed, too', async (_, rows, why) => {
    const extra = `CREATE TABLE person (id TEXT PRIMARY KEY, full_name TEXT NOT NULL, town TEXT);
      ${rows.includes('length') ? 'ALTER TABLE note ADD COLUMN length INTEGER;' : ''}
      ${indexed(rows.includes('length') ? 'fts5' : 'fts4', rows)}`;

    expect((await objectsOf(makeShop(folder, { extra }), 1))?.detail).toContain(why);
  });

  it('that needs what only another program has is refused where it names a table of the family', async () => {
    const file = makeShop(folder, { extra: indexed('fts5', `city, content='member'`) });
    const db = new Database(file).unsafeMode();
    db.exec(`PRAGMA writable_schema = 1;
      UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE found USING fts5 (city, content=member, tokenize=theirs)' WHERE name = 'found'`);
    db.close();

    expect((await objectsOf(file, 2))?.detail).toContain('table found: it uses member');
  });
});

describe('an index that can stay', () => {
  it('of rows of its own, of none, or of what nobody touches does', async () => {
    const extra = `CREATE TABLE mine (a); INSERT INTO mine VALUES ('word');
      ${indexed('fts5', `a, content='mine'`)} CREATE VIRTUAL TABLE old USING fts4 (content="mine", a); ${fill('old')}
      CREATE VIRTUAL TABLE own USING fts5 (a); INSERT INTO own VALUES ('word'); CREATE VIRTUAL TABLE words USING fts5vocab (own, row);
      CREATE VIRTUAL TABLE none USING fts5 (a, content=''); INSERT INTO none (rowid, a) SELECT id, body FROM note;
      CREATE VIRTUAL TABLE places USING rtree (id, x0, x1); INSERT INTO places VALUES (1, 2, 3);`;
    const file = makeShop(folder, { extra });

    expect(await endingOf(file, cleanupShop(), { toPhase: 2 })).toMatchObject(upgradedWhole);
    expect(ask(file, `SELECT a FROM found ('word') UNION ALL SELECT a FROM old WHERE old MATCH 'word'`)).toHaveLength(
      2,
    );
  });

  it('finds the right rows of a table that was altered, and of one that was made anew', async () => {
    const file = newPlace(folder, 'indexed.db');
    const db = new Database(file);
    createLegacySchema(db);
    db.exec(`INSERT INTO users (id, username, display_name, created_at, updated_at) VALUES ('u', 'mara', 'Mara', '2026', '2026');
      INSERT INTO projects (rowid, id, user_id, name, slug, created_at, updated_at) VALUES (-3, 'p', 'u', 'winter forest', 'a', '2026', '2026'),
        (7, 'q', 'u', 'summer beach', 'b', '2026', '2026'), (90, 'r', 'u', 'summer rain', 'c', '2026', '2026');
      CREATE VIRTUAL TABLE names USING fts5 (name, content='projects'); ${fill('names')}
      CREATE VIRTUAL TABLE older USING fts4 (content="projects", name, slug); ${fill('older')}
      CREATE VIRTUAL TABLE stages USING fts4 (content="runs", stage); ${fill('stages')}`);
    db.close();
    const summers = () =>
      ask(
        file,
        `SELECT n.rowid AS place, p.id, n.name FROM names AS n JOIN projects AS p ON p.rowid = n.rowid WHERE names MATCH 'summer'
        UNION SELECT o.rowid, p.id, o.name FROM older AS o JOIN projects AS p ON p.rowid = o.rowid WHERE older MATCH 'summer'`,
      );
    const before = summers();

    expect(await endingOf(file, kroma, { toPhase: 4 })).toMatchObject(upgradedWhole);
    expect(summers()).toEqual(before);
    const stops = new Database(file).exec('DROP TABLE stages');
    stops.close();
    expect(await endingOf(file, kroma, { toPhase: 5 })).toMatchObject(upgradedWhole);
    expect(summers()).toEqual(before);
    expect(before).toEqual([
      { place: 7, id: 'q', name: 'summer beach' },
      { place: 90, id: 'r', name: 'summer rain' },
    ]);
    expect(ask(file, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });
});
