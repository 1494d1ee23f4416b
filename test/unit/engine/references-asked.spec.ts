import Database from 'better-sqlite3';
import { afterEach, expect, it, vi } from 'vitest';
import { inRange, rangeValues, type Backfill, type Db, type Migration, type Pack } from '@engine/migration.ts';
import { cleanupMigrations, cleanupShop, cutOver } from '../../support/engine/cleanup-shop.ts';
import { ask, askOne, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Among chunks, references of others are asked about as often as the time allows; where rows leave, always. */

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());

/** A file in which somebody refers to a note in the middle of the table. */
const shop = (): string =>
  makeShop(folder, {
    extra: `CREATE TABLE favourite (note INTEGER REFERENCES note (id)); INSERT INTO favourite VALUES (40);`,
  });
const upgrade = (file: string, pack: Pack) =>
  upgradeShop(file, { pack, input: { toPhase: 2, isRemovalConfirmed: true }, more: { tuning: manyChunks } });
const withWalk = (backfill: Partial<Backfill>, up: Migration['up'] = () => {}): Pack =>
  cleanupShop({
    ...cleanupMigrations,
    '0003_cut_over': {
      ...cutOver,
      up: (db, context) => void (up(db, context), cutOver.up(db, context)),
      verify: () => [],
      backfills: [
        {
          ...{ name: 'walk', title: 'walking', source: 'note', key: 'id' },
          chunk: (db, range) => ({ moved: rowsIn(db, 'note', range), alreadyRight: 0, issueRows: 0 }),
          ...backfill,
        },
      ],
    },
  });
const rowsIn = (db: Db, table: string, range: Parameters<Backfill['chunk']>[1]): number =>
  db
    .prepare<unknown[], number>(`SELECT count(*) FROM ${table} WHERE ${inRange(range, 'id')}`)
    .pluck()
    .get(rangeValues(range)) ?? 0;

/** A clock by which asking takes so long that it is not due again among the chunks. */
function askingTakesLong(): void {
  let now = 0;
  const really = Database.prototype.prepare;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1));
  vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Db, sql: string) {
    if (sql.includes('foreign_key_check')) now += 1e9;
    return really.call(this, sql);
  } as typeof really);
}
/** One by which it takes none. */
const askingTakesNoTime = (): void => void vi.spyOn(performance, 'now').mockReturnValue(1);

const takeAway = `UPDATE note SET id = id + 1000 WHERE id = 40`;

it('a chunk is taken back that took a row from under them, once asking is due again', async () => {
  askingTakesNoTime();
  const file = shop();
  const pack = withWalk({
    chunk(db, range) {
      const moved = rowsIn(db, 'note', range);
      if (Number(range.after) >= 42) db.exec(takeAway); // not in the first one
      return { moved, alreadyRight: 0, issueRows: 0 };
    },
  });

  const report = await upgrade(file, pack);

  expect(report.error?.message).toContain('favourite (note): 1 now, 0 before. The step was taken back.');
  expect(askOne(file, `SELECT count(*) FROM note WHERE id = 40`)).toBe(1);
});

it('where it was not due, the end of the step asks, and no such step is recorded', async () => {
  askingTakesLong();
  const file = shop();
  const pack = withWalk({
    chunk(db, range) {
      const moved = rowsIn(db, 'note', range);
      if (Number(range.after) >= 42) db.exec(takeAway);
      return { moved, alreadyRight: 0, issueRows: 0 };
    },
  });

  const report = await upgrade(file, pack);

  expect(report.error?.message).toContain('favourite (note): 1 now, 0 before. The step was taken back.');
  expect(ask(file, `SELECT id FROM _phasewise_migrations WHERE id = '0003_cut_over'`)).toEqual([]);
});

it('it is always due for a walk over a table of ours, a chunk of which may change any row', async () => {
  askingTakesLong();
  const file = shop();
  const pack = withWalk(
    {
      source: '_phasewise_turns',
      chunk(db, range) {
        const moved = rowsIn(db, '_phasewise_turns', range);
        if (range.after !== null) db.exec(takeAway); // in the second one
        return { moved, alreadyRight: 0, issueRows: 0 };
      },
    },
    (db) =>
      void db.exec(`CREATE TABLE _phasewise_turns (id INTEGER PRIMARY KEY);
        INSERT INTO _phasewise_turns SELECT id FROM note WHERE id <= 20`),
  );

  const report = await upgrade(file, pack);

  expect(report.error?.message).toContain('favourite (note): 1 now, 0 before. The step was taken back.');
  expect(askOne(file, `SELECT count(*) FROM note WHERE id = 40`)).toBe(1);
});

it("the family's own are its steps' matter: a row may leave before those that refer to it", async () => {
  askingTakesNoTime();
  const file = makeShop(folder);
  const leave = (source: string, who: string): Backfill => ({
    ...{ name: source, title: `setting aside in ${source}`, source, key: 'id' },
    chunk(db, range, { setAside }) {
      const rows = rowsIn(db, source, range);
      const issueRows = setAside({ reason: 'taken', where: `s.${who} = 'm000002'`, isPlaced: false });
      db.prepare(`DELETE FROM ${source} WHERE ${inRange(range, 'id')} AND ${who} = 'm000002'`).run(rangeValues(range));
      return { moved: rows - issueRows, alreadyRight: 0, issueRows };
    },
  });
  const step: Migration = {
    ...cutOver,
    effect: { ...cutOver.effect, setsAside: ['member', 'note'] },
    backfills: [leave('member', 'id'), leave('note', 'member_id')],
    verify: () => [],
  };
  const { '0001_person': first, '0002_note_length': second } = cleanupMigrations;
  const pack = cleanupShop({ '0001_person': first, '0002_note_length': second, '0003_cut_over': step });
  const phases = pack.phases.map((phase) => ({ ...phase, exitCriteria: [] }));

  const report = await upgrade(file, { ...pack, phases });

  expect(report.error).toBeUndefined();
  expect(askOne(file, `SELECT count(*) FROM note WHERE member_id = 'm000002'`)).toBe(0);
});
