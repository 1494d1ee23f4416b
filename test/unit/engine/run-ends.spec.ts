import Database, { SqliteError } from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isUnread } from '@shared/disk-error.ts';
import { appError, coded, type ErrorCode, type Safety, safetyText } from '@shared/errors.ts';
import { createControl } from '@engine/control.ts';
import type { Pack, Proof } from '@engine/migration.ts';
import { notClosed } from '@engine/run-end.ts';
import type { RunPoint } from '@engine/session.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { cleanupShop, eventTable } from '../../support/engine/cleanup-shop.ts';
import { packWith } from '../../support/engine/pack-with.ts';
import { ask, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** The end of a run and of its phases: what is said of it, and what is noted. */

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());
const change = (file: string, sql: string): void => void new Database(file).exec(sql).close();
const reached = (file: string) => ask(file, `SELECT phase FROM _phasewise_checkpoints ORDER BY phase`);

/** From now on the log cannot be written back. */
function fillDisk(): void {
  const really = Database.prototype.pragma;
  vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, ...args) {
    if (args[0] === 'wal_checkpoint(TRUNCATE)') throw new SqliteError('database or disk is full', 'SQLITE_FULL');
    return really.apply(this, args);
  });
}
const atTheEnd = (point: RunPoint): void => void (point === 'finished' && fillDisk());

describe('a file that cannot be closed whole', () => {
  it('is not one that was upgraded well', async () => {
    const file = makeShop(folder, { wal: true });

    const report = await upgradeShop(file, { more: { probe: atTheEnd } });

    expect(report).toMatchObject({ ok: false, error: { code: 'E_NO_SPACE' } });
  });

  it('does not hide why the run failed', async () => {
    const file = makeShop(folder, { wal: true });

    const report = await upgradeShop(file, {
      pack: packWith({ shape: () => ['the table moon is missing'] }),
      more: { probe: atTheEnd },
    });

    expect(report.error?.message).toContain('the table moon is missing');
  });

  it('does not hide why the run was refused', async () => {
    const file = makeShop(folder, { wal: true });
    const assertPlan = (): never => {
      fillDisk();
      throw coded('E_STATE_CHANGED', 'It is another one by now.');
    };

    expect(await codeOfPromise(upgradeShop(file, { more: { assertPlan } }))).toBe('E_STATE_CHANGED');
  });

  it('on a full disk is still one that a person has stopped', async () => {
    const file = makeShop(folder, { wal: true });
    const control = createControl();
    const probe = (point: RunPoint): void => (point === 'step-applied' ? control.request('cancel') : atTheEnd(point));

    const report = await upgradeShop(file, { control, more: { probe } });

    expect(report.error).toMatchObject({ code: 'E_CANCELLED', safety: safetyText['whole-step'] });
  });
});

describe('of what went wrong first and what then kept the file from being closed', () => {
  const said = (code: ErrorCode, safety: Safety) => appError(code, code, undefined, { safety });

  it.each<[string, [ErrorCode, Safety], [ErrorCode, Safety], [ErrorCode, Safety]]>([
    ['is at no whole step', ['E_CORRUPT', 'unknown'], ['E_NO_SPACE', 'whole-step'], ['E_CORRUPT', 'unknown']],
    ['was moved away', ['E_PATH_CHANGED', 'moved-away'], ['E_IO', 'unknown'], ['E_PATH_CHANGED', 'moved-away']],
    ['has no backup any more', ['E_BACKUP_GONE', 'step-only'], ['E_IO', 'unknown'], ['E_BACKUP_GONE', 'unknown']],
    ['was stopped', ['E_CANCELLED', 'whole-step'], ['E_NO_SPACE', 'unknown'], ['E_NO_SPACE', 'unknown']],
  ])('no more is said of a file that %s than is known, and nothing is left to a fresh look', (_, one, other, told) => {
    const error = notClosed(said(...one), said(...other));

    expect([error.code, error.safety]).toEqual([told[0], safetyText[told[1]]]);
    expect([error.message, error.details]).toEqual([told[0], undefined]);
  });
});

describe('a disk that fails', () => {
  /** The next commit behind the statement that notes the end, or the first of a step. @returns how often the end was noted. */
  function failCommit(which: 'end' | 'step', code: string): () => number {
    const { prepare, exec } = Database.prototype;
    let [ends, isDue] = [0, false];
    vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Database.Database, sql: string) {
      const isEnd = sql.includes('SET state = ?, finished_at');
      if (isEnd) ends += 1;
      if (which === 'end' ? isEnd : sql.includes('INSERT INTO _phasewise_migrations')) isDue = true;
      return prepare.call(this, sql);
    } as typeof prepare);
    vi.spyOn(Database.prototype, 'exec').mockImplementation(function (this: Database.Database, sql: string) {
      if (sql !== 'COMMIT' || !isDue) return exec.call(this, sql);
      isDue = false;
      throw new SqliteError('disk I/O error', code);
    });
    return () => ends;
  }

  it('under the end of a run that was stopped is told, and the file is to be read', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const probe = (point: RunPoint) => void (point === 'step-applied' && control.request('cancel'));
    failCommit('end', 'SQLITE_IOERR_FSYNC');

    const { error } = await upgradeShop(file, { control, more: { probe } });

    expect(error).toMatchObject({ code: 'E_IO', safety: safetyText.unknown, details: { isStopped: true } });
    expect(error?.message).toMatch(/^It was stopped .* The disk reported an error/);
    expect(error && isUnread(error)).toBe(true);
  });

  it('under the end of a run that had failed is told too, and the file is to be read', async () => {
    const file = makeShop(folder);
    failCommit('end', 'SQLITE_IOERR_FSYNC');

    const { error } = await upgradeShop(file, { pack: packWith({ shape: () => ['the table moon is missing'] }) });

    expect(error?.message).toMatch(/the table moon is missing.* The disk reported an error/);
    expect([error?.code, error?.safety]).toEqual(['E_VERIFY_FAILED', safetyText.unknown]);
    expect(error && isUnread(error)).toBe(true);
  });

  it.each(['SQLITE_IOERR_FSYNC', 'SQLITE_IOERR_UNLOCK'])('with %s in a step is not written to again', async (code) => {
    const file = makeShop(folder);
    const ends = failCommit('step', code);

    const { error } = await upgradeShop(file);

    expect(error?.safety).toBe(safetyText.unknown);
    expect(ends()).toBe(0);
  });
});

it('a run that cannot note that it is over is not over', async () => {
  const file = makeShop(folder);
  const really = Database.prototype.prepare;
  vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Database.Database, sql: string) {
    if (sql.includes('SET state = ?, finished_at')) throw new SqliteError('database or disk is full', 'SQLITE_FULL');
    return really.call(this, sql);
  } as typeof really);

  const report = await upgradeShop(file);

  expect(report).toMatchObject({ ok: false, error: { code: 'E_NO_SPACE' } });
  vi.restoreAllMocks();
  expect(ask(file, `SELECT state FROM _phasewise_runs`)).toEqual([{ state: 'running' }]);
});

it.each<[string, RunPoint, number]>([
  ['when its steps are applied', 'step-applied', 1],
  ['when the whole file was checked', 'checked', 1],
  ['when the backup is made', 'backed-up', 0],
])('a run that is stopped %s has not reached its phase', async (_, at, phases) => {
  const file = makeShop(folder);
  const control = createControl();
  const probe = (point: RunPoint, id: string) =>
    void (point === at && id !== '0001_person' && control.request('cancel'));

  const report = await upgradeShop(file, { control, more: { probe } });

  expect(report.error?.code).toBe('E_CANCELLED');
  if (phases > 0) expect(reached(file)).toEqual([{ phase: 0 }]);
  else expect(ask(file, `SELECT 1 FROM sqlite_schema WHERE name = '_phasewise_migrations'`)).toEqual([]);
});

describe('the conditions of a phase', () => {
  /** The shop, and what the condition of its phase was told about edited rows. */
  function listening(): { pack: Pack; heard: (boolean | undefined)[] } {
    const heard: (boolean | undefined)[] = [];
    const pack = shopPack();
    const phases = pack.phases.map((phase) => ({
      ...phase,
      exitCriteria: phase.exitCriteria.map((criterion): typeof criterion => ({
        ...criterion,
        check(db, schema, proof?: Proof) {
          if (phase.number === 1 && db.inTransaction) heard.push(proof?.mayBeEdited);
          return criterion.check(db, schema);
        },
      })),
    }));
    return { pack: { ...pack, phases }, heard };
  }

  it('allow for edited rows once it was reached before', async () => {
    const { pack, heard } = listening();
    const file = makeShop(folder);
    await upgradeShop(file, { pack });
    change(file, `DELETE FROM person WHERE id = 'm000001'`);

    await upgradeShop(file, { pack });

    expect(heard).toEqual([false, true]);
  });

  it('of the phases before are asked once more at the end', async () => {
    const base = cleanupShop();
    const check = (_: unknown, schema: { column(table: string, name: string): unknown }) => ({
      met: schema.column('note', 'content') === undefined,
      ...{ summary: 'Asked of the old names.', evidence: [] },
    });
    const criterion = { id: 'old', title: 'The old names lead', cost: 'schema' as const, check };
    const phases = base.phases.map((phase) => (phase.number === 1 ? { ...phase, exitCriteria: [criterion] } : phase));
    const pack = { ...base, phases };
    const file = makeShop(folder);
    expect((await upgradeShop(file, { pack, input: { toPhase: 1 } })).error).toBeUndefined();

    const report = await upgradeShop(file, { pack, input: { toPhase: 2, isRemovalConfirmed: true } });

    expect(report.error).toMatchObject({ code: 'E_VERIFY_FAILED', details: { phase: 1, unmet: 'old' } });
    expect(reached(file)).toEqual([{ phase: 0 }, { phase: 1 }]);
  });

  it('are not recorded as met by a list of events that ends the transaction', async () => {
    const base = cleanupShop();
    const { audit } = base;
    if (audit === undefined) throw new Error('the shop has no list of events');
    const record: typeof audit.record = (db, event) => (audit.record(db, event), void db.exec('COMMIT'));
    const file = makeShop(folder, { extra: eventTable });

    const report = await upgradeShop(file, { pack: { ...base, audit: { ...audit, record } }, input: { toPhase: 1 } });

    expect(report.error?.message).toContain('ended the transaction');
    expect(reached(file)).toEqual([]);
  });
});

it('a step whose shape is gone is applied again, also where no row tells of it', async () => {
  const file = makeShop(folder);
  await upgradeShop(file);
  change(file, 'ALTER TABLE note DROP COLUMN touched');

  const report = await upgradeShop(file);

  expect(report).toMatchObject({ ok: true, migrations: [{ id: '0002_note_length' }] });
});
