import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { backupDatabase } from '@engine/backups.ts';
import { makePlan } from '@engine/plan.ts';
import { restoreBackup } from '@engine/restore.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { differences, endingOf, newPlace, refusedWhole, upgradedWhole } from '../../support/engine/ends-well.ts';
import { oddShop } from '../../support/engine/odd-shop.ts';
import { backupFolderOf } from '../../support/engine/run-shop.ts';
import { writeFixture, fixtures } from '../../support/kroma/fixtures.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { isSoak } from './support/effort.ts';

/** Databases whose file is legal and rare. Each ends upgraded with everything in it, or is refused with its bytes. */

const folder = temporaryFolder();
const pack = cleanupShop();
const packs = [pack];
/** The same family where nothing is removed. */
const first = shopPack();

interface Settings {
  readonly page: number;
  readonly encoding: string;
  readonly vacuum: number;
  readonly mode: string;
}
const matrix: Settings[] = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536].flatMap((page) =>
  ['UTF-8', 'UTF-16le', 'UTF-16be'].flatMap((encoding) =>
    [0, 1, 2].flatMap((vacuum) => ['delete', 'wal'].map((mode) => ({ page, encoding, vacuum, mode }))),
  ),
);
const shopOf = ({ page, encoding, vacuum, mode }: Settings): string =>
  oddShop(folder, {
    pragmas: [`page_size = ${page}`, `encoding = '${encoding}'`, `auto_vacuum = ${vacuum}`, `journal_mode = ${mode}`],
  });
const changeAll = (file: string): void => {
  const db = new Database(file);
  db.exec(
    `DELETE FROM note; UPDATE member SET city = 'elsewhere' WHERE 1; CREATE TABLE later (a); INSERT INTO later VALUES (1)`,
  );
  db.close();
};

/** Counters, the version that wrote last, and the journal mode: all that a copy through SQLite may write otherwise. */
const OWN_FIELDS = [[18, 20], [24, 28], [40, 44], [92, 100]] as const; // prettier-ignore

function otherBytes(backup: string, restored: string): string[] {
  const [one = '', two = ''] = [backup, restored].map((name) => {
    const bytes = fs.readFileSync(name);
    for (const [from, to] of OWN_FIELDS) bytes.fill(0, from, to);
    return bytes.toString('latin1');
  });
  return one === two ? [] : [`the bytes are not those of the backup (${one.length}, ${two.length})`];
}

const reservedIn = (file: string): number | undefined => fs.readFileSync(file)[20];

describe('every page size, encoding, auto_vacuum and journal mode', () => {
  it(
    `G01: ${isSoak ? 'all 144' : 'a sample of the 144'} come back from a backup as they were`,
    { timeout: 600_000 },
    async () => {
      const wrong: string[] = [];
      // 13 has no factor with the sizes of the matrix in common: every value of every setting is among the sample.
      for (const settings of matrix.filter((_, index) => isSoak || index % 13 === 0)) {
        const file = shopOf(settings);
        const before = `${file}.before`;
        fs.copyFileSync(file, before);
        const backup = await backupDatabase(
          { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' },
          packs,
        );
        changeAll(file);
        await restoreBackup(
          {
            backupPath: backup.path,
            path: file,
            backupFolder: backupFolderOf(file),
            appVersion: '0',
            allowForeign: false,
          },
          { packs },
        );
        const found = [...differences(before, file, pack, 0), ...otherBytes(backup.path, file)];
        wrong.push(...found.map((text) => `${JSON.stringify(settings)}: ${text}`));
      }
      expect(wrong).toEqual([]);
    },
  );

  it(
    `G01: ${isSoak ? 'all 144' : 'a sample of them'} are upgraded and keep their settings`,
    { timeout: 600_000 },
    async () => {
      const wrong: string[] = [];
      for (const settings of matrix.filter((_, index) => isSoak || index % 29 === 3)) {
        const ending = await endingOf(shopOf(settings), pack, { toPhase: 2 });
        if (ending.kind !== 'upgraded' || ending.wrong.length > 0)
          wrong.push(`${JSON.stringify(settings)}: ${JSON.stringify(ending)}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  it.each([8, 255])(
    'G01: pages that leave %i bytes to others keep them in an upgrade and in its backup',
    async (reservedBytes) => {
      const file = oddShop(folder, { reservedBytes });
      expect(reservedIn(file)).toBe(reservedBytes);

      expect(await endingOf(file, pack, { toPhase: 2 })).toMatchObject(upgradedWhole);
      expect(reservedIn(file)).toBe(reservedBytes);
      const [backup = ''] = fs.readdirSync(backupFolderOf(file)).filter((name) => name.endsWith('.db'));
      expect(reservedIn(path.join(backupFolderOf(file), backup))).toBe(reservedBytes);
    },
  );

  it.each([
    { was: 0, is: 32 },
    { was: 32, is: 0 },
  ])('G02: a backup of pages that leave $was bytes to others is put back where $is are left', async ({ was, is }) => {
    const file = oddShop(folder, { reservedBytes: was });
    const before = `${file}.before`;
    fs.copyFileSync(file, before);
    const places = { path: file, backupFolder: backupFolderOf(file), appVersion: '0', allowForeign: false };
    const backup = await backupDatabase(
      { path: file, folder: places.backupFolder, reason: 'by hand', runId: null, appVersion: '0' },
      packs,
    );
    fs.copyFileSync(oddShop(folder, { reservedBytes: is, members: 900 }), file);

    await restoreBackup({ ...places, backupPath: backup.path }, { packs });

    expect([...differences(before, file, pack, 0), ...otherBytes(backup.path, file)]).toEqual([]);
  });
});

describe('contents and sizes', () => {
  it('G03: rowless, strict, generated and virtual tables and every kind of index of somebody else', async () => {
    const file = oddShop(folder, {
      sql: `
        CREATE TABLE rowless (a TEXT, b INT, c, PRIMARY KEY (b DESC, a)) WITHOUT ROWID;
        INSERT INTO rowless VALUES ('x', 1, NULL), ('x', 2, 0.5), ('y', 1, x'00');
        CREATE TABLE strict1 (a TEXT NOT NULL, b INT CHECK (b > 0), c ANY, g INT AS (b * 2) STORED, v TEXT AS (a || '!')) STRICT;
        INSERT INTO strict1 (a, b, c) VALUES ('t', 1, '1'), ('u', 2, 1), ('w', 3, x'ff');
        CREATE TABLE counted (n INTEGER PRIMARY KEY AUTOINCREMENT, d TEXT DEFAULT (1 + 1), e REFERENCES rowless DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO counted (n) VALUES (7), (9); DELETE FROM counted WHERE n = 9;
        CREATE TABLE keyless (a, b); INSERT INTO keyless VALUES (1, 2), (1, 2), (NULL, NULL);
        CREATE INDEX part ON strict1 (a COLLATE NOCASE DESC) WHERE b > 1; CREATE INDEX expr ON strict1 (upper(a), b + 1);
        CREATE UNIQUE INDEX one ON strict1 (v);
        CREATE VIRTUAL TABLE words USING fts5 (body, content = 'note', content_rowid = 'id', tokenize = 'porter'); INSERT INTO words (words) VALUES ('rebuild');
        CREATE VIRTUAL TABLE own USING fts5 (text); INSERT INTO own VALUES ('hello world');
        CREATE VIRTUAL TABLE older USING fts4 (text); INSERT INTO older VALUES ('hello again');
        CREATE VIRTUAL TABLE box USING rtree (id, x0, x1, +label); INSERT INTO box VALUES (1, 0.5, 2.5, 'first');
        ALTER TABLE setting ADD COLUMN shout TEXT AS (upper(value)); ALTER TABLE note ADD COLUMN mine INT DEFAULT 7;
        CREATE INDEX by_mine ON note (mine) WHERE mine <> 7;`,
    });

    expect(await endingOf(file, first, { toPhase: 1 })).toMatchObject(upgradedWhole);

    const db = new Database(file, { readonly: true });
    expect(db.prepare(`SELECT text FROM own WHERE own MATCH 'world'`).pluck().all()).toEqual(['hello world']);
    expect(db.prepare(`SELECT label FROM box WHERE x0 < 1`).pluck().all()).toEqual(['first']);
    expect(db.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'counted'`).pluck().get()).toBe(9);
    db.close();
  });

  it('G03: names that are empty, that SQLite has for itself, or that are hard to see', async () => {
    const file = oddShop(folder, {
      sql: `CREATE TABLE "" ("" TEXT, "a b" BLOB); INSERT INTO "" VALUES ('x', x'00ff');
        CREATE TABLE "main" (a); INSERT INTO main."main" VALUES (1); CREATE TABLE "temp" (a); CREATE TABLE "main.note" (a); INSERT INTO "main.note" VALUES (2);
        CREATE TABLE al (rowid TEXT, _rowid_ TEXT, oid TEXT); INSERT INTO al VALUES ('a', 'b', 'c'), ('a', 'b', 'c'), (NULL, NULL, NULL);
        CREATE TABLE "a\nb\t""c" (a); INSERT INTO "a\nb\t""c" VALUES (3); CREATE TABLE "😀\u202Etxt" ("\u200b" ANY) STRICT; INSERT INTO "😀\u202Etxt" VALUES (4), (x'00');
        CREATE VIEW twice AS SELECT 1 AS a, 2 AS a, 3 AS "a:1"; CREATE VIEW endless AS WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT * FROM c;
        CREATE TABLE "select" ("from", "order"); INSERT INTO "select" VALUES (1, 2); CREATE INDEX "index" ON "select" ("from" DESC) WHERE "order" > 1;`,
    });

    expect(await endingOf(file, pack, { toPhase: 2 })).toMatchObject(upgradedWhole);
  });

  it('G03: keys that SQLite takes and others do not: NULLs, bytes that are no text, the ends of the rowids', async () => {
    const file = oddShop(folder, {
      sql: `CREATE TABLE nulls (a TEXT, b TEXT, PRIMARY KEY (a, b)); INSERT INTO nulls VALUES (NULL, NULL), (NULL, NULL), ('x', NULL);
        CREATE TABLE bytes (a TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO bytes VALUES (CAST(x'fffe80' AS TEXT)), (CAST(x'fffe81' AS TEXT)), ('a'), (CAST(x'6100' AS TEXT)), (CAST(x'610062' AS TEXT));
        CREATE TABLE ends (id INTEGER PRIMARY KEY, v); INSERT INTO ends VALUES (9223372036854775807, 'a'), (-9223372036854775808, 'b'), (0, NULL);
        CREATE TABLE loose (a TEXT COLLATE NOCASE PRIMARY KEY, b TEXT COLLATE RTRIM) WITHOUT ROWID; INSERT INTO loose VALUES ('a', 'b '), ('B', 'b');
        CREATE TABLE counted (n INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO counted VALUES (1); INSERT INTO sqlite_sequence VALUES ('ghost', 7), (NULL, NULL), ('counted', 'abc');`,
    });

    expect(await endingOf(file, pack, { toPhase: 2 })).toMatchObject(upgradedWhole);
  });

  it('G11: the edges of every type, byte for byte', async () => {
    const file = oddShop(folder, {
      sql: `CREATE TABLE edge (id INTEGER PRIMARY KEY, v);
        INSERT INTO edge (v) VALUES (9007199254740991), (9007199254740993), (-9007199254740993), (9223372036854775807),
          (-9223372036854775808), (-0.0), (0.0), (0), (9e999), (-9e999), (1), (1.0), ('1'), (x'31'), (''), (x''), (NULL),
          (CAST(x'ff00fe' AS TEXT)), (CAST(x'610062' AS TEXT)), (CAST(x'eda080' AS TEXT)), (x'610062'), (1.7976931348623157e308), (5e-324);
        UPDATE member SET city = (SELECT v FROM edge WHERE edge.id = member.rowid), photo = (SELECT v FROM edge WHERE edge.id = member.rowid);
        UPDATE note SET body = coalesce((SELECT v FROM edge WHERE edge.id = note.id), 'x');`,
    });

    expect(await endingOf(file, first, { toPhase: 1 })).toMatchObject(upgradedWhole);
  });

  it('G13: cells of 100 MB are carried through as they are', { timeout: 120_000 }, async () => {
    const megabytes = isSoak ? 100 : 16;
    const file = oddShop(folder, {
      sql: `CREATE TABLE large (id INTEGER PRIMARY KEY, v); INSERT INTO large VALUES (1, zeroblob(${megabytes * 1_000_000}));
        UPDATE note SET body = CAST(zeroblob(1000000) AS TEXT) WHERE id = 1;`,
    });

    expect(await endingOf(file, first, { toPhase: 1 })).toMatchObject(upgradedWhole);
  });

  it('G14: 2,000 columns, and a schema text of 1 MB', async () => {
    const columns = Array.from({ length: 2_000 }, (_, at) => `c${at}`);
    const file = oddShop(folder, {
      sql: `CREATE TABLE wide (${columns.join()}); INSERT INTO wide (c0, c1999) VALUES (1, 'last');
        CREATE TABLE talkative (a /* ${'words '.repeat(170_000)} */);`,
    });

    expect(await endingOf(file, pack, { toPhase: 2 })).toMatchObject(upgradedWhole);
  });

  it('G14: more than 5,000 tables and indexes are refused by name', async () => {
    const tables = Array.from({ length: 5_000 }, (_, at) => `CREATE TABLE t${at} (a);`);

    expect(
      await endingOf(oddShop(folder, { sql: `BEGIN; ${tables.join('')} COMMIT` }), first, { toPhase: 1 }),
    ).toMatchObject(refusedWhole('E_SCHEMA_TOO_COMPLEX'));
  });

  it('G15: tables without a row, and no list of steps at all', async () => {
    const file = oddShop(folder, {
      members: 0,
      sql: 'DELETE FROM member; DELETE FROM note; DELETE FROM setting; DROP TABLE schema_migrations',
    });

    expect(await endingOf(file, pack, { toPhase: 2 })).toMatchObject(upgradedWhole);
  });

  it("G15: a file that has only the list of steps is nobody's", async () => {
    const file = newPlace(folder);
    const db = new Database(file);
    db.exec('CREATE TABLE schema_migrations (version TEXT PRIMARY KEY, note TEXT, applied_at TEXT)');
    db.close();

    for (const known of [pack, kroma])
      expect(await endingOf(file, known, { toPhase: 1 })).toMatchObject(refusedWhole('E_FOREIGN_DATABASE'));
  });

  it('G17: mostly free pages, scattered rows, incremental vacuum', async () => {
    const file = oddShop(folder, {
      pragmas: ['auto_vacuum = 2', 'page_size = 1024'],
      members: 1_500,
      sql: `CREATE TABLE filler (a); INSERT INTO filler SELECT randomblob(900) FROM note; DELETE FROM note WHERE id % 3; DROP TABLE filler;`,
    });
    expect(new Database(file, { readonly: true }).pragma('freelist_count', { simple: true })).toBeGreaterThan(500);
    const { space } = await makePlan({ path: file, toPhase: 2, backupFolder: backupFolderOf(file) }, packs);
    expect(space.databaseBytes).toBe(fs.statSync(file).size); // a copy takes the free pages along

    expect(await endingOf(file, pack, { toPhase: 2 })).toMatchObject(upgradedWhole);
  });

  it("G18: another product's numbers in the header are kept, and alone make no database ours", async () => {
    const sql = 'PRAGMA user_version = 77; PRAGMA application_id = 252006673';
    expect(await endingOf(oddShop(folder, { sql }), pack, { toPhase: 2 })).toMatchObject(upgradedWhole);

    const other = newPlace(folder);
    new Database(other).exec(`CREATE TABLE gpkg (a); ${sql}`).close();
    expect(await endingOf(other, pack, { toPhase: 2 })).toMatchObject(refusedWhole('E_FOREIGN_DATABASE'));
  });
});

it('G12: malformed, deep and doubled JSON in the real family is kept or listed, never dropped', async () => {
  const nested = (open: string, close: string) =>
    `replace(hex(zeroblob(1500)), '00', '${open}') || '1' || replace(hex(zeroblob(1500)), '00', '${close}')`;
  const file = newPlace(folder);
  const odd = fixtures.find(({ name }) => name === 'sample');
  if (!odd) throw new Error('no such fixture');
  writeFixture(file, {
    build(db) {
      odd.build(db);
      db.exec(`
        UPDATE projects SET settings_json = ${nested('[', ']')} WHERE rowid = 1;
        UPDATE runs SET meta_json = '{"a":1,"a":2,"__proto__":{"x":1},"n":123456789012345678901234567890}' WHERE rowid = 1;
        UPDATE runs SET meta_json = '{"cut":', created_at = 12345.5, mode = x'ff00' WHERE rowid = 2;
        UPDATE run_jobs SET meta_json = ${nested('{"a":', '}')} WHERE rowid = 1;
        UPDATE assets SET meta_json = CAST(x'7b22ff' AS TEXT), sha256 = 7 WHERE rowid = 1;`);
    },
  });

  expect(await endingOf(file, kroma, { toPhase: 4 })).toMatchObject(upgradedWhole);
});
