import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { createControl } from '@engine/control.ts';
import { inspect } from '@engine/inspect.ts';
import type { Backfill, Migration } from '@engine/migration.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import { restoreBackup } from '@engine/restore.ts';
import { verifyResult } from '@engine/verify.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { cleanupMigrations, cleanupShop, cutOver, eventTable, removeOld } from '../../support/engine/cleanup-shop.ts';
import {
  ask,
  askOne,
  backupFolderOf,
  makeShop,
  manyChunks,
  upgradeShop,
  type ShopRun,
} from '../../support/engine/run-shop.ts';
import { folderState } from '../../support/folder-state.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const toEnd = { toPhase: 2, isRemovalConfirmed: true };
const orphans = `PRAGMA foreign_keys = OFF; INSERT INTO note VALUES (9001, 'nobody', 'of nobody'), (9002, 'm000010', 'of a member without a name');`;
const cleanUp = (file: string, run: ShopRun = {}) =>
  upgradeShop(file, { pack: cleanupShop(), ...run, input: { ...toEnd, ...run.input } });
const unmet = (file: string, backupPath: string | null | undefined, pack = cleanupShop()): string[] =>
  verifyResult({ path: file, toPhase: 2, backupPath: backupPath ?? null }, [pack]).checks.flatMap(
    ({ state, summary, id }) => (state === 'met' ? [] : [`${id}: ${summary}`]),
  );
const change = (file: string, sql: string) => {
  const db = new Database(file);
  db.pragma('foreign_keys = OFF');
  db.exec(sql);
  db.close();
};
const withStep = (step: Partial<Migration>, id: keyof typeof cleanupMigrations = '0004_remove') =>
  cleanupShop({ ...cleanupMigrations, [id]: { ...cleanupMigrations[id], ...step } });

describe.each([
  ['in one go', {}],
  ['in many chunks', manyChunks],
])('the phase that removes the old names, %s', (_, tuning) => {
  it('carries every row over or sets it aside whole, and keeps what others made', async () => {
    const file = makeShop(folder, {
      extra: `${orphans} ALTER TABLE note ADD COLUMN colour TEXT; UPDATE note SET colour = 'c' || id;
        CREATE INDEX by_body ON note (body); CREATE INDEX by_member ON note (member_id);
        CREATE TABLE mine (a, b); INSERT INTO mine VALUES (1, 2); CREATE VIEW members_of AS SELECT id, member_id FROM note;`,
    });

    const report = await cleanUp(file, { more: { tuning } });

    expect(report.error).toBeUndefined();
    expect(unmet(file, report.backup?.path)).toEqual([]);
    expect(ask(file, `SELECT name FROM sqlite_schema WHERE name IN ('member', 'by_body', 'by_member')`)).toEqual([
      { name: 'by_member' },
    ]);
    expect(askOne(file, `SELECT count(*) FROM note WHERE colour = 'c' || id`)).toBe(81);
    const setAside = `SELECT source_table || ' ' || reason AS what, count(*) AS n FROM _phasewise_quarantine GROUP BY 1`;
    expect(ask(file, setAside)).toEqual([
      { what: 'member no-name', n: 3 },
      { what: 'note member-missing', n: 11 },
    ]);
    expect(askOne(file, `SELECT detail FROM _phasewise_quarantine WHERE source_key = 9001`)).toBe(
      'names member nobody, who is no person',
    );
  });

  it('goes on after a stop in its midst, and still knows where every row went', async () => {
    const file = makeShop(folder, { extra: orphans });
    const control = createControl();
    let chunks = 0;
    const probe = (point: string, id: string) =>
      void (point === 'chunk-committed' && id.endsWith('/notes') && (chunks += 1) === 4 && control.request('cancel'));
    const stopped = await cleanUp(file, { control, more: { tuning: manyChunks, probe } });
    expect(stopped.error?.code).toBe('E_CANCELLED');
    expect(askOne(file, `SELECT count(*) FROM note`)).toBeLessThan(92);

    const report = await cleanUp(file, { more: { tuning } });

    expect(report.error).toBeUndefined();
    expect(unmet(file, report.backup?.path)).toEqual([]);
    expect(unmet(file, stopped.backup?.path)).toEqual([]); // also compared with the state before both
  });

  it('begun anew, keeps the rows that are in the issue rows alone', async () => {
    const file = makeShop(folder, { extra: orphans });
    const control = createControl();
    const probe = (point: string, id: string) =>
      void (point === 'step-applied' && id === '0003_cut_over' && control.request('cancel'));
    const first = await cleanUp(file, { control, more: { tuning: manyChunks, probe } });
    expect(first.error?.code).toBe('E_CANCELLED');
    // Somebody adds an orphan and puts one back: recorded, but true no longer.
    change(
      file,
      `DROP TRIGGER _phasewise_note_insert; INSERT INTO note (id, member_id, body) VALUES (9001, 'nobody', 'x'), (9003, 'nobody', 'y')`,
    );

    const report = await cleanUp(file, { more: { tuning } });

    expect(report.error).toBeUndefined();
    expect(unmet(file, report.backup?.path)).toEqual([]);
    expect(askOne(file, `SELECT count(*) FROM _phasewise_quarantine WHERE source_table = 'note'`)).toBe(12);
    expect(ask(file, `SELECT expected - moved - already_right - issue_rows AS gap FROM _phasewise_backfills`)).toEqual(
      Array.from({ length: 4 }, () => ({ gap: 0 })),
    );
  });
});

describe('before anything is removed', () => {
  it('a person must have confirmed it; the phases before need no confirmation', async () => {
    const file = makeShop(folder);
    const before = folderState(backupFolderOf(file).replace(/backups$/, ''));

    expect(await codeOfPromise(cleanUp(file, { input: { isRemovalConfirmed: false } }))).toBe('E_REMOVAL_UNCONFIRMED');
    expect(folderState(backupFolderOf(file).replace(/backups$/, '')).files).toEqual(before.files);
    expect(await upgradeShop(file, { pack: cleanupShop() })).toMatchObject({ ok: true, toPhase: 1 });
  });

  it('rows that claim a taken place are put right: known ones refuse, new ones stop the run before', async () => {
    const taken: Migration = {
      ...cleanupMigrations['0002_note_length'],
      backfills: [
        {
          ...{ name: 'places', title: 'looking for taken places', source: 'setting', key: 'name' },
          chunk: (_db, _range, { setAside }) => ({
            ...{ moved: 0, alreadyRight: 0 },
            issueRows: setAside({ reason: 'taken', where: '1', isPlaced: true }),
          }),
        },
      ],
      verify: () => [],
    };
    const pack = withStep(taken, '0002_note_length');
    const file = makeShop(folder);

    const stopped = await cleanUp(file, { pack });

    expect(stopped).toMatchObject({ ok: false, error: { code: 'E_ISSUES_OPEN' }, migrations: [{}, {}] });
    expect(stopped.error?.message).toBe(
      '1 row claims a place that another row has already. The place is taken (taken): 1 row.',
    );
    expect(await inspect(file, 'schema', [pack])).toMatchObject({ phaseReached: 1 });
    expect(await codeOfPromise(cleanUp(file, { pack }))).toBe('E_ISSUES_OPEN');
  });

  it('a second verified backup is made, where the run has changed the file by then', async () => {
    const events: EngineRunEvent[] = [];
    const straight = await cleanUp(makeShop(folder), { events });

    expect(straight.backups).toMatchObject([
      { phase: null, verified: true, reason: 'before phase 2' },
      { phase: 1, verified: true, reason: 'before phase 2 removes anything' },
    ]);
    expect(straight.backup).toEqual(straight.backups?.[0]);
    expect(events.filter(({ type }) => type === 'backup')).toHaveLength(2);
    expect(askOne(straight.backups?.[1]?.path ?? '', `SELECT count(*) FROM person`)).toBe(27);

    const file = makeShop(folder);
    await upgradeShop(file, { pack: cleanupShop() });
    expect((await cleanUp(file)).backups).toBeUndefined();
  });
});

describe('a contracting step is taken back', () => {
  const after = (sql: string): Partial<Migration> => ({
    up(db, context) {
      removeOld.up(db, context);
      db.exec(sql);
    },
  });
  it.each([
    ['when rows leave unrecorded', after('DELETE FROM note WHERE id = 5'), 'table note has 1 rows less'],
    ['when a table goes undeclared', after('DROP TABLE setting'), 'table setting is gone'],
    ['when a table of others is changed', after('ALTER TABLE mine ADD COLUMN c'), 'table mine was changed'],
    ['when a column of others goes', after('ALTER TABLE note DROP COLUMN colour'), 'column note.colour was'],
    ['when a column of the family goes undeclared', after('ALTER TABLE note DROP COLUMN length'), 'column note.length'],
    ['when an index of others goes', after('DROP INDEX by_member'), 'index by_member was'],
    ['when a view goes', after('DROP VIEW members_of'), 'view members_of was'],
    ['when rows come undeclared', after(`INSERT INTO mine VALUES (3, 4)`), 'table mine gained 1 rows'],
    [
      'when the successor of a removed table lacks rows',
      { effect: { ...removeOld.effect, removes: { member: 'setting' } } },
      'table member is gone, and setting does not have all of its rows',
    ],
  ])('%s', async (__, step, problem) => {
    const file = makeShop(folder, {
      extra: `ALTER TABLE note ADD COLUMN colour TEXT; CREATE INDEX by_member ON note (member_id);
        CREATE TABLE mine (a, b); INSERT INTO mine VALUES (1, 2); CREATE VIEW members_of AS SELECT id, member_id FROM note;`,
    });

    const report = await cleanUp(file, { pack: withStep(step) });

    expect(report.error).toMatchObject({ code: 'E_INVARIANT' });
    expect(report.error?.message).toContain(problem);
    expect(askOne(file, `SELECT count(*) FROM member`)).toBe(30);
  });

  it('when more rows leave than it recorded, in chunks too', async () => {
    const { backfills = [], ...rest } = cutOver;
    const step: Migration = {
      ...rest,
      backfills: backfills.map((each) => ({
        ...each,
        chunk(db, range, context) {
          const counts = each.chunk(db, range, context);
          if (each.name === 'notes') db.exec(`DELETE FROM note WHERE id = 1`);
          return counts;
        },
      })),
    };
    for (const tuning of [{}, manyChunks]) {
      const file = makeShop(folder, { extra: orphans });
      const report = await cleanUp(file, { pack: withStep(step, '0003_cut_over'), more: { tuning } });
      expect(report.error?.message).toContain('table note has 12 rows less than before');
    }
  });

  it.each([
    ['continued', 'chunk-committed', '/notes'],
    ['begun anew', 'step-applied', '0003_cut_over'],
  ])('when, %s, more rows leave than it records now: the others were gone already', async (_, point, at) => {
    const greedy = (cutOver.backfills ?? []).map((each): Backfill => ({
      ...each,
      chunk(db, range, context) {
        // Rows that are walked already, so that the account closes all the same.
        if (each.name === 'notes' && range.after !== null) db.exec('DELETE FROM note WHERE id < 4');
        return each.chunk(db, range, context);
      },
    }));
    const file = makeShop(folder, { extra: orphans });
    const control = createControl();
    let seen = 0;
    const probe = (where: string, id: string) =>
      void (where === point && id.endsWith(at) && ++seen === (at === '/notes' ? 12 : 1) && control.request('cancel'));
    const stopped = await cleanUp(file, { control, more: { tuning: manyChunks, probe } });
    expect(stopped.error?.code).toBe('E_CANCELLED');
    if (at !== '/notes') change(file, `INSERT INTO note (id, member_id, body) VALUES (9003, 'nobody', 'y')`);

    const report = await cleanUp(file, {
      pack: withStep({ backfills: greedy }, '0003_cut_over'),
      more: { tuning: manyChunks },
    });

    expect(report.error?.message).toMatch(/table note has \d+ rows less than before/);
  });
});

describe('the verdict after it', () => {
  it.each([
    ['a person who is gone', `DELETE FROM person WHERE id = 'm000002'`, '1 of 30 rows of member are nowhere'],
    ['a person of another name', `UPDATE person SET full_name = 'x' WHERE id = 'm000002'`, 'persons other than'],
    ['a photo that was not carried over', `UPDATE person SET photo = NULL WHERE id = 'm000002'`, 'persons other than'],
    ['a note that is gone', `DELETE FROM note WHERE id = 2`, '1 of 92 rows of note are missing'],
    [
      'a note that was changed',
      `UPDATE note SET member_id = 'm000001' WHERE id = 2`,
      '1 of 92 rows of note are missing',
    ],
    ['a note whose text is another', `UPDATE note SET content = 'x', length = 1 WHERE id = 2`, 'notes whose text'],
    [
      'an issue row that is gone',
      `DELETE FROM _phasewise_quarantine WHERE source_key = 9001; UPDATE _phasewise_backfills SET expected = expected - 1, issue_rows = issue_rows - 1 WHERE source = 'note' AND issue_rows > 0`,
      '1 of 92 rows of note are missing',
    ],
    [
      'an issue row of a removed table that lacks a value',
      `UPDATE _phasewise_quarantine SET row_json = replace(row_json, '"city 3"', '"city 4"') WHERE source_key = 'm000010'`,
      '1 of 30 rows of member are nowhere',
    ],
    [
      'an issue row that is not whole',
      `UPDATE _phasewise_quarantine SET row_json = '{}' WHERE source_key = 9002`,
      '1 of 92 rows of note are missing',
    ],
    [
      'a row that an issue row only speaks of',
      `UPDATE _phasewise_quarantine SET is_placed = 1 WHERE source_key = 9001`,
      '1 of 92 rows of note are missing',
    ],
    ['an index of others that is gone', `DROP INDEX by_member`, 'index by_member was changed or removed'],
    [
      'rows of nobody knows where',
      `INSERT INTO note (member_id, content, length) VALUES (1, 'x', 1)`,
      'note has 1 rows that',
    ],
  ])('notices %s', async (_, sql, problem) => {
    const file = makeShop(folder, { extra: `${orphans} CREATE INDEX by_member ON note (member_id);` });
    const report = await cleanUp(file);
    expect(unmet(file, report.backup?.path)).toEqual([]);

    change(file, sql);

    expect(unmet(file, report.backup?.path).join()).toContain(`kept: Compared with the backup, ${problem}`);
  });

  it('takes issue rows for the rows of a table only where the steps were to set rows aside', async () => {
    const file = makeShop(folder, { extra: orphans });
    const report = await cleanUp(file);
    const pack = withStep({ effect: { ...cutOver.effect, setsAside: [] } }, '0003_cut_over');

    expect(unmet(file, report.backup?.path, pack).join()).toContain('11 of 92 rows of note are missing');
  });

  it('a later run must keep what only the issue rows hold', async () => {
    const file = makeShop(folder, { extra: orphans });
    await cleanUp(file);
    change(
      file,
      `DROP TABLE person; CREATE TABLE person (id TEXT PRIMARY KEY, full_name TEXT NOT NULL, town TEXT, photo BLOB)`,
    );
    change(file, `UPDATE note SET content = '.', length = 1`);
    const pack = withStep({
      shape: () => [],
      verify: (db) =>
        db.prepare(`SELECT 1 FROM _phasewise_runs WHERE id = 'again'`).get()
          ? []
          : [{ what: 'x', count: 1, sampleKeys: [], sql: '' }],
    });
    const report = await cleanUp(file, { pack, input: { runId: 'again' } });
    expect(report.error).toBeUndefined();
    expect(unmet(file, report.backup?.path, pack)).toEqual([]);

    change(file, `DELETE FROM _phasewise_quarantine WHERE source_table = 'member' AND source_key = 'm000010'`);

    expect(unmet(file, report.backup?.path, pack).join()).toContain(
      '1 row of member that only the issue rows held is gone',
    );
  });
});

describe('a migration that a later one has replaced', () => {
  it('counts as applied and is asked nothing more; exit criteria still are', async () => {
    const file = makeShop(folder);
    await cleanUp(file);

    const status = await inspect(file, 'data', [cleanupShop()]);
    expect(status).toMatchObject({ phaseReached: 2, drift: [], pending: [] });
    expect(status.phases.flatMap(({ migrations }) => migrations.map(({ state }) => state))).toEqual(
      Array(4).fill('applied'),
    );
    expect(await codeOfPromise(cleanUp(file))).toBe('E_NOTHING_TO_DO');
    expect(await codeOfPromise(upgradeShop(file, { pack: cleanupShop() }))).toBe('E_NOTHING_TO_DO');

    const forgetful = withStep({ supersedes: [] });
    expect((await inspect(file, 'data', [forgetful])).drift.map(({ object }) => object)).toContain('0002_note_length');
    expect(unmet(file, null, forgetful).join()).toContain('migration:0002_note_length');
  });

  it('a file whose exit criterion fails says so', async () => {
    const file = makeShop(folder);
    await cleanUp(file);
    change(file, 'DROP TABLE person; CREATE TABLE member (id, name)');

    const status = await inspect(file, 'data', [cleanupShop()]);

    expect(status.phases.map(({ state }) => state)).toEqual(['done', 'attention', 'attention']);
    expect(status.phaseReached).toBe(0);
    expect(status.drift.map(({ object }) => object)).toContain('Every named member is a person');
  });
});

describe("the database's own list of events", () => {
  const events = (file: string) => ask(file, `SELECT code || ' ' || payload AS event FROM event ORDER BY rowid`);
  const reached = (phase: number, name: string) => ({
    event: `phasewise.phase_reached {"phase":${phase},"name":"${name}"}`,
  });
  const all = [reached(0, 'Safety'), reached(1, 'Persons'), reached(2, 'Cleanup')];

  it('is told of every phase reached, once, whether phase by phase or straight through', async () => {
    const straight = makeShop(folder, { extra: eventTable });
    const report = await cleanUp(straight);
    expect(unmet(straight, report.backup?.path)).toEqual([]);
    expect(events(straight)).toEqual(all);
    expect(report.tables).toContainEqual({ name: 'event', rowsBefore: 0, rowsAfter: 3 });

    const bySteps = makeShop(folder, { extra: eventTable });
    await upgradeShop(bySteps, { pack: cleanupShop() });
    change(bySteps, `DELETE FROM person WHERE id = 'm000002'`);
    await upgradeShop(bySteps, { pack: cleanupShop() }); // a repair reaches nothing for the first time
    await cleanUp(bySteps);
    expect(events(bySteps)).toEqual(all);
  });

  it('is not told afterwards of phases that were reached before it was there', async () => {
    const file = makeShop(folder);
    await upgradeShop(file, { pack: cleanupShop() });
    change(file, eventTable);

    await cleanUp(file);

    expect(events(file)).toEqual([reached(2, 'Cleanup')]);
  });

  it('is told of a restore, where the restored content has it; a failure to do so spoils nothing', async () => {
    const file = makeShop(folder, { extra: eventTable });
    const report = await cleanUp(file);
    const [backup] = report.backups ?? [];
    const input = {
      backupPath: backup?.path ?? '',
      path: file,
      backupFolder: backupFolderOf(file),
      appVersion: '0',
      allowForeign: false,
    };

    const restored = await restoreBackup(input, { packs: [cleanupShop()] });

    expect(restored.notNoted).toBeUndefined();
    expect(events(file)).toEqual([{ event: `phasewise.restored {"backup_created_at":"${backup?.createdAt ?? ''}"}` }]);
    expect(askOne(file, 'SELECT count(*) FROM member')).toBe(30);

    const failing = {
      ...cleanupShop(),
      audit: {
        table: 'event',
        isReady: () => true,
        record: () => {
          throw new Error('no room');
        },
        between: () => [],
      },
    };
    const again = await restoreBackup(input, { packs: [failing] });
    expect(again.notNoted).toBe('no room');
    expect(events(file)).toEqual([]);
    expect((await restoreBackup(input, { packs: [] })).notNoted).toBeUndefined();
  });
});

describe('a run that was killed inside the last phase', () => {
  it('goes on there: nothing before it is repaired, and its checks wait for the end', async () => {
    // With the last chunk of the cut-over the steps before stop being true, and so do the checks of their phase.
    const turning: Partial<Migration> = {
      supersedes: ['0001_person', '0002_note_length'],
      backfills: (cutOver.backfills ?? []).map((each) => ({
        ...each,
        chunk(db, range, context) {
          db.exec('DROP TRIGGER IF EXISTS _phasewise_person_insert; UPDATE note SET length = -1');
          return each.chunk(db, range, context);
        },
      })),
    };
    const pack = withStep(turning, '0003_cut_over');
    const strict: typeof pack = {
      ...pack,
      phases: pack.phases.map((phase) => ({
        ...phase,
        exitCriteria: phase.exitCriteria.map((criterion) => ({
          ...criterion,
          check: (db, schema) => {
            const isLate = schema.table('member') && schema.column('note', 'length');
            const isHalfWay = isLate && db.prepare(`SELECT 1 FROM note WHERE length < 0`).get();
            return { met: !isHalfWay, summary: '', evidence: [] };
          },
        })),
      })),
    };
    const file = makeShop(folder, { extra: orphans });
    const killAt = (point: string) => ({
      tuning: manyChunks,
      probe: (at: string, id: string) => {
        if (at === point && id === '0003_cut_over') throw new Error('killed');
      },
    });

    const first = await cleanUp(file, { pack: strict, more: killAt('step-closing') });
    expect((await inspect(file, 'data', [strict])).phases[1]?.migrations.map(({ state }) => state)).toEqual([
      'applied',
      'applied',
    ]);
    const second = await cleanUp(file, { pack: strict, more: killAt('step-applied') });
    const third = await cleanUp(file, { pack: strict });

    expect([first.error?.code, second.error?.code]).toEqual(['E_MIGRATION_FAILED', 'E_MIGRATION_FAILED']);
    expect(third.error).toBeUndefined();
    expect(third.migrations.map(({ id }) => id)).toEqual(['0004_remove']);
    expect(unmet(file, third.backup?.path, strict)).toEqual([]);
  });
});
