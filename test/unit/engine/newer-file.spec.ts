import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { openBrowser } from '@engine/browse/browser.ts';
import { inspect } from '@engine/inspect.ts';
import { makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopMigrations, shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const base = temporaryFolder();

it('an older version shows every row of a file that a newer one worked on, also of tables it has never heard of', async () => {
  const file = makeShop(base);
  await upgradeShop(file);
  const db = new Database(file);
  db.exec(
    `CREATE TABLE from_the_future(id INTEGER PRIMARY KEY, word TEXT) STRICT; INSERT INTO from_the_future VALUES (1, 'later')`,
  );
  const tables = db.prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all();
  const rows = tables.map((name) => [name, db.prepare<[], number>(`SELECT count(*) FROM "${name}"`).pluck().get()]);
  db.close();
  const older = [shopPack({ '0001_person': shopMigrations['0001_person'] })];

  const status = await inspect(file, 'schema', older);
  const browser = await openBrowser(file, older);

  expect(status.file).toMatchObject({ isWritable: false, readOnlyReason: { code: 'E_NEWER_SCHEMA' } });
  expect(rows.length).toBeGreaterThan(2);
  const shown = tables.map((table) => {
    const query = { table, sort: [], filters: [], find: null };
    return [table, browser.page(query, { at: 'start' }, 200, true).rows.length];
  });
  browser.close();
  expect(shown).toEqual(rows);
});
