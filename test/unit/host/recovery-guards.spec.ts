import { lstatSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { intentFile } from '@shared/beside.ts';
import { appError, err, ok, type Result, safetyText } from '@shared/errors.ts';
import { stampOf } from '@shared/file-stamp.ts';
import type { BackupRecord, RunReport } from '@shared/run.ts';
import type { CheckResult, DatabaseStatus } from '@shared/status.ts';
import type { Backups } from '@host/backups.ts';
import { createBusy } from '@host/busy.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { Engines } from '@host/engines.ts';
import { createEventBus } from '@host/events.ts';
import { createOngoing } from '@host/ongoing.ts';
import { processIdentity } from '@host/process-identity.ts';
import { createRecoveries } from '@host/recovery.ts';
import { appendToJournal, journalFolder, type JournalLine } from '@host/run-journal.ts';
import { withVerdict } from '@host/verdict.ts';
import { expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { backup } from '../renderer/values.ts';

/** What must not be said, noted or closed about something that was interrupted. */

vi.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));

const folder = temporaryFolder();
const AT = '2026-11-21T14:00:00.000Z';
/** Of a process that nobody has. */
const GONE = 999_999_999;
const SHA = 'a'.repeat(64);

type Answer = Result<unknown> | ((input: Record<string, unknown>) => Result<unknown>);

/** A house with one database, whose engine answers what the spec says. */
function setUp(answers: Record<string, Answer> = {}, known: BackupRecord[] = []) {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const [dataFolder, file] = [path.join(home, 'data'), path.join(home, 'a.db')];
  writeFileSync(file, 'bytes');
  const database: OpenEntry = { handle: 'h', name: 'a.db', folder: home, path: file };
  const asked: string[] = [];
  const askAlone = (_: string, name: string, input: Record<string, unknown>) => {
    asked.push(name);
    const answer = answers[name] ?? ok(name === 'listBackups' ? [] : null);
    return { answer: Promise.resolve(typeof answer === 'function' ? answer(input) : answer), child: null };
  };
  const engines = { askAlone } as unknown as Engines;
  const busy = createBusy();
  const events = createEventBus();
  const recoveries = createRecoveries({
    ...{ events, busy, ongoing: createOngoing(events), dataFolder, appVersion: '0', engines },
    backups: {
      list: () => Promise.resolve(ok({ backups: known })),
      show: () => {},
      noteCheck: () => {},
    } as unknown as Backups,
    recents: { files: () => [] },
  });
  const runs = journalFolder(dataFolder, file);
  const journal = (runId: string, kind: string, lines: object[] = [], more: object = {}): void => {
    const started = { type: 'started', at: AT, runId, kind, path: file, toPhase: 1, pid: GONE, appVersion: '0' };
    for (const line of [{ ...started, plan: null, ...more }, ...lines])
      appendToJournal(runs, runId, { at: AT, ...line } as JournalLine);
  };
  const textOf = (runId: string): string => readFileSync(path.join(runs, `${runId}.jsonl`), 'utf8');
  const note = (text: string | object) =>
    writeFileSync(intentFile(file), typeof text === 'string' ? text : JSON.stringify(text));
  return { home, file, database, engines, asked, busy, recoveries, journal, textOf, note };
}

const applied = { type: 'applied', migrationId: 'one', ms: 3 };
const backedUp = { type: 'backup', backupPath: '/b/b1.db', sha256: SHA, verified: true };
const record = (id: string, change: Partial<BackupRecord> = {}): BackupRecord =>
  backup({ id, path: `/b/${id}.db`, folder: '/b', sha256: SHA, runId: 'r1', ...change });

/** Of a file with one step of two. */
function statusWith(change: { reached?: boolean; readOnly?: string; isUnfinished?: boolean; health?: string } = {}) {
  const { reached = false, readOnly, isUnfinished = true, health = 'healthy' } = change;
  const migrations = ['one', 'two'].map((id, at) => ({
    ...{ id, title: `Do ${id}`, state: reached || at === 0 ? 'applied' : 'pending' },
  }));
  return {
    file: { readOnlyReason: readOnly === undefined ? null : { code: readOnly }, sizeBytes: 1 },
    phases: [{ number: 1, migrations }],
    phaseReached: reached ? 1 : null,
    health: { state: health, summary: '', checks: [], foreignKeyViolations: null },
    unfinishedRun: isUnfinished ? { runId: 'r1', startedAt: AT, toPhase: 1, stoppedAt: 'Do two' } : null,
    runs: [],
    unfinishedRestore: null,
  } as unknown as DatabaseStatus;
}

const restoreNote = {
  ...{ format: 'phasewise-restore 1', startedAt: AT, databaseName: 'a.db', way: 'in-place', source: 'backup' },
  ...{ backupPath: '/b/b1.db', sha256: SHA, files: [], quarantine: null, beforePath: null },
};

it('an interrupted restore cannot be left as it is, nor can what was interrupted before it', async () => {
  const { database, recoveries, journal, textOf, note } = setUp({ inspect: ok(statusWith()) });
  journal('r1', 'upgrade', [backedUp, applied]);
  note(restoreNote);
  const before = textOf('r1');

  await recoveries.stay(database);

  expect(textOf('r1')).toBe(before);
});

it('nothing is called interrupted while another Phasewise works on a file that is busy', async () => {
  const { database, recoveries, journal } = setUp({ inspect: err(appError('E_DB_BUSY', 'busy')) });
  journal('r1', 'upgrade', [backedUp, applied]);
  const living = { pid: process.ppid, process: processIdentity(process.ppid), order: 2 };
  journal('b1', 'backup', [], living);

  expect(await recoveries.get(database)).toBeNull();
});

it('nothing is called interrupted either that is gone on with here while it is looked at', async () => {
  const given = setUp({
    inspect: () => {
      given.busy.take(given.file, 'upgrade'); // the look lets go of the file for it
      return err(appError('E_RUN_ACTIVE', 'An upgrade of this database is running.'));
    },
  });
  given.journal('r1', 'upgrade', [backedUp]);

  expect(await given.recoveries.get(given.database)).toBeNull();
});

it('a check that nobody misses is not made, and none at all while something runs', async () => {
  const { file, database, asked, busy, recoveries, journal } = setUp({ inspect: ok(statusWith()) });
  journal('r1', 'upgrade', [backedUp, applied]);

  expect(await recoveries.check(database)).toMatchObject({ ok: false, error: { code: 'E_NOTHING_TO_DO' } });
  busy.take(file, 'backup', { isTrial: true });
  expect(await recoveries.check(database)).toMatchObject({ ok: false, error: { code: 'E_RUN_ACTIVE' } });

  expect(asked).not.toContain('verify');
});

it('a verdict is noted of an upgrade, and of nothing else that was interrupted', () => {
  const { database, recoveries, journal, textOf } = setUp();
  journal('r1', 'restore');
  const before = textOf('r1');

  recoveries.noteVerdict(database, { toPhase: 4, checks: [], error: null });

  expect(textOf('r1')).toBe(before);
});

it('a file that a newer Phasewise went on with is not taken for another one', async () => {
  const newer = ok(statusWith({ readOnly: 'E_NEWER_SCHEMA', isUnfinished: false }));
  const { database, recoveries, journal, textOf } = setUp({ inspect: newer });
  journal('r1', 'upgrade', [backedUp, applied]);

  expect(await recoveries.get(database)).not.toBeNull();
  expect(textOf('r1')).not.toContain('settled');
});

it('a file too large to be checked in time was looked at all the same; a damaged one is told of', async () => {
  for (const [code, health] of [
    ['E_TIMEOUT', 'The file was opened just now and can be read.'],
    ['E_CORRUPT', 'The file could not be looked at just now: no.'],
  ] as const) {
    const inspect = ({ check }: Record<string, unknown>) =>
      check === 'schema' ? ok(statusWith({ health: 'not-checked' })) : err(appError(code, 'no.'));
    const { database, recoveries, journal } = setUp({ inspect });
    journal('r1', 'upgrade', [backedUp, applied]);

    expect((await recoveries.get(database))?.reasons[0]).toBe(health);
  }
});

it.each([true, false])(
  'the undoing of a restore is offered to be finished while its files are there: %s',
  async (isThere) => {
    const { home, database, recoveries, note } = setUp({ inspect: ok(statusWith()) });
    const replaced = path.join(home, 'a.db replaced-Abc123');
    if (isThere) mkdirSync(replaced);
    if (isThere) writeFileSync(path.join(replaced, 'a.db'), 'bytes');
    const files = [{ suffix: '', sha256: SHA }];
    note({ ...restoreNote, way: 'by-file', source: 'replaced', backupPath: replaced, files });

    const recovery = await recoveries.get(database);

    expect(recovery?.where.includes(`no longer whole: ${replaced}`)).toBe(!isThere);
  },
);

it('beside a note that cannot be read no backup is named that is no longer good', async () => {
  const broken = { state: 'broken', verified: false } as const;
  const known = [record('b2'), record('b1', { reason: 'before restore', ...broken })];
  const verifyBackup = ({ backupPath }: Record<string, unknown>) => ok(known.find((each) => each.path === backupPath));
  const { database, recoveries, note } = setUp({ inspect: ok(statusWith()), verifyBackup }, known);
  note('{"format":');

  const told = (await recoveries.get(database))?.reasons.join('\n');

  expect(told).toContain('b2.db');
  expect(told).not.toContain('b1.db');
});

it('a backup that became another one since it was read is read again', async () => {
  const place = mkdtempSync(path.join(folder, 'backups-'));
  const own = record('b1', { path: path.join(place, 'b1.db'), folder: place });
  writeFileSync(own.path, 'good');
  const { database, asked, recoveries, journal } = setUp({ inspect: ok(statusWith()), verifyBackup: ok(own) }, [own]);
  journal('r1', 'upgrade', [{ ...backedUp, backupPath: own.path }, applied]);
  const timesRead = () => asked.filter((name) => name === 'verifyBackup').length;

  await recoveries.get(database);
  await recoveries.get(database);
  expect(timesRead()).toBe(1);
  writeFileSync(own.path, 'damaged');
  await recoveries.get(database);
  expect(timesRead()).toBe(2);
});

const unmet: CheckResult = { id: 'kept', title: 'Everything is kept', state: 'unmet', summary: 'No.', evidence: [] };
const report = (leftAs: RunReport['leftAs']): RunReport => ({
  ...{ runId: 'r1', ok: true, fileName: 'a.db', packId: 'kroma', fromPhase: null, toPhase: 1, startedAt: AT },
  ...{ finishedAt: AT, migrations: [], backfills: [], backup: record('b1'), verified: false, checks: [] },
  ...{ issues: [], tables: [], ...(leftAs ? { leftAs } : {}) },
});
const leftNow = (file: string) => stampOf(lstatSync(file, { bigint: true }));

it.each<[string, boolean, (file: string) => void]>([
  ['nobody has written since', false, () => {}],
  ['somebody has written to the file since', true, (file) => writeFileSync(file, 'other bytes')],
  ['somebody has written to a log beside it since', true, (file) => writeFileSync(`${file}-wal`, 'a log')],
  ['there is an empty log', false, (file) => writeFileSync(`${file}-wal`, '')],
])('what a final check misses may be the work of others where %s: %s', async (_, isWritten, write) => {
  const { file, database, engines, recoveries, journal } = setUp({
    inspect: ok(statusWith({ reached: true })),
    verify: ok({ checks: [unmet] }),
  });
  const leftAs = leftNow(file);
  journal('r1', 'upgrade', [backedUp, applied, { type: 'migrated', report: report(leftAs) }]);
  write(file);

  const atOnce = await withVerdict(engines, file, report(leftAs));
  const later = await recoveries.check(database);

  for (const error of [atOnce?.error, later.ok ? later.value.error : null]) {
    expect(error).toMatchObject({ code: 'E_VERIFY_FAILED', safety: safetyText.unknown });
    expect(error?.message.includes('Another program has written')).toBe(isWritten);
  }
});

it.each([
  ['inspect', ['inspect']],
  ['verifyBackup', ['inspect', 'verifyBackup']],
])('what a restore overtook in the middle of %s is no answer any more, nor begun again', async (name, all) => {
  const refused = err(appError('E_RUN_ACTIVE', 'A backup of this database is being restored.'));
  let [times, free]: [number, Result<() => void> | null] = [0, null];
  const overtaken = (): Result<unknown> => {
    free ??= busy.take(file, 'restore');
    times += 1;
    if (name === 'inspect' && times < 3) return refused;
    if (free.ok) free.value();
    return name === 'inspect' ? ok(statusWith()) : ok(record('b1'));
  };
  const { busy, file, database, recoveries, asked, journal } = setUp({ inspect: ok(statusWith()), [name]: overtaken });
  journal('r1', 'upgrade', [backedUp, applied]);

  expect(await recoveries.get(database)).toBeNull();
  expect(asked).toEqual(all);
});

it('a backup that is made meanwhile changes nothing, so what was found is told', async () => {
  const { busy, file, database, recoveries, journal } = setUp({
    inspect: () => {
      const free = busy.take(file, 'backup');
      if (free.ok) free.value(true);
      return ok(statusWith());
    },
  });
  journal('r1', 'upgrade', [applied]);

  expect(await recoveries.get(database)).toMatchObject({ kind: 'upgrade' });
});
