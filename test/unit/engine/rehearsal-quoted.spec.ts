import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { makePlan } from '@engine/plan.ts';
import { cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { endingOf, upgradedWhole } from '../../support/engine/ends-well.ts';
import { ask, backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/**
 * Texts in double quotes, in views and triggers of others. The programs that made them take such a word for a text where
 * it is no name; our SQLite refuses it, which says nothing of whether they work.
 */
const folder = temporaryFolder();
const objectsOf = async (file: string, toPhase = 2) => {
  const { preflight } = await makePlan({ path: file, toPhase, backupFolder: backupFolderOf(file) }, [cleanupShop()]);
  return preflight.find(({ id }) => id === 'objects');
};
const shopWith = (extra: string) => makeShop(folder, { extra: `CREATE TABLE mine (a, town); ${extra};` });

describe('an object with a text in double quotes', () => {
  it.each([
    [
      'a view of a removed column',
      'CREATE VIEW shifts AS SELECT "night shift" AS label, body FROM note',
      'view shifts: it would not work any more (no such column: body)',
    ],
    [
      'a trigger that writes to a removed table',
      'CREATE TRIGGER star AFTER INSERT ON mine BEGIN UPDATE member SET city = city || "*"; END',
      'trigger star: it would not work any more (no such table: main.member)',
    ],
    [
      'a trigger on such a view',
      `CREATE VIEW v AS SELECT a, "x y" AS t FROM mine;
       CREATE TRIGGER inst INSTEAD OF DELETE ON v BEGIN UPDATE note SET body = "gone it is"; END`,
      'trigger inst: it would not work any more',
    ],
    [
      'a view of such a view',
      `CREATE VIEW b AS SELECT t, "z z" AS z FROM a WHERE EXISTS (SELECT body FROM note);
       CREATE VIEW a AS SELECT id, "x y" AS t FROM note`,
      'view b: it would not work any more',
    ],
    [
      'a view of more texts than anybody tries',
      `CREATE VIEW many AS SELECT ${Array.from({ length: 101 }, (_, at) => `"t ${at}"`).join()} FROM note`,
      'view many: it uses note, and whether it would still work cannot be told',
    ],
    [
      'a column that would be a text afterwards',
      'CREATE VIEW named AS SELECT "body" AS b, "x y" AS t FROM note',
      'view named: it would not work any more: "body" would be a text to it',
    ],
  ])('%s is refused by its name before anything starts', async (_, extra, problem) => {
    const file = shopWith(extra);

    const objects = await objectsOf(file);

    expect(objects).toMatchObject({ state: 'blocking', error: { code: 'E_PREFLIGHT_UNKNOWN_OBJECT' } });
    expect(objects?.detail).toContain(problem);
    expect((await objectsOf(file, 1))?.state).toBe('ok');
  });

  it('is refused where nothing is removed, too, when its text would become a column', async () => {
    const objects = await objectsOf(shopWith('CREATE VIEW v AS SELECT id, "length" AS what FROM note'), 1);

    expect(objects?.detail).toContain(
      'view v: its text "length" is in double quotes, and would be taken for the column',
    );
  });

  it('is no obstacle where it outlives the upgrade, and stays word for word', async () => {
    const views = [
      'CREATE VIEW v AS SELECT id, "it\'s ""so""" AS t, /* "no" */ \'"nor"\' AS u FROM note',
      'CREATE VIEW both AS SELECT (SELECT "town" FROM mine) AS "town", "town" AS t, "id" AS i FROM note',
      'CREATE VIEW broken AS SELECT "x y", nowhere FROM note',
    ];
    const trigger = `CREATE TRIGGER tr AFTER INSERT ON mine BEGIN UPDATE mine SET "town" = a || "*"; END`;
    const file = shopWith([...views, trigger].join(';'));

    expect((await objectsOf(file))?.state).toBe('ok');
    expect(await endingOf(file, cleanupShop(), { toPhase: 2 })).toMatchObject(upgradedWhole);
    expect(
      ask<{ sql: string }>(
        file,
        `SELECT sql FROM sqlite_schema WHERE name IN ('v', 'both', 'broken', 'tr') ORDER BY rowid`,
      ),
    ).toEqual([...views, trigger].map((sql) => ({ sql })));
  });

  it('is not run, nor is the file written to, to read it', async () => {
    const file = shopWith('CREATE VIEW v AS SELECT "x y" AS t FROM note');
    const before = new Database(file).serialize();

    await objectsOf(file);

    expect(new Database(file).serialize().equals(before)).toBe(true);
  });
});
