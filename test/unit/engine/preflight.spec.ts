import path from 'node:path';
import Database, { SqliteError } from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Plan, PreflightFinding } from '@shared/run.ts';
import type * as FileSystemModule from '@engine/file-system.ts';
import { writeIntent } from '@engine/intent.ts';
import type { Pack } from '@engine/migration.ts';
import { assertPlan, makePlan } from '@engine/plan.ts';
import { existingParent, planSpace, spaceProblem } from '@engine/space.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { backupFolderOf, inputFor, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { dieInTheMiddleOfAWrite, manyRows, otherProgram } from '../../support/other-program.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What a person is told before anything starts, and what stops it there. */

const disk = vi.hoisted(() => ({ free: null as ((folder: string) => number) | null }));
vi.mock('@engine/file-system.ts', async (original) => {
  const real = await original<typeof FileSystemModule>();
  return { ...real, freeBytes: (folder: string) => (disk.free ?? real.freeBytes)(folder) };
});
afterEach(() => {
  disk.free = null;
});

const folder = temporaryFolder();
const plan = (file: string, pack: Pack = shopPack(), toPhase = 1): Promise<Plan> =>
  makePlan({ path: file, toPhase, backupFolder: backupFolderOf(file) }, [pack]);
const finding = ({ preflight }: Plan, id: string): PreflightFinding | undefined =>
  preflight.find((each) => each.id === id);
const assertWith = (file: string, pack: Pack): string | null => {
  const db = new Database(file);
  try {
    return codeOf(() => assertPlan(db, pack, 1, inputFor(file)));
  } finally {
    db.close();
  }
};

describe('a plan', () => {
  it('warns of values that break a rule of their table: they are kept', async () => {
    const file = makeShop(folder, { extra: 'CREATE TABLE mine (a); INSERT INTO mine VALUES (NULL);' });
    const db = new Database(file).unsafeMode();
    db.exec(`PRAGMA writable_schema = 1;
      UPDATE sqlite_schema SET sql = 'CREATE TABLE mine (a NOT NULL)' WHERE name = 'mine'`);
    db.close();

    expect(finding(await plan(file), 'integrity')).toMatchObject({ state: 'warning' });
    expect(finding(await plan(makeShop(folder)), 'integrity')).toMatchObject({ state: 'ok' });
  });

  it('says that a write is undone first which a program was killed in', async () => {
    const file = makeShop(folder, { extra: manyRows(2_000) });
    const other = await otherProgram(file, dieInTheMiddleOfAWrite);
    await other.kill();

    expect(finding(await plan(file), 'recovery')).toMatchObject({ state: 'warning' });
    expect(finding(await plan(makeShop(folder)), 'recovery')).toMatchObject({ state: 'ok' });
  });

  it('counts what is in the log into the size of the file', async () => {
    const file = makeShop(folder, { wal: true });
    const other = await otherProgram(file, `db.exec(${JSON.stringify(manyRows(3_000))})`);
    await other.kill(); // what it wrote is in the log alone

    const { space } = await plan(file);

    expect(space.databaseBytes).toBeGreaterThan(300_000);
  });

  it('is refused for a newer file, and for one in which a later phase was begun', async () => {
    const newer = makeShop(folder, { extra: `INSERT INTO schema_migrations VALUES ('0999_later', '', '');` });
    expect(await codeOfPromise(plan(newer))).toBe('E_NEWER_SCHEMA');

    const begun = makeShop(folder);
    const probe = (point: string, id: string): void => {
      if (point === 'step-applied' && id === '0003_cut_over') throw new Error('stopped');
    };
    const input = { toPhase: 2, isRemovalConfirmed: true };
    await upgradeShop(begun, { pack: cleanupShop(), input, more: { probe } });
    expect(await codeOfPromise(plan(begun, cleanupShop(), 1))).toBe('E_INTERRUPTED');
  });

  it('is refused for a file in the middle of a restore: half of another file may stand in it', async () => {
    const file = makeShop(folder);
    writeIntent(file, {
      ...{ format: 'phasewise-restore 1', startedAt: '2026-01-01T00:00:00.000Z', databaseName: 'shop.db' },
      ...{ way: 'in-place', source: 'backup', files: [], quarantine: null, beforePath: null },
      ...{ sha256: 'f'.repeat(64), backupPath: path.join(backupFolderOf(file), 'gone.db') },
    });

    expect(await codeOfPromise(plan(file))).toBe('E_RESTORE_UNFINISHED');
  });

  it('takes a disk error for no answer, at whichever of its questions about the records it comes', async () => {
    const file = makeShop(folder);
    await upgradeShop(file, { input: { toPhase: 0 } });
    const really = Database.prototype.prepare;
    const codes: (string | null)[] = [];
    let isReached = true;
    for (let nth = 1; isReached; nth++) {
      let seen = 0;
      vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Database.Database, sql: string) {
        const isAsked = !this.memory && /FROM _phasewise_(migrations|backfills)/.test(sql);
        if (isAsked && (seen += 1) === nth) throw new SqliteError('disk I/O error', 'SQLITE_IOERR_READ');
        return really.call(this, sql);
      } as typeof really);
      // oxlint-disable-next-line no-await-in-loop -- one question after the other
      codes.push(await codeOfPromise(plan(file)));
      vi.restoreAllMocks();
      isReached = seen >= nth;
    }

    expect(codes.length).toBeGreaterThan(5);
    expect(new Set(codes.slice(0, -1))).toEqual(new Set(['E_IO']));
    expect(codes.at(-1)).toBeNull();
  });

  it('says what stands in new tables already, and is overwritten', async () => {
    const replaces = () => '3 rows of person are replaced.';

    expect(finding(await plan(makeShop(folder), { ...shopPack(), replaces }), 'replaced')).toMatchObject({
      state: 'warning',
      detail: '3 rows of person are replaced.',
    });
  });
});

it('two rows with the same key stop it where their table has lost the rule, in the plan and under the lock', async () => {
  const pack: Pack = { ...shopPack(), programUniques: { mine: [['a']] } };
  const file = makeShop(folder, { extra: 'CREATE TABLE mine (a); INSERT INTO mine VALUES (1), (1);' });

  expect(finding(await plan(file, pack), 'duplicates')).toMatchObject({
    state: 'blocking',
    error: { code: 'E_PREFLIGHT_DUPLICATES' },
  });
  expect(assertWith(file, pack)).toBe('E_PREFLIGHT_DUPLICATES');
});

it('a phase that could not be completed is not begun, by the plan either', async () => {
  const base = cleanupShop();
  const check = () => ({ met: false, summary: 'An issue row cannot be read.', evidence: [] });
  const criterion = { id: 'entry', title: 'Issue rows can be read', cost: 'data', isEntry: true, check } as const;
  const phases = base.phases.map((phase) => (phase.removesAnything ? { ...phase, exitCriteria: [criterion] } : phase));
  const pack = { ...base, phases };
  const file = makeShop(folder);
  const input = { toPhase: 2, isRemovalConfirmed: true };

  expect(finding(await plan(file, pack, 2), 'entry')).toMatchObject({
    state: 'blocking',
    error: { code: 'E_ISSUES_OPEN', message: expect.stringContaining('An issue row cannot be read.') as string },
  });
  expect(await codeOfPromise(upgradeShop(file, { pack, input }))).toBe('E_ISSUES_OPEN');
});

describe('room', () => {
  const facts = {
    ...{ growthBytes: 60e6, growthBeforeSecond: 10e6, isChanging: true, isWal: true, pageSizeBytes: 4096 },
    rebuild: { growthBytes: 0, writtenBytes: 0 },
  };
  const spaceFor = (free: (folder: string) => number, change: Partial<typeof facts> = {}) => {
    disk.free = free;
    const file = makeShop(folder);
    const request = { file, backupFolder: path.dirname(file), databaseBytes: 100e6, ...facts, ...change };
    return { file, space: planSpace(request) };
  };
  const bytesOf = ({ parts }: Plan['space'], beginning: string): number =>
    parts.find(({ label }) => label.startsWith(beginning))?.bytes ?? 0;

  it('is asked for of the larger backup for the trial, and for the log', () => {
    const { space } = spaceFor(() => 1e12);

    expect(bytesOf(space, 'A second backup')).toBe(110e6);
    expect(bytesOf(space, 'A trial copy')).toBe(110e6);
    expect(bytesOf(space, 'Write-ahead log')).toBeGreaterThan(70e6);
  });

  it.each([
    [true, 'Write-ahead log', 90e6, 4096, 90e6 * (1 + 24 / 4096) + 1_200 * 4096],
    [true, 'Write-ahead log', 10e6, 4096, 70e6 + 1_200 * 4096], // less than other steps write
    [false, 'Rollback journal', 90e6, 512, 90e6 * (1 + 24 / 512) - 35e6], // by the rest the file grows
    [false, 'Rollback journal', 10e6, 512, 30e6],
  ])('is asked for of all that is copied in one step (log: %s, %s, %d bytes in pages of %d)', (...given) => {
    const [isWal, label, writtenBytes, pageSizeBytes, expected] = given;
    const rebuild = { growthBytes: 35e6, writtenBytes };
    const { space } = spaceFor(() => 1e12, { isWal, pageSizeBytes, rebuild });

    expect(bytesOf(space, 'Rebuilding tables')).toBe(35e6);
    expect(bytesOf(space, label)).toBe(Math.ceil(expected));
  });

  it('is asked for of the disk for temporary files, too', () => {
    const { space, file } = spaceFor(() => 1e12);

    expect(spaceProblem(space, file, 'b')).toBeNull();
    expect(spaceProblem({ ...space, temporaryFreeBytes: 1e6 }, file, 'b')?.code).toBe('E_TEMP_UNAVAILABLE');
  });

  it('is asked of a folder that can be reached', () => {
    const unreachable = path.join(folder, 'x'.repeat(300));

    expect(() => existingParent(unreachable)).toThrow('cannot be reached (ENAMETOOLONG)');
  });

  it('of one disk is asked for once for all that lies on it, whatever the folders are called', () => {
    const file = makeShop(folder);
    disk.free = () => 1e12;
    const inside = path.join(path.dirname(file), 'not', 'made', 'yet');
    const space = planSpace({ file, backupFolder: inside, databaseBytes: 100e6, ...facts });

    expect(space.needBytes).toBeGreaterThanOrEqual(
      space.parts.filter((part) => part.disk !== 'temporary').reduce((sum, { bytes }) => sum + bytes, 0),
    );
  });
});
