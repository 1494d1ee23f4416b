import Database, { SqliteError } from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { CodedError, safetyText, type AppError } from '@shared/errors.ts';
import { createControl } from '@engine/control.ts';
import {
  inRange,
  rangeValues,
  type Backfill,
  type ChunkCount,
  type Db,
  type Migration,
  type Pack,
} from '@engine/migration.ts';
import { retryIssues } from '@engine/retry.ts';
import type { OnWork } from '@engine/small-change.ts';
import { packWith } from '../../support/engine/pack-with.ts';
import { ask, askOne, inputFor, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What keeps the trying of issue rows from doing more than that. */

const folder = temporaryFolder();
const change = (file: string, sql: string): void => void new Database(file).exec(sql).close();
const retry = (file: string, pack: Pack, onWork?: OnWork) => {
  const { path, backupFolder, lockFolder, appVersion } = inputFor(file);
  return retryIssues({ path, backupFolder, lockFolder, appVersion, runId: 'again' }, [pack], onWork);
};
const errorOf = async (work: Promise<unknown>): Promise<AppError | null> => {
  try {
    await work;
    return null;
  } catch (thrown) {
    if (thrown instanceof CodedError) return thrown.appError;
    throw thrown;
  }
};
const none: ChunkCount = { moved: 0, alreadyRight: 0, issueRows: 0 };

/** A shop whose extra step sets a setting aside, and does with it later what `then` does. */
async function setUp(then: (db: Db) => ChunkCount) {
  let isLater = false;
  const aside: Backfill = {
    ...{ name: 'aside', title: 'setting aside', source: 'setting', key: 'name' },
    chunk: (db, _, { setAside }) =>
      isLater ? then(db) : { ...none, issueRows: setAside({ reason: 'no-name', where: '1', isPlaced: true }) },
  };
  const pack = packWith({ effect: { grows: ['note'], changes: {} }, backfills: [aside] });
  const file = makeShop(folder);
  expect((await upgradeShop(file, { pack })).error).toBeUndefined();
  isLater = true;
  return { file, pack, error: (onWork?: OnWork) => errorOf(retry(file, pack, onWork)) };
}
const moved: ChunkCount = { ...none, moved: 1 };

describe('a row is not placed, and nothing else is done, where that', () => {
  it.each<[string, (db: Db) => ChunkCount, string, string]>([
    [
      'takes a row from another table',
      (db) => (db.exec(`DELETE FROM note WHERE id = 3`), moved),
      'E_INVARIANT',
      'table note has 1 rows less',
    ],
    ['accounts for no row', () => none, 'E_ROWS_SKIPPED', 'one row was to be placed'],
    ['accounts for two', () => ({ ...none, moved: 2 }), 'E_ROWS_SKIPPED', 'one row was to be placed'],
  ])('%s', async (_, then, code, words) => {
    const { file, error } = await setUp(then);

    expect(await error()).toMatchObject({ code, message: expect.stringContaining(words) as string });

    expect(askOne(file, `SELECT count(*) FROM _phasewise_quarantine WHERE source_table = 'setting'`)).toBe(1);
    expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
  });
});

it('a row that refers to nothing is no place', async () => {
  const { error } = await setUp((db) => {
    db.exec(`INSERT INTO note (member_id, body) VALUES ('nobody', 'x')`);
    return moved;
  });

  expect(await error()).toMatchObject({
    code: 'E_INVARIANT',
    message: expect.stringContaining('References of note') as string,
  });
});

it('what is not there any more when the file is opened again is missed', async () => {
  const { file, error } = await setUp(() => moved);
  const loseIt: OnWork = ({ stage }) => void (stage === 'checking' && change(file, 'DELETE FROM note WHERE id = 3'));

  expect(await error(loseIt)).toMatchObject({ code: 'E_VERIFY_FAILED', safety: safetyText.unknown });
});

it('a trial keeps everything in memory until it is taken back', async () => {
  const spilling: unknown[] = [];
  const { error } = await setUp((db) => {
    spilling.push(db.pragma('cache_spill', { simple: true }) !== 0);
    return moved;
  });

  expect(await error()).toBeNull();

  expect(spilling).toEqual([false, true]);
});

it('what goes wrong in a trial has changed nothing, and says so', async () => {
  const { error } = await setUp(() => {
    throw new SqliteError('database or disk is full', 'SQLITE_FULL');
  });

  expect(await error()).toMatchObject({ code: 'E_NO_SPACE', safety: safetyText.untouched });
});

it('nothing is tried in a file whose records a trigger could swallow', async () => {
  const { file, error } = await setUp(() => moved);
  change(file, `CREATE TRIGGER gulp BEFORE INSERT ON _phasewise_runs BEGIN SELECT RAISE(IGNORE); END`);

  expect((await error())?.code).toBe('E_LEDGER_TAMPERED');
});

it('issue rows whose table is gone are kept', async () => {
  const { file, pack } = await setUp(() => moved);
  change(file, 'DROP TABLE setting');

  expect(await retry(file, pack)).toMatchObject({ tried: 3, cleared: 0, kept: 1 });
});

it('those of a step that was stopped wait for its end', async () => {
  const file = makeShop(folder);
  const control = createControl();
  let chunks = 0;
  const probe = (point: string) => void (point === 'chunk-committed' && ++chunks === 3 && control.request('cancel'));
  await upgradeShop(file, { control, more: { tuning: manyChunks, probe } });
  expect(askOne(file, `SELECT count(*) FROM _phasewise_quarantine`)).toBe(2);
  change(file, `UPDATE member SET name = 'Ann' WHERE id = 'm000010'`);

  expect(await retry(file, shopPack())).toMatchObject({ tried: 0, backup: null });
});

it('those of rows without a key stay: nobody could tell which row is which', async () => {
  const file = makeShop(folder);
  change(file, `INSERT INTO member (id, name, city) VALUES (NULL, NULL, 'x')`);
  await upgradeShop(file);

  expect(await retry(file, shopPack())).toMatchObject({ tried: 3, kept: 1 });
});

describe('a row that two walks of one step look at', () => {
  const walkOver = (name: string, where: string, source = 'member'): Backfill => ({
    ...{ name, title: name, source, key: 'id' },
    chunk(db, range, { setAside }) {
      const issueRows = setAside({ reason: 'no-name', where, isPlaced: true });
      const sql = `SELECT count(*) FROM ${source} AS s WHERE ${inRange(range, 's.id')}`;
      const rows = db.prepare<unknown[], number>(sql).pluck().get(rangeValues(range)) ?? 0;
      return { ...none, moved: rows - issueRows, issueRows };
    },
  });

  it('may be cleared in one and get an issue in the other: both accounts still close', async () => {
    const first = walkOver('first', `s.city = 'bad'`);
    const pack = packWith({ backfills: [first, walkOver('second', 's.name IS NULL')] });
    const file = makeShop(folder);
    await upgradeShop(file, { pack });
    change(file, `UPDATE member SET name = 'Ann', city = 'bad' WHERE id = 'm000010'`);

    expect(await errorOf(retry(file, pack))).toBeNull();

    const accounts = `SELECT id, moved, issue_rows AS issues FROM _phasewise_backfills WHERE migration_id = '0003_extra'`;
    expect(ask(file, accounts)).toEqual([
      { id: '0003_extra/first', moved: 29, issues: 1 },
      { id: '0003_extra/second', moved: 28, issues: 2 },
    ]);
  });

  it('needs no working table that the step makes no more', async () => {
    const first = walkOver('first', '0', '_phasewise_turns');
    const pack = packWith({ backfills: [first, walkOver('second', 's.name IS NULL')] });
    const file = makeShop(folder);
    await upgradeShop(file, { pack });

    expect(await retry(file, pack)).toMatchObject({ tried: 6, cleared: 0 });
  });
});

describe('a key', () => {
  /** Rows of `odd` that are not `ok` are set aside. */
  const oddPack = (): Pack => {
    const walk: Backfill = {
      ...{ name: 'odd', title: 'walking', source: 'odd', key: 'k' },
      chunk(db, range, { setAside }) {
        const bounds = range.after === null ? 's.k <= :upTo' : 's.k > :after AND s.k <= :upTo';
        const values = range.after === null ? { upTo: range.upTo } : { ...range };
        const issueRows = setAside({ reason: 'no-name', where: 'NOT s.ok', isPlaced: false });
        const sql = `SELECT count(*) FROM odd AS s WHERE ${bounds} AND s.ok`;
        return { ...none, moved: db.prepare<unknown[], number>(sql).pluck().get(values) ?? 0, issueRows };
      },
    };
    const step: Partial<Migration> = { backfills: [walk] };
    return packWith(step);
  };
  const oddFile = async (column: string, keys: string, pack: Pack): Promise<string> => {
    const file = makeShop(folder, {
      extra: `CREATE TABLE odd (k ${column} PRIMARY KEY, ok NOT NULL DEFAULT 0); INSERT INTO odd (k) VALUES ${keys};`,
    });
    expect((await upgradeShop(file, { pack })).error).toBeUndefined();
    return file;
  };

  it('beyond 2^53 finds its own row, not the one beside it', async () => {
    const pack = oddPack();
    const file = await oddFile('INTEGER', '(9007199254740992), (9007199254740993), (9007199254740994)', pack);
    change(file, 'UPDATE odd SET ok = 1 WHERE k > 9007199254740992');

    expect(await retry(file, pack)).toMatchObject({ tried: 6, cleared: 2 });

    expect(
      ask(
        file,
        `SELECT CAST(source_key AS TEXT) AS k FROM _phasewise_quarantine WHERE source_table = 'odd' ORDER BY 1`,
      ),
    ).toEqual([{ k: '9007199254740992' }]);
  });

  it('that is not valid as text names no row from here: its issue stays as it is', async () => {
    const pack = oddPack();
    const file = await oddFile('TEXT', `(CAST(x'61ff' AS TEXT)), (CAST(x'61fe' AS TEXT)), ('A')`, pack);
    change(file, 'UPDATE odd SET ok = 1');

    expect(await errorOf(retry(file, pack))).toBeNull();

    expect(askOne(file, `SELECT count(*) FROM _phasewise_quarantine WHERE source_table = 'odd'`)).toBe(2);
  });
});
