import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { createControl } from '@engine/control.ts';
import { inspect } from '@engine/inspect.ts';
import { clearPlainSecrets } from '@engine/plain-secrets.ts';
import { makePlan } from '@engine/plan.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { endingOf, refusedWhole, upgradedWhole } from '../../support/engine/ends-well.ts';
import { oddShop } from '../../support/engine/odd-shop.ts';
import { ask, backupFolderOf, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopMigrations, shopPack } from '../../support/engine/shop-pack.ts';
import { folderState } from '../../support/folder-state.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What a file says of itself, wrong in every way in which it can be. */

const folder = temporaryFolder();
const pack = shopPack();
const change = (file: string, sql: string) => new Database(file).exec(sql).close();
const planOf = (file: string, known = pack) =>
  makePlan({ path: file, toPhase: null, backupFolder: backupFolderOf(file) }, [known]);

describe('a database of a newer version', () => {
  const newer = { code: 'E_NEWER_SCHEMA', nextStep: expect.stringContaining('a newer one') as string };
  const future = `INSERT INTO schema_migrations VALUES ('9999_future', '', '')`;

  it('V02: is looked at, says why it cannot be written, and offers nothing', async () => {
    const file = oddShop(folder);
    await upgradeShop(file, { more: { tuning: manyChunks, ...stopInNotes() } });
    change(file, future);
    const before = folderState(file.replace(/\/[^/]*$/, ''));

    const status = await inspect(file, 'data', [pack]);

    expect(status.file).toMatchObject({ isWritable: false, readOnlyReason: newer });
    expect(status).toMatchObject({ pending: [], unfinishedRun: null, pack: { id: 'shop' } });
    expect(status.ledger.find(({ version }) => version === '9999_future')?.source).toBe('unknown');
    expect(status.highlights).toEqual([{ label: 'members', rows: { value: 20, isExact: true } }]);
    expect(folderState(file.replace(/\/[^/]*$/, ''))).toEqual(before);
  });

  it('V02: no plan, no run and no other work writes into it', async () => {
    const file = oddShop(folder, { sql: future });

    expect(await codeOfPromise(planOf(file))).toBe('E_NEWER_SCHEMA');
    expect(await codeOfPromise(upgradeShop(file))).toBe('E_NEWER_SCHEMA');
    expect(await endingOf(file, pack, { toPhase: 1 })).toMatchObject(refusedWhole('E_NEWER_SCHEMA'));
    const secrets = {
      path: file,
      backupFolder: backupFolderOf(file),
      lockFolder: `${file}-locks`,
      runId: 'r',
      appVersion: '0',
    };
    expect(await codeOfPromise(clearPlainSecrets(secrets, [pack]))).toBe('E_NEWER_SCHEMA');
  });

  it('V08: the version before, which lacks a step, refuses what the later one upgraded', async () => {
    const file = oddShop(folder);
    await upgradeShop(file);
    const older = shopPack({ '0001_person': shopMigrations['0001_person'] });

    expect((await inspect(file, 'schema', [older])).file.readOnlyReason).toMatchObject(newer);
    expect(await endingOf(file, older, { toPhase: 1 })).toMatchObject(refusedWhole('E_NEWER_SCHEMA'));
  });

  it('V03: an unknown step in the middle counts like one at the end', async () => {
    const sql = `INSERT INTO schema_migrations VALUES ('0001_zwischen', '', '')`;
    expect(await endingOf(oddShop(folder, { sql }), pack, { toPhase: 1 })).toMatchObject(
      refusedWhole('E_NEWER_SCHEMA'),
    );
  });
});

describe('records', () => {
  it('V03: a gap is refused by the plan and by the run', async () => {
    const file = oddShop(folder);
    await upgradeShop(file);
    change(file, `DELETE FROM _phasewise_migrations WHERE id = '0001_person'`);

    const finding = (await planOf(file)).preflight.find(({ id }) => id === 'records');
    expect(finding).toMatchObject({ state: 'blocking', error: { code: 'E_LEDGER_TAMPERED' } });
    expect(await endingOf(file, pack, { toPhase: 1 })).toMatchObject(refusedWhole('E_LEDGER_TAMPERED'));
  });

  it('V03: the order of recording is not believed, only what holds', async () => {
    const file = oddShop(folder);
    await upgradeShop(file);
    change(file, `UPDATE _phasewise_migrations SET seq = 3 - seq`);

    expect(await endingOf(file, pack, { toPhase: 1 })).toMatchObject(refusedWhole('E_NOTHING_TO_DO'));
  });

  it('V04: another source of a recorded step is named by the plan and stops the run', async () => {
    const file = oddShop(folder);
    await upgradeShop(file);
    change(file, `UPDATE _phasewise_migrations SET checksum = 'other' WHERE id = '0002_note_length'`);

    const finding = (await planOf(file)).preflight.find(({ id }) => id === 'records');
    expect(finding?.error).toMatchObject({ code: 'E_CHECKSUM_DRIFT', details: { migration: '0002_note_length' } });
    expect(await endingOf(file, pack, { toPhase: 1 })).toMatchObject(refusedWhole('E_CHECKSUM_DRIFT'));
  });

  it('V06: recorded but gone, and there but not recorded, are put right by the plan', async () => {
    const gone = oddShop(folder);
    await upgradeShop(gone);
    change(gone, 'DROP TABLE person');
    expect((await planOf(gone)).steps).toMatchObject([{ migrationId: '0001_person', reason: 'repair' }]);
    expect(await endingOf(gone, pack, { toPhase: 1 })).toMatchObject({ kind: 'upgraded' });

    const unrecorded = oddShop(folder);
    await upgradeShop(unrecorded);
    change(
      unrecorded,
      `DELETE FROM _phasewise_migrations; DELETE FROM schema_migrations WHERE version LIKE '000%'; DELETE FROM _phasewise_checkpoints`,
    );
    expect(await endingOf(unrecorded, pack, { toPhase: 1 })).toMatchObject(upgradedWhole);
  });

  it.each([
    [
      'without its key',
      `ALTER TABLE _phasewise_migrations RENAME TO x; CREATE TABLE _phasewise_migrations AS SELECT * FROM x; DROP TABLE x`,
    ],
    ['that is a view', `ALTER TABLE _phasewise_runs RENAME TO x; CREATE VIEW _phasewise_runs AS SELECT * FROM x`],
  ])('V05: one of our own tables %s is not ours', async (_, sql) => {
    const file = oddShop(folder);
    await upgradeShop(file);
    change(file, sql);

    expect(await endingOf(file, pack, { toPhase: 1 })).toMatchObject(refusedWhole('E_NAME_COLLISION'));
  });
});

describe("the program's own list of steps", () => {
  const like = (columns: string, more = '') =>
    `DROP TABLE schema_migrations; CREATE TABLE schema_migrations (${columns})${more}; INSERT INTO schema_migrations (version, note, applied_at) VALUES ('shop_1', 'x', 'y')`;

  it.each<[string, string]>([
    ['is a view', `ALTER TABLE schema_migrations RENAME TO x; CREATE VIEW schema_migrations AS SELECT * FROM x`],
    [
      'is a view that takes rows and drops them',
      `ALTER TABLE schema_migrations RENAME TO x; CREATE VIEW schema_migrations AS SELECT * FROM x; CREATE TRIGGER t INSTEAD OF INSERT ON schema_migrations BEGIN SELECT 1; END`,
    ],
    [
      'is a virtual table',
      `DROP TABLE schema_migrations; CREATE VIRTUAL TABLE schema_migrations USING fts5 (version, note, applied_at)`,
    ],
    ['swallows rows', `CREATE TRIGGER t BEFORE INSERT ON schema_migrations BEGIN SELECT RAISE(IGNORE); END`],
    [
      'wants one value more',
      `DROP TABLE schema_migrations; CREATE TABLE schema_migrations (version TEXT PRIMARY KEY, note, applied_at, who TEXT NOT NULL)`,
    ],
    [
      'turns names into numbers',
      like('version TEXT PRIMARY KEY, note INTEGER, applied_at REAL', ' STRICT').replace(/'x', 'y'/, '1, 1.5'),
    ],
    ['limits the length of names', like('version TEXT CHECK (length(version) < 9), note, applied_at')],
    ['takes each time of day once', like('version TEXT PRIMARY KEY, note TEXT, applied_at TEXT UNIQUE')],
    ['has a function of another program in an index', `CREATE INDEX i ON schema_migrations (note)`],
    [
      'names one step twice',
      `${like('version, note, applied_at')}; INSERT INTO schema_migrations VALUES ('shop_1', '', '')`,
    ],
    ['names one step twice in other letters', `INSERT INTO schema_migrations VALUES ('Shop_1', '', '')`],
    ['writes one of our steps in other letters', `INSERT INTO schema_migrations VALUES ('0001_Person', '', '')`],
    ['has an entry without a name', `INSERT INTO schema_migrations VALUES (NULL, '', '')`],
    ['has a name of bytes', `INSERT INTO schema_migrations VALUES (x'00ff', '', '')`],
  ])('V05: that %s is refused before anything, by plan and run', async (what, sql) => {
    const definitions = what.includes('function') ? { i: 'CREATE INDEX i ON schema_migrations (secret_of(note))' } : {};
    const file = oddShop(folder, { sql: `${sql};`, definitions });
    const expected = what.includes('function') ? ['E_LEDGER_TAMPERED', 'E_CORRUPT'] : ['E_LEDGER_TAMPERED'];

    expect(expected).toContain(await codeOfPromise(planOf(file)));
    const ending = await endingOf(file, pack, { toPhase: 1 });
    expect(ending).toMatchObject({ kind: 'refused', wrong: [] });
    expect(expected).toContain(await codeOfPromise(upgradeShop(file)));
  });

  it.each<[string, string]>([
    ['without rowids', like('version TEXT PRIMARY KEY, note, applied_at', ' WITHOUT ROWID')],
    ['strict', like('version TEXT PRIMARY KEY, note TEXT, applied_at TEXT', ' STRICT')],
    [
      'of numbers by affinity, and a column more',
      like('version NUMERIC, note REAL, applied_at INTEGER, more DEFAULT 1'),
    ],
  ])('V05: that is %s keeps what is written, and is used', async (_, sql) => {
    expect(await endingOf(oddShop(folder, { sql }), pack, { toPhase: 1 })).toMatchObject(upgradedWhole);
  });
});

describe('the clock', () => {
  it.each([
    ['20 years back', Date.UTC(2006, 0, 1)],
    ['20 years ahead', Date.UTC(2046, 0, 1)],
    ['at a second that summer time has twice', Date.UTC(2026, 9, 25, 1)],
  ])('V07: %s, an upgrade is stopped, goes on, and the order of records is that of the work', async (_, start) => {
    const file = oddShop(folder);
    await upgradeShop(file, { more: { tuning: manyChunks, ...stopInNotes(), clock: () => start } });
    let now = start;
    const jumping = () => (now -= 3_600_000); // an hour back at every look

    const report = await upgradeShop(file, { more: { clock: jumping } });

    expect(report.error).toBeUndefined();
    expect(ask(file, `SELECT id FROM _phasewise_migrations ORDER BY seq`)).toEqual([
      { id: '0001_person' },
      { id: '0002_note_length' },
    ]);
    expect(ask(file, `SELECT state FROM _phasewise_runs ORDER BY rowid`)).toHaveLength(2);
  });

  it('V07: backups of the same millisecond have names of their own', async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1), toFake: ['Date'] });
    try {
      const file = oddShop(folder);
      const first = await upgradeShop(file, { input: { toPhase: 0 } });
      const second = await upgradeShop(file);
      expect(first.backup?.path).not.toBe(second.backup?.path);
    } finally {
      vi.useRealTimers();
    }
  });
});

it('V06: a phase that removes something and was begun is gone on with, not left: said by plan and run', async () => {
  const whole = cleanupShop();
  const file = oddShop(folder);
  await upgradeShop(file, { pack: whole });
  const control = createControl();
  await upgradeShop(file, {
    pack: whole,
    control,
    input: { toPhase: 2, isRemovalConfirmed: true },
    more: {
      probe: (point, id) => void (point === 'step-applied' && id.startsWith('0003') && control.request('cancel')),
    },
  });

  const wanted = {
    appError: { code: 'E_INTERRUPTED', nextStep: 'Go on to phase 2, or restore the backup that was made before it.' },
  };
  await expect(makePlan({ path: file, toPhase: 1, backupFolder: backupFolderOf(file) }, [whole])).rejects.toMatchObject(
    wanted,
  );
  await expect(upgradeShop(file, { pack: whole, input: { toPhase: 1 } })).rejects.toMatchObject(wanted);
  const report = await upgradeShop(file, { pack: whole, input: { toPhase: 2, isRemovalConfirmed: true } });
  expect(report.error).toBeUndefined();
});

function stopInNotes() {
  const control = createControl();
  return {
    control,
    probe: (point: string, id: string) =>
      void (point === 'chunk' && id.includes('lengths') && control.request('cancel')),
  };
}
