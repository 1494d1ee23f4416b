import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { appError, ok, type Result } from '@shared/errors.ts';
import { Recovery, RecoveryNotice } from '@shared/recovery.ts';
import type { BackupRecord, RunReport } from '@shared/run.ts';
import type { CheckResult, DatabaseStatus, MigrationState } from '@shared/status.ts';
import type { Backups } from '@host/backups.ts';
import { recoveryText } from '../../../electron/cli/recovery-words.ts';
import { createBusy } from '@host/busy.ts';
import { databaseKey, type OpenEntry } from '@host/databases.ts';
import type { Engines } from '@host/engines.ts';
import { createEventBus } from '@host/events.ts';
import { isStillRunning, processIdentity } from '@host/process-identity.ts';
import { createRecoveries } from '@host/recovery.ts';
import { beginWork, type JournalLine, openRunJournal, startedLine } from '@host/run-journal.ts';
import { readHistory, readWorks } from '@host/works.ts';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
/** Of a process that nobody has. */
const GONE = 999_999_999;

type Line = Record<string, unknown> & { type: JournalLine['type'] };

/** A house with one database, journals written by hand, and an engine that answers what the test says. */
function setUp() {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const dataFolder = path.join(home, 'data');
  const file = path.join(home, 'a.db');
  writeFileSync(file, 'bytes');
  const database: OpenEntry = { handle: 'h', name: 'a.db', folder: home, path: file };
  const answers: Record<string, Result<unknown> | ((input: unknown) => Result<unknown>)> = {
    inspect: ok(status({ applied: 1 })),
    verify: ok({ checks: [check('met')] }),
    verifyBackup: ok(record('b1')),
    finishRestore: ok({ restored: record('b1'), before: null, replacedFolder: null }),
  };
  const asked: string[] = [];
  const askAlone = (_file: string, name: string, input: unknown) => {
    asked.push(`${name} ${JSON.stringify(input)}`);
    const answer = answers[name] ?? ok(null);
    return { answer: Promise.resolve(typeof answer === 'function' ? answer(input) : answer), child: null };
  };
  const events = createEventBus();
  const busy = createBusy((at, kind, runId, more) =>
    beginWork(dataFolder, { ...more, kind, path: at, runId, appVersion: '0' }),
  );
  let listed: BackupRecord[] = [];
  const recoveries = createRecoveries({
    ...{ events, busy, dataFolder, appVersion: '0' },
    engines: { askAlone } as unknown as Engines,
    backups: { list: () => Promise.resolve(ok({ backups: listed })) } as unknown as Pick<Backups, 'list'>,
    recents: { list: () => [] },
  });
  const runs = (databasePath = file) => path.join(dataFolder, 'runs', databaseKey(databasePath));
  let minute = 0;
  /** Writes the journal of a run; each starts a minute after the one before. */
  const journal = (runId: string, lines: Line[], more: Partial<Line> = {}): string => {
    mkdirSync(runs(), { recursive: true });
    const at = new Date(Date.UTC(2026, 10, 21, 14, (minute += 1))).toISOString();
    const started = { type: 'started', at, runId, path: file, toPhase: 1, pid: GONE, appVersion: '0', plan: null };
    const written = path.join(runs(), `${runId}.jsonl`);
    const all = [{ ...started, ...more }, ...lines.map((line) => ({ at, ...line }))];
    writeFileSync(written, all.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return written;
  };
  const list = (...records: BackupRecord[]) => (listed = records);
  return { home, dataFolder, file, database, answers, asked, busy, recoveries, runs, journal, list };
}

const check = (state: CheckResult['state']): CheckResult => ({
  ...{ id: 'kept', title: 'Everything is kept', state, summary: 'It is so.', evidence: [] },
});

const record = (id: string, state: BackupRecord['state'] = 'verified'): BackupRecord => ({
  ...{ id, path: `/b/${id}.db`, folder: '/b', databaseName: 'a.db', databasePath: '/a.db', createdAt: '' },
  ...{ reason: 'before phase 1', phase: null, variantTitle: '', sizeBytes: 1, sha256: '', pages: 1, runId: id },
  ...{ verified: state === 'verified', checks: [], lastCheck: null, state },
});

const beforeRestore = ({ path: databasePath }: OpenEntry, id: string, createdAt: string): BackupRecord => ({
  ...{ ...record(id), reason: 'before restore', runId: null, databasePath, createdAt },
});

const verified =
  (...records: BackupRecord[]) =>
  (input: unknown): Result<unknown> =>
    ok(records.find((each) => each.path === (input as { backupPath: string }).backupPath));

/** What a restore of a.db leaves beside it. */
const noteOf = (change: { sha256?: string; startedAt?: string; beforePath?: string }) => ({
  ...{ format: 'phasewise-restore 1', startedAt: '2026-11-21T14:00:00Z', databaseName: 'a.db', way: 'in-place' },
  ...{ source: 'backup', backupPath: '/b/b1.db', sha256: 'a'.repeat(64), files: [], quarantine: null },
  ...{ beforePath: null, ...change },
});

interface Shape {
  readonly applied: number;
  readonly next?: MigrationState;
  readonly phaseReached?: number | null;
  readonly unfinished?: string | null;
  readonly restore?: DatabaseStatus['unfinishedRestore'];
}

/** A database of three migrations. */
function status({ applied, next = 'pending', phaseReached = null, unfinished = 'r1', restore = null }: Shape) {
  const migrations = ['one', 'two', 'three'].map((title, index) => ({
    ...{ id: title, title: `Do ${title}`, phase: 1, kind: 'expand', appliedAt: null, durationMs: null, findings: [] },
    state: index < applied ? 'applied' : index === applied ? next : 'pending',
  }));
  return {
    file: { readOnlyReason: null },
    phases: [{ number: 1, migrations }],
    phaseReached,
    health: { state: 'healthy', summary: 'Your file is healthy.', checks: [], foreignKeyViolations: null },
    unfinishedRun: unfinished === null ? null : { runId: unfinished, startedAt: '', toPhase: 1, stoppedAt: 'Do two' },
    unfinishedRestore: restore,
  } as unknown as DatabaseStatus;
}

const backupLine: Line = { type: 'backup', backupPath: '/b/b1.db', sha256: '', verified: true };
const appliedLine: Line = { type: 'applied', migrationId: 'one', ms: 3 };
const report = (change: Partial<RunReport> = {}): RunReport => ({
  ...{ runId: 'r1', ok: true, fileName: 'a.db', packId: 'kroma', fromPhase: null, toPhase: 1, startedAt: '' },
  ...{ finishedAt: '', migrations: [], backfills: [], backup: record('b1'), verified: false, checks: [] },
  ...{ issues: [], tables: [], ...change },
});
const choicesOf = (recovery: Recovery | null) => recovery?.choices.map(({ id }) => id);

describe('an upgrade that was killed', () => {
  it('A10: is told: what was running, where it stopped, that the data is safe and why, what can be done', async () => {
    const { database, recoveries, journal } = setUp();
    journal('r1', [backupLine, appliedLine]);

    const recovery = await recoveries.get(database);

    expect(Recovery.parse(recovery)).toMatchObject({
      ...{ kind: 'upgrade', state: 'interrupted', runId: 'r1', toPhase: 1, stepsDone: 1, stepsTotal: 3 },
      ...{ isSafe: true, code: 'E_INTERRUPTED' },
      what: 'An upgrade to phase 1 was under way when Phasewise or the computer stopped.',
      where: 'It stopped after step 1 of 3, at “Do two”.',
      reasons: [
        'The file was opened and checked just now: it is whole.',
        'Every step is in it as a whole or not at all; what was under way was taken back.',
        'The backup from before was read again just now: it is byte for byte what was saved.',
      ],
    });
    expect(choicesOf(recovery)).toEqual(['continue', 'stay', 'restore']);
    expect(recovery?.choices[0]?.consequence).toContain('Goes on with step 2 of 3.');
    expect(recoveries.list().map((notice) => RecoveryNotice.parse(notice).what)).toEqual([recovery?.what]);
  });

  it('says so where rows of a step are done, and goes by the file where the journal knows less', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine]); // the last lines never reached the disk
    answers['inspect'] = ok(status({ applied: 2, next: 'started' }));

    const recovery = await recoveries.get(database);

    expect(recovery?.where).toBe('It stopped after step 2 of 3, in the middle of “Do three”.');
    expect(recovery?.reasons[1]).toContain('the rows that were done are kept');
  });

  it('tells what is being read while a large file is looked at, and nothing of what was read just now', async () => {
    const { database, recoveries, journal, list, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    list(record('b1'));
    const large = status({ applied: 1 });
    answers['inspect'] = ok({ ...large, file: { sizeBytes: 3e9 }, health: { ...large.health, state: 'not-checked' } });
    const told: string[] = [];
    const onLook = (now: string) => void told.push(now);

    await recoveries.get(database, { onLook });
    expect(told).toEqual(['Checking the whole file (3.0 GB)', 'Reading the backup “b1.db” again (0 bytes)']);

    await recoveries.get(database, { onLook });
    expect(told.slice(2)).toEqual(['Checking the whole file (3.0 GB)']);
  });

  describe('names the folder that its backups were sent to', () => {
    const begun = (...folders: string[]) => {
      const house = setUp();
      const [elsewhere, logs] = folders.map((name) => path.join(house.home, name)) as [string, string];
      for (const each of [elsewhere, logs]) mkdirSync(each);
      const planned = (backupFolder: string, more: Record<string, unknown> = {}) => ({
        plan: { backupFolder, ...more },
      });
      const told = async () => {
        const recovery = await house.recoveries.get(house.database);
        return [recovery?.backupFolder, recovery?.source];
      };
      return { ...house, elsewhere, logs, planned, told };
    };

    it('unless it is the one beside the database, and the files that it was told to read', async () => {
      const { file, journal, planned, told, elsewhere, logs } = begun('elsewhere', 'logs');
      mkdirSync(`${file} backups`);
      journal('r1', [backupLine, appliedLine], planned(`${file} backups`));
      expect(await told()).toEqual([undefined, undefined]);

      journal('r2', [backupLine], planned(elsewhere));
      expect(await told()).toEqual([elsewhere, undefined]);

      journal('r2b', [backupLine], planned(elsewhere, { source: { choice: 'chosen', folder: logs } }));
      expect(await told()).toEqual([elsewhere, { kind: 'folder', folder: logs }]);

      journal('r3', [backupLine]); // by a host that had no plan at hand: the part before it says where
      expect(await told()).toEqual([elsewhere, { kind: 'folder', folder: logs }]);

      for (const each of [elsewhere, logs]) rmSync(each, { recursive: true });
      expect(await told()).toEqual([undefined, undefined]);
    });

    it('unless it was the one beside the database when that had another name', async () => {
      const { home, runs, journal, planned, told } = begun('old.db backups', 'logs');
      journal('r1', [appliedLine], { path: path.join(home, 'old.db'), ...planned(path.join(home, 'old.db backups')) });
      renameSync(runs(), runs(path.join(home, 'old.db')));
      expect(await told()).toEqual([undefined, undefined]);
    });

    it('not where the file knows of no such upgrade: it may be another file by now', async () => {
      const { answers, journal, planned, told, elsewhere, logs } = begun('elsewhere', 'logs');
      journal('r1', [backupLine], planned(elsewhere, { source: { choice: 'chosen', folder: logs } }));
      expect(await told()).toEqual([elsewhere, { kind: 'folder', folder: logs }]);
      for (const unfinished of [null, 'of another file']) {
        answers['inspect'] = ok(status({ applied: 0, unfinished }));
        expect(await told()).toEqual([undefined, undefined]);
      }
    });
  });

  it('before its backup was finished can be begun again; there is nothing to go back to', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', []);
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));

    const recovery = await recoveries.get(database);

    expect(recovery).toMatchObject({ isSafe: true, backup: null, stepsDone: 0 });
    expect(choicesOf(recovery)).toEqual(['continue', 'stay']);
    expect(recovery?.reasons).toContain('No finished backup was found: before it has one, an upgrade changes nothing.');
  });

  it('is found in a journal whose last line was cut short, and later lines count again', async () => {
    const { database, recoveries, journal, dataFolder, file } = setUp();
    appendFileSync(journal('r1', [backupLine, appliedLine]), '{"type":"applied","migr');

    expect(await recoveries.get(database)).toMatchObject({ runId: 'r1', backup: { id: 'b1' } });

    await recoveries.stay(database);
    expect(await recoveries.get(database)).toBeNull();
    expect(readWorks(dataFolder, file)[0]).toMatchObject({ isClosed: true, applied: [{ migrationId: 'one' }] });
  });

  it('twice is one question, about the last time, with the backup from before the first', async () => {
    const { database, recoveries, journal, answers, asked } = setUp();
    journal('r1', [backupLine, appliedLine]);
    journal('r2', [{ ...backupLine, backupPath: '/b/b2.db' }]);
    answers['inspect'] = ok(status({ applied: 1, unfinished: 'r2' }));

    expect(await recoveries.get(database)).toMatchObject({ runId: 'r2', backup: { id: 'b1' } });
    expect(recoveries.list()).toHaveLength(1);
    expect(asked.filter((question) => question.startsWith('verifyBackup'))).toEqual([
      'verifyBackup {"backupPath":"/b/b1.db"}',
    ]);
  });

  it('and was continued and proven later is no question any more', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    journal('r2', [backupLine, { type: 'ended', report: report({ runId: 'r2', verified: true }) }]);
    answers['inspect'] = ok(status({ applied: 3, phaseReached: 1, unfinished: null }));

    expect(await recoveries.get(database)).toBeNull();
    expect(recoveries.list()).toEqual([]);
  });

  it('is asked about no more once the person lets it be, also where only the file knows of it', async () => {
    const { database, recoveries, journal } = setUp();
    journal('r1', [backupLine, appliedLine]);
    await recoveries.stay(database);
    expect([await recoveries.get(database), recoveries.list()]).toEqual([null, []]);

    const elsewhere = setUp(); // upgraded on another computer: there is no journal
    expect(await elsewhere.recoveries.get(elsewhere.database)).toMatchObject({ runId: 'r1', stepsDone: 1 });
    await elsewhere.recoveries.stay(elsewhere.database);
    expect(await elsewhere.recoveries.get(elsewhere.database)).toBeNull();
  });

  it('is found again after the file got another name, and not asked about under the old one', async () => {
    const { database, recoveries, journal, home, file } = setUp();
    journal('r1', [backupLine, appliedLine]);
    const renamed = path.join(home, 'b.db');
    renameSync(file, renamed);

    const recovery = await recoveries.get({ ...database, path: renamed, name: 'b.db' });

    expect(recovery).toMatchObject({ runId: 'r1', backup: { id: 'b1' }, startedAt: '2026-11-21T14:01:00.000Z' });
    expect(recoveries.list()).toEqual([]);
  });

  it('of a file that was deleted is not asked about', () => {
    const { recoveries, journal, file } = setUp();
    journal('r1', [backupLine, appliedLine]);
    rmSync(file);
    expect(recoveries.list()).toEqual([]);
  });

  it('in a file that was replaced since is settled by a look, and only a look that may leave a trace notes it', async () => {
    const { database, recoveries, journal, answers, dataFolder, file } = setUp();
    const written = journal('r1', [backupLine, appliedLine]);
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    const before = readFileSync(written, 'utf8');

    expect(await recoveries.get(database, { isReadOnly: true })).toBeNull();
    expect(readFileSync(written, 'utf8')).toBe(before);
    expect(await recoveries.get(database)).toBeNull();
    expect(readWorks(dataFolder, file)[0]?.isClosed).toBe(true);
  });

  it('is not called safe where the file cannot be read any more; then going back comes first', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    answers['inspect'] = { ok: false, error: appError('E_CORRUPT', 'SQLite found damage.') };

    const recovery = await recoveries.get(database);

    expect(recovery).toMatchObject({ isSafe: false, backup: { id: 'b1' } });
    expect(choicesOf(recovery)).toEqual(['restore', 'stay']);
  });

  it('does not offer a backup that is no longer good', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    answers['verifyBackup'] = ok(record('b1', 'broken'));

    const recovery = await recoveries.get(database);

    expect(choicesOf(recovery)).toEqual(['continue', 'stay']);
    expect(recovery?.reasons.at(-1)).toContain('is no longer good');
  });

  it('is no question while it goes on, here or in another process', async () => {
    const { database, recoveries, journal, busy } = setUp();
    journal('r1', [backupLine], { pid: process.ppid, process: processIdentity(process.ppid) });
    expect(await recoveries.get(database)).toBeNull();

    journal('r1', [backupLine], { pid: process.ppid, process: 'an earlier process of this id' });
    expect(await recoveries.get(database)).not.toBeNull();
    busy.take(database.path, 'backup');
    expect([await recoveries.get(database), recoveries.list()]).toEqual([null, []]);
  });

  it('J03: says that finished steps are missing, where the file has lost its log, and does not call that safe', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, ...['one', 'two'].map((migrationId) => ({ ...appliedLine, migrationId }))]);
    answers['inspect'] = ok(status({ applied: 1, next: 'started' }));

    const recovery = await recoveries.get(database);

    expect(recovery?.isSafe).toBe(false);
    expect(recovery?.reasons.join()).toMatch(/One step that was finished is missing.*-wal/);
    answers['inspect'] = ok(status({ applied: 2 }));
    const whole = await recoveries.get(database);
    expect([whole?.isSafe, whole?.reasons.join()]).toEqual([true, expect.not.stringContaining('missing')]);
  });

  it('J03: says so also where the part that did them was gone on with, and that was ended before its first step', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    journal('r2', [{ ...backupLine, backupPath: '/b/b2.db' }]);
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));

    const recovery = await recoveries.get(database);

    expect([recovery?.isSafe, recovery?.reasons.join()]).toEqual([
      false,
      expect.stringContaining('One step that was finished is missing'),
    ]);
    journal('back', [{ type: 'over', ok: true }], { kind: 'restore', toPhase: null });
    journal('r3', [{ ...backupLine, backupPath: '/b/b3.db' }]);
    expect(await recoveries.get(database)).toMatchObject({ runId: 'r3', isSafe: true }); // a restore took them back
  });

  it('by its engine, or on request, says which', async () => {
    const { database, recoveries, journal } = setUp();
    const endedWith = (code: 'E_WORKER_DIED' | 'E_CANCELLED' | 'E_IO'): Line[] => [
      backupLine,
      { type: 'ended', report: report({ ok: false, error: appError(code, 'It ended.') }) },
    ];
    const whats: (string | undefined)[] = [];
    for (const code of ['E_WORKER_DIED', 'E_CANCELLED', 'E_IO'] as const) {
      journal('r1', endedWith(code));
      const recovery = await recoveries.get(database);
      expect(recovery?.code).toBe(code);
      whats.push(recovery?.what.replace('An upgrade to phase 1 was ', ''));
    }
    expect(whats).toEqual([
      'under way when the part of Phasewise that works on the file stopped unexpectedly.',
      'stopped on request.',
      'stopped by an error: the disk reported an error.',
    ]);
  });

  it('is no question when it was refused before anything was begun', async () => {
    const { database, recoveries, journal, answers } = setUp();
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    const error = appError('E_BACKUP_NO_SPACE', 'full');
    journal('r1', [{ type: 'ended', report: report({ ok: false, backup: null, error }) }]);
    expect(await recoveries.get(database)).toBeNull();
  });
});

describe('an upgrade without a verdict', () => {
  const done = ok(status({ applied: 3, phaseReached: 1, unfinished: null }));

  it('is unproven; the check that holds is noted, and then nothing is asked any more', async () => {
    const { database, recoveries, journal, answers, asked, dataFolder, file } = setUp();
    answers['inspect'] = done;
    journal('r1', [backupLine, appliedLine, { type: 'migrated', report: report() }]);
    const recovery = await recoveries.get(database);
    expect(recovery).toMatchObject({ state: 'unproven', isSafe: true, stepsDone: 3 });
    expect(recovery?.what).toContain('its final check is missing');
    expect(choicesOf(recovery)).toEqual(['check', 'stay', 'restore']);

    expect(await recoveries.check(database)).toEqual(ok({ checks: [check('met')], error: null }));

    expect(asked).toContain(`verify ${JSON.stringify({ path: file, toPhase: 1, backupPath: '/b/b1.db' })}`);
    expect(await recoveries.get(database)).toBeNull();
    expect(readHistory(dataFolder, file, () => false)).toMatchObject([{ ok: true, verified: true }]);
    expect(await recoveries.check(database)).toMatchObject({ ok: false, error: { code: 'E_NOTHING_TO_DO' } });
  });

  it('whose check says no stays one, and is not called safe where something may be missing', async () => {
    const { database, recoveries, journal, answers, dataFolder, file } = setUp();
    answers['inspect'] = done;
    answers['verify'] = ok({ checks: [check('unmet')] });
    journal('r1', [backupLine, { type: 'migrated', report: report() }]);

    const checked = await recoveries.check(database);

    expect(checked).toMatchObject({ ok: true, value: { error: { code: 'E_VERIFY_FAILED' } } });
    const recovery = await recoveries.get(database);
    expect(recovery).toMatchObject({ state: 'unproven', isSafe: false, code: 'E_VERIFY_FAILED' });
    expect(recovery?.what).toContain('its final check did not say yes');
    expect(readHistory(dataFolder, file, () => false)[0]).toMatchObject({ ok: false, verified: false });
  });

  it('is one too when the verdict was stopped, or said no before', async () => {
    const { database, recoveries, journal, answers } = setUp();
    answers['inspect'] = done;
    for (const code of ['E_CANCELLED', 'E_VERIFY_FAILED'] as const) {
      const error = appError(code, 'It is so.');
      const lines: Line[] = [
        { type: 'migrated', report: report() },
        { type: 'ended', report: report({ ok: false, error }) },
      ];
      journal('r1', [backupLine, ...lines]);
      expect(await recoveries.get(database)).toMatchObject({ state: 'unproven', code });
    }
  });
});

describe('another work that was killed', () => {
  const untouched = ok(status({ applied: 0, unfinished: null }));

  it.each([
    ['backup', ['continue', 'stay']],
    ['ingest', ['continue', 'stay', 'restore']],
    ['retry', ['continue', 'stay', 'restore']],
    ['clear', ['stay', 'restore']],
  ] as const)('%s: says that nothing is half done', async (kind, choices) => {
    const { database, recoveries, journal, answers, list } = setUp();
    answers['inspect'] = untouched;
    journal('w1', [], { kind, toPhase: null });
    if (kind !== 'backup') list({ ...record('b1'), runId: 'w1' });

    const recovery = await recoveries.get(database);

    expect(recovery).toMatchObject({ kind, state: 'interrupted', isSafe: true, toPhase: null });
    expect(choicesOf(recovery)).toEqual(choices);
    journal('w1', [{ type: 'over', ok: false }], { kind, toPhase: null });
    expect(await recoveries.get(database)).toBeNull();
  });

  it('does not hide an upgrade from before; a restore that was done settles all', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    journal('w1', [], { kind: 'backup', toPhase: null });
    expect(await recoveries.get(database)).toMatchObject({ kind: 'upgrade', runId: 'r1' });

    journal('w2', [{ type: 'over', ok: true }], { kind: 'restore', toPhase: null });
    answers['inspect'] = untouched;
    expect(await recoveries.get(database)).toBeNull();
  });

  it('R10: a restore that had begun to replace the file can only be finished', async () => {
    const { database, recoveries, answers, journal, asked, list } = setUp();
    journal('w1', [], { kind: 'restore', toPhase: null });
    list(record('b1'));
    const restore = { startedAt: '2026-11-21T14:00:00Z', backupPath: '/b/b1.db', way: 'in-place' } as const;
    answers['inspect'] = ok(status({ applied: 0, unfinished: null, restore }));

    const recovery = await recoveries.get(database);
    expect(recovery).toMatchObject({
      kind: 'restore',
      isSafe: true,
      backup: { id: 'b1' },
      code: 'E_RESTORE_UNFINISHED',
    });
    expect(choicesOf(recovery)).toEqual(['finish']);
    await recoveries.stay(database); // cannot be left at that
    expect(await recoveries.get(database)).not.toBeNull();

    expect(await recoveries.finish(database)).toMatchObject({ ok: true, value: { restored: { id: 'b1' } } });
    expect(asked.some((question) => question.startsWith('finishRestore'))).toBe(true);
  });

  it('that had done its work says so, where the file holds the backup, and can be undone', async () => {
    const { database, recoveries, answers, journal, list, asked } = setUp();
    journal('w1', [], { kind: 'restore', toPhase: null, restores: '/b/b1.db' });
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    const before = beforeRestore(database, 'before', '2026-11-22T00:00:00Z');
    answers['verifyBackup'] = ok(before);
    list(before, record('b1'));

    // Nobody knows: it may have been stopped before it replaced anything.
    answers['restoredFrom'] = ok(null);
    const unknown = await recoveries.get(database);
    expect(unknown?.where).toContain('Nothing of it is half done');

    answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'bytes' });
    const recovery = await recoveries.get(database);

    expect(
      asked.filter((question) => question.includes('/b/before.db') && question.startsWith('restoredFrom')),
    ).toEqual([]);
    expect(recovery?.where).toBe(
      'Nothing of it is half done: the file holds, byte for byte, what the backup “b1.db” (before phase 1) holds.',
    );
    expect(recovery).toMatchObject({ isSafe: true, backup: { id: 'before' } });
    expect(recovery?.choices.map(({ title }) => title)).toEqual(['Go on to the database', 'Undo the restore']);
  });

  it('is undone with its own backup, and not with that of an attempt to undo it which failed', async () => {
    const { database, recoveries, answers, journal, list } = setUp();
    const own = beforeRestore(database, 'own', '2026-11-21T14:01:30.000Z');
    const later = beforeRestore(database, 'later', '2026-11-21T14:02:30.000Z');
    const other = beforeRestore({ ...database, path: '/other.db' }, 'other', '2026-11-21T14:01:10.000Z');
    const begun = { kind: 'restore', toPhase: null, restores: '/b/b1.db' };
    const backedUp: Line = { type: 'backup', backupPath: own.path, sha256: '', verified: true };
    journal('w1', [backedUp], begun);
    journal('w2', [{ type: 'over', ok: false }], { ...begun, restores: own.path });
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'event' });
    answers['verifyBackup'] = verified(own, later, other);
    list(later, own, other, record('b1'));
    const undo = async () => {
      const recovery = await recoveries.get(database);
      return [recovery?.backup?.id, choicesOf(recovery)];
    };
    expect(await undo()).toEqual(['own', ['stay', 'restore']]);

    journal('w1', [], { ...begun, at: '2026-11-21T14:01:00.000Z' }); // of an older version
    expect(await undo()).toEqual(['own', ['stay', 'restore']]);

    list(later, other, record('b1'));
    expect(await undo()).toEqual([undefined, ['stay']]);
  });

  it('is never undone with another backup than the one that its journal names', async () => {
    const { database, recoveries, answers, journal, list, file } = setUp();
    const other = beforeRestore(database, 'other', '2026-11-21T14:01:30.000Z');
    const backedUp: Line = { type: 'backup', backupPath: '/b/own.db', sha256: '', verified: true };
    journal('w1', [backedUp], { kind: 'restore', toPhase: null, restores: '/b/b1.db' });
    mkdirSync(`${file} replaced-Ab12Cd`); // of something else: this one has made a backup
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'event' });
    list(other, record('b1'));

    expect(await recoveries.get(database)).toMatchObject({ backup: null, choices: [{ id: 'stay' }] });
  });

  it('by a second attempt is undone with the backup of the first', async () => {
    const { database, recoveries, answers, journal, list, asked } = setUp();
    const own = beforeRestore(database, 'own', '2026-11-21T13:59:00.000Z');
    const since = '2026-11-21T13:58:00.000Z';
    journal('w2', [], { kind: 'restore', toPhase: null, restores: '/b/b1.db', since, before: own.path });
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'event' });
    answers['verifyBackup'] = verified(own);
    list(own, record('b1'));

    const recovery = await recoveries.get(database);

    expect(recovery).toMatchObject({ backup: { id: 'own' }, choices: [{ id: 'stay' }, { title: 'Undo the restore' }] });
    expect(asked.find((each) => each.startsWith('restoredFrom'))).toContain(`"since":"${since}"`);
  });

  it('is carried through under a journal that names the first attempt and its backup', async () => {
    const { database, dataFolder, recoveries, answers, journal, file } = setUp();
    const begun = { kind: 'restore', toPhase: null, restores: '/b/b1.db' };
    const written = journal('w1', [], begun);
    const note = noteOf({ startedAt: '2026-11-21T14:05:00.000Z', beforePath: '/b/own.db' });
    writeFileSync(`${file}.restore-intent`, JSON.stringify(note));
    const started = () => readWorks(dataFolder, file)[0]?.started;

    await recoveries.finish(database);
    const since = '2026-11-21T14:01:00.000Z';
    expect(started()).toMatchObject({ kind: 'restore', restores: '/b/b1.db', since, before: '/b/own.db' });

    rmSync(written);
    rmSync(path.dirname(written), { recursive: true }); // begun on another computer: there is only its note
    await recoveries.finish(database);
    expect(started()).toMatchObject({ since: note.startedAt, before: '/b/own.db' });

    // It began anew and failed, so that the note speaks of a second backup.
    rmSync(path.dirname(written), { recursive: true });
    journal('w3', [], { ...begun, since, before: '/b/own.db' });
    writeFileSync(`${file}.restore-intent`, JSON.stringify({ ...note, beforePath: '/b/second.db' }));
    answers['finishRestore'] = { ok: false, error: appError('E_RESTORE_HELD', 'Somebody has it.') };
    await recoveries.finish(database);
    expect(started()).toMatchObject({ since, before: '/b/own.db' });
  });

  it('of which nobody knows what it put back is not proven by the bytes of any backup', async () => {
    const { database, recoveries, answers, journal, list } = setUp();
    journal('w1', [], { kind: 'restore', toPhase: null }); // of an older version
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    const byBytes = ok({ backupPath: '/b/b1.db', proof: 'bytes' });
    answers['restoredFrom'] = (input) => ((input as { isByEvent?: boolean }).isByEvent ? ok(null) : byBytes);
    list(record('b1'), record('b2'));

    const recovery = await recoveries.get(database);

    expect(recovery?.where).toContain('the file is as it was before the restore or, if that had just ended');
  });

  it('is held against the backup that its journal names, also one in a folder that nobody knows of', async () => {
    const { home, database, recoveries, answers, journal, list, asked } = setUp();
    const elsewhere = { ...record('mine'), path: path.join(home, 'mine.db'), createdAt: '2026-01-01' };
    writeFileSync(elsewhere.path, 'bytes');
    journal('w1', [], { kind: 'restore', toPhase: null, restores: elsewhere.path });
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    answers['listBackups'] = ok([elsewhere]);
    answers['restoredFrom'] = ok({ backupPath: elsewhere.path, proof: 'event' });
    list(record('b1'), record('b2'));

    const recovery = await recoveries.get(database);

    const [question = '', ...more] = asked.filter((each) => each.startsWith('restoredFrom'));
    expect(more).toEqual([]);
    expect(JSON.parse(question.slice('restoredFrom '.length))).toMatchObject({
      since: '2026-11-21T14:01:00.000Z',
      backups: [{ path: elsewhere.path, createdAt: '2026-01-01' }],
    });
    expect(recovery?.where).toContain('the file itself has noted that the backup “mine.db”');
  });

  it('that set files aside offers to put those back', async () => {
    const { file, database, recoveries, answers, journal, list } = setUp();
    journal('w1', [], { kind: 'restore', toPhase: null, restores: '/b/b1.db' });
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'event' });
    list(record('b1'));
    const aside = `${file} replaced-Ab12Cd`;
    mkdirSync(aside);
    const longAgo = new Date('2026-11-20T00:00:00Z');

    utimesSync(aside, longAgo, longAgo);
    expect(choicesOf(await recoveries.get(database))).toEqual(['stay']); // of another restore

    const then = new Date('2026-11-21T14:02:00Z');
    utimesSync(aside, then, then);
    const recovery = await recoveries.get(database);
    expect(Recovery.parse(recovery)).toMatchObject({ isSafe: true, setAside: aside });
    expect(recovery?.choices.map(({ title }) => title)).toEqual(['Go on to the database', 'Undo the restore']);
    expect(recoveryText(recovery as Recovery, file)).toContain(`restore --put-back '${aside}' --to ${file} --yes`);
  });

  it('whose note still lies there says so, too, and only has to be concluded', async () => {
    const { database, recoveries, answers, journal, list, file } = setUp();
    journal('w1', [], { kind: 'restore', toPhase: null });
    const sha256 = 'a'.repeat(64);
    writeFileSync(`${file}.restore-intent`, JSON.stringify(noteOf({ sha256 })));
    list({ ...record('b1'), sha256 });
    answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'bytes' });

    const recovery = await recoveries.get(database);

    expect(recovery?.where).toContain('All of it is in place');
    expect(recovery?.choices.map(({ title }) => title)).toEqual(['Finish the restore']);
  });

  it('is found by its note beside the file also where the file is missing', async () => {
    const { database, recoveries, answers, journal, file } = setUp();
    journal('w1', [], { kind: 'restore', toPhase: null });
    rmSync(file);
    writeFileSync(`${file}.restore-intent`, '{}');
    answers['inspect'] = { ok: false, error: appError('E_NOT_FOUND', 'There is no a.db.') };
    expect(await recoveries.get(database)).toMatchObject({ kind: 'restore', code: 'E_RESTORE_UNFINISHED' });
    expect(recoveries.list()).toMatchObject([{ kind: 'restore', name: 'a.db' }]);
  });
});

describe('the journal', () => {
  it('of any work has a begin and an end, and belongs to a process that is told from later ones', () => {
    const { dataFolder, file } = setUp();
    const end = beginWork(dataFolder, { kind: 'backup', path: file, runId: 'w1', appVersion: '0' });
    expect(readWorks(dataFolder, file)).toMatchObject([{ kind: 'backup', isOver: null }]);
    end(true);
    expect(readWorks(dataFolder, file)).toMatchObject([
      { isAlive: false, isOver: true, started: { process: processIdentity(process.pid) } },
    ]);
    expect(isStillRunning(process.pid, processIdentity(process.pid), '')).toBe(true);
    if (process.platform === 'linux') expect(isStillRunning(process.pid, 'boot:1', '')).toBe(false);
    expect(isStillRunning(process.pid, '', '2001-01-01T00:00:00Z')).toBe(false); // before the computer was started
    expect(isStillRunning(GONE, undefined, new Date().toISOString())).toBe(false);
  });

  it('that cannot be written does not keep a backup from being made', () => {
    const { home, file } = setUp();
    writeFileSync(path.join(home, 'data'), 'a file where the folder should be');
    expect(() =>
      beginWork(path.join(home, 'data'), { kind: 'backup', path: file, runId: 'w', appVersion: '0' })(true),
    ).not.toThrow();
  });

  it('of something else than a journal says nothing', () => {
    const { dataFolder, file, runs } = setUp();
    const journal = openRunJournal(dataFolder, file, 'r1');
    journal.write(
      startedLine({ kind: 'upgrade', at: '', runId: 'r1', path: file, toPhase: 1, appVersion: '0', plan: null }),
    );
    journal.close();
    writeFileSync(
      path.join(runs(), 'x.jsonl'),
      '\0\0\0\nnull\n[1]\n{"type":"started"}\n{"type":"ended","at":"","report":{}}\n',
    );
    expect(readWorks(dataFolder, file).map(({ runId }) => runId)).toEqual(['r1']);
    expect(readdirSync(runs())).toHaveLength(2);
  });
});
