import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { backupDatabase } from '@engine/backups.ts';
import { createControl } from '@engine/control.ts';
import { allowedEffect, checkKept } from '@engine/kept.ts';
import { addColumn, inRange, missingColumns, rangeValues, type Migration, type Pack } from '@engine/migration.ts';
import { removalOf } from '@engine/removal.ts';
import { sequenceProblems } from '@engine/sequence.ts';
import type { RunPoint } from '@engine/session.ts';
import { verifyResult } from '@engine/verify.ts';
import { cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { packWith } from '../../support/engine/pack-with.ts';
import { backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

/** What the verdict finds missing of a backup. */

const folder = temporaryFolder();
const change = (file: string, sql: string): void => {
  const db = new Database(file);
  db.pragma('foreign_keys = OFF');
  db.exec(sql);
  db.close();
};
/** Of the check "Nothing was lost": null = it is met. */
const lost = (file: string, backupPath: string, pack: Pack, toPhase: number): string | null => {
  const { checks } = verifyResult({ path: file, toPhase, backupPath }, [pack]);
  const kept = checks.find(({ id }) => id === 'kept');
  return kept?.state === 'met' ? null : (kept?.summary ?? 'it was not asked');
};
const upgraded = async (extra: string, pack: Pack, toPhase: number) => {
  const file = makeShop(folder, { extra });
  const report = await upgradeShop(file, { pack, input: { toPhase, isRemovalConfirmed: true } });
  expect(report.error).toBeUndefined();
  expect(lost(file, report.backup?.path ?? '', pack, toPhase)).toBeNull();
  return { file, backupPath: report.backup?.path ?? '' };
};

describe('of what others made, besides rows', () => {
  const made = `CREATE INDEX by_city ON setting (value); CREATE TABLE mine (a); CREATE VIEW all_of AS SELECT a FROM mine;
    CREATE TRIGGER keep AFTER INSERT ON mine BEGIN SELECT 1; END;`;

  it.each([
    ['an index of the same name and another text', 'DROP INDEX by_city; CREATE INDEX by_city ON setting (value DESC)'],
    ['a view that is gone', 'DROP VIEW all_of'],
    ['a view of another text', 'DROP VIEW all_of; CREATE VIEW all_of AS SELECT 1 AS a'],
    ['a trigger that is gone', 'DROP TRIGGER keep'],
  ])('%s is missed, whether anything was to be removed or not', async (_, sql) => {
    for (const [pack, toPhase] of [[shopPack(), 1] as const, [cleanupShop(), 2] as const]) {
      // oxlint-disable-next-line no-await-in-loop -- one file after the other
      const { file, backupPath } = await upgraded(made, pack, toPhase);
      change(file, sql);

      expect(lost(file, backupPath, pack, toPhase)).toContain('was changed or removed');
    }
  });

  it('statistics are missed where nothing was removed that they could speak of', async () => {
    const { file, backupPath } = await upgraded('CREATE INDEX by_member ON note (member_id); ANALYZE;', shopPack(), 1);
    change(file, `DELETE FROM sqlite_stat1 WHERE tbl = 'note'`);

    expect(lost(file, backupPath, shopPack(), 1)).toContain('rows of sqlite_stat1 are missing');
  });
});

describe('compared with a backup of an upgraded file', () => {
  const laterBackup = async (sql = '') => {
    const { file } = await upgraded('', shopPack(), 1);
    if (sql !== '') change(file, sql);
    const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
    return { file, backupPath: (await backupDatabase(made, [shopPack()])).path };
  };
  /** Its row is in the issue rows alone. */
  const takeOut = `DELETE FROM note WHERE member_id = 'm000010'; DELETE FROM member WHERE id = 'm000010'`;

  it.each([
    [
      'a record of an applied step',
      `DELETE FROM _phasewise_migrations WHERE id = '0002_note_length'`,
      '_phasewise_mig',
    ],
    [
      'a value that a step wrote, but in another run',
      `UPDATE note SET length = 7 WHERE id = 3`,
      '1 of 87 rows of note',
    ],
    [
      'what an issue row held of a row',
      `UPDATE _phasewise_quarantine SET row_json = '{}' WHERE source_key = 'm000010'`,
      '1 row of member that only the issue rows held is gone',
    ],
  ])('%s is missed', async (_, sql, problem) => {
    const { file, backupPath } = await laterBackup(takeOut);
    change(file, sql);

    expect(lost(file, backupPath, shopPack(), 1)).toContain(problem);
  });

  const putBack = `INSERT INTO member SELECT source_key, row_json ->> 'name', row_json ->> 'city', unhex(row_json ->> '$.photo."$blob"')
    FROM _phasewise_quarantine WHERE source_key = 'm000010'`;
  const forget = `DELETE FROM _phasewise_quarantine WHERE source_key = 'm000010'`;

  it('an issue row is not missed whose row is back in its table', async () => {
    const { file, backupPath } = await laterBackup(takeOut);
    change(file, `${putBack}; ${forget}`);

    expect(lost(file, backupPath, shopPack(), 1)).toBe(
      'Compared with the backup, member has 1 rows that were not planned.',
    );
  });

  it('an issue row is missed when another row has its key', async () => {
    const { file, backupPath } = await laterBackup(takeOut);
    change(file, `${putBack}; ${forget}; UPDATE member SET name = 'another' WHERE id = 'm000010'`);

    expect(lost(file, backupPath, shopPack(), 1)).toContain('(and 1 more)');
  });
});

it('what a stopped step had added is no original data in the backup of the run that goes on with it', async () => {
  const counting: Partial<Migration> = {
    effect: { grows: ['tally'], changes: {} },
    up(db) {
      db.exec(`CREATE TABLE IF NOT EXISTS tally (id INTEGER PRIMARY KEY, n INTEGER NOT NULL DEFAULT 0);
        INSERT OR IGNORE INTO tally (id) VALUES (1)`);
      addColumn(db, 'setting', 'mark', 'INTEGER NOT NULL DEFAULT 0');
    },
    shape: (db) => missingColumns(db, 'setting', ['mark']),
    backfills: [
      {
        ...{ name: 'count', title: 'counting', source: 'note', key: 'id' },
        chunk(db, range) {
          const sql = `SELECT count(*) FROM note WHERE ${inRange(range, 'id')}`;
          db.exec('UPDATE tally SET n = n + 1; UPDATE setting SET mark = mark + 1');
          const moved = db.prepare<unknown[], number>(sql).pluck().get(rangeValues(range)) ?? 0;
          return { moved, alreadyRight: 0, issueRows: 0 };
        },
      },
    ],
  };
  const pack = packWith(counting);
  const file = makeShop(folder);
  const control = createControl();
  const probe = (point: RunPoint, id: string) =>
    void (point === 'chunk-committed' && id === '0003_extra/count' && control.request('cancel'));
  const stopped = await upgradeShop(file, { pack, control, more: { tuning: manyChunks, probe } });
  expect(stopped.error?.code).toBe('E_CANCELLED');

  const { backup, error } = await upgradeShop(file, { pack });

  expect(error).toBeUndefined();
  expect(lost(file, backup?.path ?? '', pack, 1)).toBeNull();
});

it('rows that an earlier run was to add, and this one was not, are not taken for planned', async () => {
  const pack = cleanupShop();
  const file = makeShop(folder);
  await upgradeShop(file, { pack, input: { toPhase: 1 } });
  const { backup } = await upgradeShop(file, { pack, input: { toPhase: 2, isRemovalConfirmed: true } });
  expect(lost(file, backup?.path ?? '', pack, 2)).toBeNull();

  change(file, `INSERT INTO person (id, full_name) VALUES ('x', 'nobody')`);

  expect(lost(file, backup?.path ?? '', pack, 2)).toContain('person has 1 rows that were not planned');
});

it('the numbers of a table that was to go are not missed, those of any other are', () => {
  const numbered = `CREATE TABLE member (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO member VALUES (7);`;
  const db = new Database(makeDatabase(folder, `${numbered} DROP TABLE member`));
  db.prepare('ATTACH ? AS backup').run(makeDatabase(folder, numbered));
  const removal = removalOf([{ kind: 'contract', effect: { grows: [], changes: {}, removes: { member: 'person' } } }]);

  expect(sequenceProblems(db, 'backup', removal)).toEqual([]);
  expect(sequenceProblems(db, 'backup', null)).toEqual(['member would give out numbers that were used before']);
  db.close();
});

it('a backup in which there is nothing but what is ours proves nothing', () => {
  const db = new Database(makeDatabase(folder, 'CREATE TABLE a (b)'));
  db.prepare('ATTACH ? AS backup').run(makeDatabase(folder, 'CREATE TABLE _phasewise_old (b)'));

  const check = checkKept(db, 'backup', allowedEffect([], shopPack(), []));

  db.close();
  expect(check).toMatchObject({ state: 'unmet', summary: expect.stringContaining('nothing to compare') as string });
});

it('what may be missing is what the steps that remove something name, each of them, and nothing that others name', () => {
  const contract = (...names: string[]) =>
    ({ kind: 'contract', effect: { grows: [], changes: {}, removesColumns: { Note: names } } }) as const;
  const expand = {
    kind: 'expand',
    effect: { grows: [], changes: {}, removes: { member: 'person' }, removesColumns: { member: ['name'] } },
  } as const;

  const { tables, columns } = removalOf([contract('Body'), expand, contract('length')]);

  expect([...tables]).toEqual([]);
  expect([...columns]).toEqual([['note', new Set(['body', 'length'])]]);
});
