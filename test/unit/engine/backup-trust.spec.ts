import fs from 'node:fs';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import type { Manifest } from '@shared/manifest.ts';
import { backupDatabase, findDamage, verifyBackup } from '@engine/backups.ts';
import { sha256File } from '@engine/fsync.ts';
import { lookAt } from '@engine/look.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** A backup is proven, and read again, through connections that trust its schema no more than the engine does. */

const folder = temporaryFolder();
const backUp = (file: string) =>
  backupDatabase({ path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' }, [
    shopPack(),
  ]);

/** All that people use, and one that SQLite does not run for a schema that is not trusted: a view that shows what was found. */
const RICH = `
  CREATE TABLE rich (
    id INTEGER PRIMARY KEY, name TEXT CHECK (length(trim(name)) > 0), facts TEXT CHECK (json_valid(facts)),
    upper_name TEXT AS (upper(name)) STORED, size AS (json_extract(facts, '$.size')), at TEXT DEFAULT (datetime('now'))
  );
  CREATE INDEX rich_lower ON rich (lower(name)) WHERE name GLOB '*';
  CREATE INDEX rich_size ON rich (size);
  CREATE VIRTUAL TABLE found USING fts5 (name, content = 'rich', content_rowid = 'id');
  CREATE VIRTUAL TABLE old_found USING fts4 (name);
  CREATE VIRTUAL TABLE place USING rtree (id, x0, x1);
  CREATE VIRTUAL TABLE area USING geopoly (name);
  CREATE TRIGGER rich_found AFTER INSERT ON rich BEGIN
    INSERT INTO found (rowid, name) VALUES (new.id, new.name);
    INSERT INTO old_found (rowid, name) VALUES (new.id, new.name);
    INSERT INTO place VALUES (new.id, length(new.name), length(new.name) + 1);
  END;
  CREATE VIEW sizes AS SELECT rich.name, each.value FROM rich, json_each(rich.facts) AS each;
  CREATE VIEW shown AS SELECT highlight(found, 0, '[', ']') AS name, bm25(found) AS rank FROM found('lamp');
  INSERT INTO rich (name, facts) VALUES ('lamp', '{"size": 3}'), ('chair', '{"size": 4}');`;

it.each([
  ['a rollback journal', { wal: false, mode: 0o644 }],
  ['a log', { wal: true, mode: 0o644 }],
  ['no right to write to it', { wal: false, mode: 0o444 }],
])('what people build into a schema is backed up, proven again and looked at, with %s', async (_, { wal, mode }) => {
  const file = makeShop(folder, { extra: RICH, wal });
  fs.chmodSync(file, mode);

  const backup = await backUp(file);

  expect(verifyBackup({ backupPath: backup.path }).state).toBe('verified');
  const count = await lookAt(file, ({ db }) => db.prepare('SELECT count(*) FROM sizes').pluck().get());
  expect(count).toBe(2);
});

/** SQLite runs this function for a schema that it trusts, and for no other. */
const TRUSTING = `CREATE VIRTUAL TABLE place USING rtree (id, x0, x1);
  CREATE TABLE t (a CHECK (rtreecheck('place') = 'ok')); INSERT INTO t VALUES (1);`;

it.each([
  ['that only another program has', 'CREATE TABLE t (a CHECK (mine(a)))'],
  ['that a schema has to be trusted for', TRUSTING],
])('a rule with a function %s is named, also where the file may only be read', async (_, sql) => {
  const file = makeShop(folder);
  const db = new Database(file);
  db.function('mine', { varargs: true }, () => 1);
  db.exec(sql);
  db.close();
  fs.chmodSync(file, 0o444);

  expect(await codeOfPromise(backUp(file))).toBe('E_HOSTILE_SCHEMA');
  expect(fs.readdirSync(backupFolderOf(file))).toEqual([]);
});

it('a stored backup with such a rule is not called damaged: nobody could say', () => {
  const file = makeShop(folder, { extra: TRUSTING });
  const noted = { id: 'b1', sizeBytes: fs.statSync(file).size, sha256: sha256File(file) } as Manifest;

  expect(codeOf(() => findDamage(file, noted))).toBe('E_HOSTILE_SCHEMA');
});
