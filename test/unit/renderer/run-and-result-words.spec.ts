import { describe, expect, it } from 'vitest';
import { appError } from '@shared/errors.ts';
import type { RunSnapshot } from '@shared/run.ts';
import { supersededBy, supersededHeadline, supersededWords } from '../../../renderer/panels/result/superseded.ts';
import { isNotice } from '../../../renderer/words/errors.ts';
import { describeRunState, describeFile } from '../../../renderer/panels/frame/status-words.ts';
import {
  announce,
  canCancel,
  canPause,
  describeNow,
  hasStoppedAt,
  historyMark,
  historyTitle,
  lastKnown,
  newerThan,
  overWords,
  quietWords,
  runTitle,
  safeToStopWords,
  spaceFacts,
  stepRows,
} from '../../../renderer/panels/run/run-words.ts';
import {
  backupsOfRun,
  changeWords,
  doneWords,
  goalAhead,
  hasRemoved,
  isStillAhead,
  reportFileName,
  afterFailureLabel,
  resultHeadline,
  sourceRows,
  totals,
  verifiedStatement,
  stillNoted,
  whatNext,
} from '../../../renderer/panels/result/result-words.ts';
import { dateTime, stamp } from '../../../renderer/words/times.ts';
import { reportText } from '../../../renderer/panels/result/report-text.ts';
import { runMarkNow, runMarks } from '../../../renderer/words/states.ts';
import { backup, phase, report, run, status, upToDate } from './values.ts';

const progress = { rowsDone: 128_400, rowsTotal: 200_091, rowsPerSecond: 41_230, etaSeconds: { min: 2, max: 3 } };

describe('a run', () => {
  it('says in words what happens now, how far it is and how long it may take', () => {
    expect(describeNow(run({ progress }))).toBe(
      'Now: copying candidates into their canonical table – 128,400 of 200,091 rows – 41,000 rows/s – 2 to 3 s left',
    );
  });
  it('shows no estimate before it means something, and none while paused', () => {
    expect(describeNow(run({ progress: { ...progress, rowsPerSecond: null, etaSeconds: null } }))).toBe(
      'Now: copying candidates into their canonical table – 128,400 of 200,091 rows',
    );
    expect(describeNow(run({ state: 'paused', progress }))).toBe(
      'Paused: copying candidates into their canonical table – 128,400 of 200,091 rows',
    );
    expect(describeNow(run())).toBe('Now: copying candidates into their canonical table');
  });
  it('speaks of the step under way while the engine has not reported rows', () => {
    const step = {
      migrationId: 'm',
      title: '',
      phase: 1,
      state: 'running' as const,
      ms: null,
      rowsDone: 0,
      rowsTotal: 11_520,
      issueRows: 0,
    };
    expect(describeNow(run({ state: 'paused', now: 'filling files', steps: [step] }))).toBe(
      'Paused: filling files – 0 of 11,520 rows',
    );
    const next = run({ now: 'naming the key of every stored secret', steps: [{ ...step, title: 'Fill the files' }] });
    expect(describeNow(next)).toBe('Now: step 1, “Fill the files” – 0 of 11,520 rows'); // not the words of the step before
  });
  it('quotes the title of a step, which does not say what happens now', () => {
    const step = { migrationId: 'm', phase: 1, ms: null, rowsDone: 0, rowsTotal: 0, issueRows: 0 };
    const steps = ['Name the owners', 'Give every job its prompt'].map((title) => ({
      ...step,
      title,
      state: 'waiting' as const,
    }));
    const at = run({ now: 'Give every job its prompt', steps });
    expect(describeNow(at)).toBe('Now: step 2, “Give every job its prompt”');
    expect(announce(at)).toBe('Step 2, “Give every job its prompt”.');
    expect(lastKnown(at)).toBe('Last heard: step 2, “Give every job its prompt”');
  });
  it('that paused by itself is not told to be gone on with at will', () => {
    expect(safeToStopWords(run({ state: 'paused' }))).toMatch(/Resume whenever you like/);
    const attention = appError('E_NO_SPACE', 'Full.');
    expect(safeToStopWords(run({ state: 'paused', attention }))).toBe('Nothing moves now; finished work is kept.');
  });
  it('is announced briefly to screen readers', () => {
    expect(announce(run({ state: 'completed', report: report({ backfills: [] }) }))).toMatch(/^Done\./);
    expect(announce(run({ progress }))).toBe('Copying candidates into their canonical table: 64 percent.');
  });
  it('has a title that says whether it moves', () => {
    expect(runTitle(run(), 'Canonical core')).toBe('Upgrading to phase 1 · Canonical core');
    expect(runTitle(run({ state: 'paused' }), null)).toBe('Paused on the way to phase 1');
    expect(runTitle(run({ kind: 'restore' }), null)).toBe('Restoring a backup');
  });
  it('says when it is safe to stop', () => {
    expect(safeToStopWords(run())).toBe('Safe to stop at any moment');
    expect(safeToStopWords(run({ state: 'verifying' }))).toBe(
      'Everything is written; the checks only read. Stopped now, it stays applied but not proven.',
    );
    expect(safeToStopWords(run({ state: 'backing-up' }))).toMatch(/^Nothing has been changed yet/);
  });
  it('promises no time in which it stops: what is taken back takes as long as the disk needs', () => {
    const words = safeToStopWords(run({ state: 'cancelling' }));
    expect(words).toMatch(/what is finished is kept/);
    expect(words).not.toMatch(/second/);
  });
  it('can be paused only while rows move, and stopped until it is over', () => {
    expect([canPause(run()), canPause(run({ state: 'paused' }))]).toEqual([true, false]);
    expect([
      canCancel(run({ state: 'paused' })),
      canCancel(run({ state: 'verifying' })),
      canCancel(run({ kind: 'backup' })),
    ]).toEqual([true, true, false]);
  });
  it('says after half a minute of silence what that means, and only while something runs', () => {
    const at = Date.parse('2026-11-21T12:00:00.000Z');
    const quiet = (change: Partial<RunSnapshot>, seconds: number) =>
      quietWords(run({ lastSignAt: new Date(at).toISOString(), ...change }), at + seconds * 1000);
    expect(quiet({}, 29)).toBeNull();
    expect(quiet({}, 34)).toMatch(/^No sign of life for 34 s\..*stopping is always possible\.$/);
    expect(quiet({ state: 'paused' }, 99)).toBeNull();
    expect(quiet({ state: 'completed' }, 99)).toBeNull();
  });
  it('gives the numbers of a lack of space', () => {
    const details = { needBytes: 9_000_000, freeBytes: 200_000 };
    expect(spaceFacts(appError('E_NO_SPACE', 'm', details))).toEqual([
      ['Needed to go on', '9.0 MB'],
      ['Free now', '200 kB'],
    ]);
  });
  it('counts the rows of each step', () => {
    const step = { migrationId: 'm', title: '', phase: 1, ms: null, rowsDone: 0, rowsTotal: 40, issueRows: 0 };
    expect(stepRows({ ...step, state: 'waiting' })).toBe('40 rows');
    expect(stepRows({ ...step, state: 'running', rowsDone: 3 })).toBe('3 of 40 rows');
    expect(stepRows({ ...step, state: 'applied', rowsDone: 40 })).toBe('40 rows');
    expect(stepRows({ ...step, state: 'applied', rowsTotal: 0 })).toBe('');
  });
  it('that was stopped on purpose has no failed step', () => {
    const step = { migrationId: 'm', title: '', phase: 1, ms: null, rowsDone: 3, rowsTotal: 40, issueRows: 0 };
    expect(hasStoppedAt({ ...step, state: 'failed' }, true)).toBe(true);
    expect(hasStoppedAt({ ...step, state: 'failed' }, false)).toBe(false);
    expect(hasStoppedAt({ ...step, state: 'waiting' }, true)).toBe(true);
    expect(stepRows({ ...step, state: 'waiting' })).toBe('3 of 40 rows');
  });
  it('of this session does not lead over a later one of another program', () => {
    const later = report({ runId: 'cli', startedAt: '2026-11-21T15:00:00Z' });
    expect(newerThan(run(), [report({ runId: 'older', startedAt: '2026-11-20T15:00:00Z' }), later])).toBe(later);
    expect(newerThan(run(), [report()])).toBeNull();
  });
  it('that is no upgrade is called by its own name', () => {
    const ingest = run({ kind: 'ingest', toPhase: null, progress });
    expect(runTitle(ingest, null)).toBe('Taking in run logs');
    expect(describeRunState(ingest, true)).toBe('run: taking in, 64 %');
    expect(announce(run({ kind: 'retry', state: 'completed' }))).toBe('The issue rows were tried again.');
    expect(overWords(run({ kind: 'ingest', state: 'failed' }))).toBe('The run logs were not taken in.');
    expect([canPause(ingest), canCancel(ingest)]).toEqual([false, false]);
  });
  it('turns no longer once the connection is lost', () => {
    expect(runMarkNow('migrating', false)).toEqual(runMarks.migrating);
    expect(runMarkNow('migrating', true)).toEqual({ tone: 'idle', word: 'not connected; it was upgrading' });
  });
  it('is in the status bar', () => {
    const none = run({ state: 'failed', error: appError('E_NOTHING_TO_DO', '') });
    expect(describeRunState(none, false)).toBe('last run: not started');
    const undone = { restoredAt: '2026-11-21T15:00:00Z', isUndone: true };
    expect(describeRunState(run({ state: 'completed' }), false, undone)).toBe('last run: undone by a restore');
    expect(describeRunState(null, false)).toBe('run: none');
    expect(describeRunState(run({ progress }), true)).toBe('run: upgrading, 64 %');
    expect(describeRunState(run({ state: 'completed' }), false)).toBe('last run: completed');
    expect(describeFile({ ...status().file, walBytes: 4_100_000 })).toBe('59.9 MB + 4.1 MB not yet merged');
  });
});

describe('a result', () => {
  it('has a headline that can be read aloud', () => {
    expect(resultHeadline(report(), null)).toBe(
      'Done. All 19,835 rows are accounted for: 19,805 are in their place and 30 are noted with a reason.',
    );
  });
  it('counts every source row once, however many backfills walk its table', () => {
    const [users, candidates] = report().backfills;
    if (!users || !candidates) throw new Error('the report has two backfills');
    const again = { ...candidates, id: 'm3/claims', issueRows: 0, moved: 19_833 };
    const ours = { ...users, id: 'm3/own', source: '_phasewise_claims', expected: 700, moved: 700 };
    const { issues } = report();
    expect(sourceRows({ backfills: [users, candidates, again, ours], issues })).toEqual({
      all: 19_835,
      placed: 19_805,
      noted: 30,
    });
    expect(resultHeadline(report({ backfills: [users] }), null)).toBe(
      'Done. All 2 rows are accounted for and in their place.',
    );
  });
  it('says so when there was nothing to move', () => {
    expect(resultHeadline(report({ backfills: [] }), null)).toBe(
      'Done. The database is at phase 1; there were no rows to move.',
    );
  });
  it('does not say done when the accounting does not close', () => {
    const [users] = report().backfills;
    const broken = report({ backfills: users ? [{ ...users, moved: 1 }] : [] });
    expect(resultHeadline(broken, null)).toBe('Phase 1 is applied, but not every row is accounted for.');
  });
  it('tells a stop on request from a failure', () => {
    expect(resultHeadline(report({ ok: false }), appError('E_CANCELLED', ''))).toBe('Stopped on the way to phase 1.');
    expect(resultHeadline(null, appError('E_WORKER_DIED', ''))).toBe('The upgrade did not finish.');
    expect(historyTitle(report({ ok: false, error: appError('E_CANCELLED', '') }))).toBe(
      'Stopped on the way to phase 1',
    );
    expect(historyTitle(report({ ok: false }))).toBe('Failed on the way to phase 1');
  });
  it('calls what was not begun no failure', () => {
    for (const code of ['E_NOTHING_TO_DO', 'E_RUN_ACTIVE', 'E_STATE_CHANGED'] as const) {
      const error = appError(code, '');
      expect(isNotice(error)).toBe(true);
      expect(resultHeadline(report({ ok: false, error }), error)).toBe('No upgrade was started.');
      expect(historyTitle(report({ ok: false, error }))).toBe('Upgrade to phase 1 not started');
    }
    expect(isNotice(appError('E_WORKER_DIED', ''))).toBe(false);
  });
  it('is only continued where something had begun', () => {
    const died = appError('E_WORKER_DIED', '');
    expect(afterFailureLabel(died, true)).toBe('Continue the upgrade…');
    expect(afterFailureLabel(died, false)).toBe('Start the upgrade again…');
    expect(afterFailureLabel(appError('E_STATE_CHANGED', ''), true)).toBe('Look at the plan again');
  });
  it('becomes history with a restore', () => {
    const [first, second] = ['2026-11-21T15:00:00Z', '2026-11-21T15:00:40Z'];
    const undone = supersededBy(report(), status({ checkedAt: '2026-11-21T15:01:00Z' }), [second, first]);
    expect(undone).toEqual({ restoredAt: first, isUndone: true });
    if (!undone) throw new Error('a restore undoes it');
    expect(supersededHeadline(undone, report())).toBe('The upgrade to phase 1 was undone by a restore.');
    expect(supersededWords(undone)).toMatch(/^Undone by a restore at 2026-11-2\d \d\d:00: /);
    expect(historyMark(report(), undone)).toEqual({ tone: 'none', word: 'Upgraded to phase 1, undone by a restore' });
    const { finishedAt } = report(); // as precise as clocks are
    const atOnce = supersededBy(report(), status({ checkedAt: finishedAt }), [finishedAt]);
    expect(atOnce).toMatchObject({ isUndone: true });
    expect(supersededBy(report(), upToDate(), [])).toBeNull();
    expect(supersededBy(report(), upToDate(), ['2026-11-20T15:00:00Z'])).toBeNull();
  });
  it('is not called undone by a status that is older than its end', () => {
    expect(supersededBy(report(), status({ checkedAt: '2026-11-21T14:02:12.000Z' }), [])).toBeNull();
  });
  it('tells its steps as over', () => {
    expect(doneWords('copying users into app_users')).toBe('Copied users into app_users');
    expect(doneWords('every user in its place')).toBe('Every user in its place');
  });
  it('claims verification only when a fresh process confirmed it', () => {
    expect(verifiedStatement(report({ verified: false }))).toBeNull();
    expect(verifiedStatement(report())).toBe(
      'Verified: a fresh process opened the file again and 1 of 1 checks passed. The backup from before the upgrade was restored to a scratch file and checked.',
    );
    expect(verifiedStatement(report({ backup: null, checks: [] }))).toBe(
      'Verified: a fresh process opened the file again.',
    );
  });
  it('mentions issue rows among the next steps only when there are any', () => {
    expect(whatNext(report())).toHaveLength(3);
    expect(whatNext(report({ backfills: [] }))).toHaveLength(2);
    const [users] = report().backfills;
    const one = whatNext(report({ backfills: users ? [{ ...users, moved: 1, issueRows: 1 }] : [] }));
    expect(one[1]).toMatch(/^Look at the issue row below .* Its content is kept/);
  });
  it('nor once another try has placed them all, which only a look after the run can tell', () => {
    const [checkedAt, before] = ['2026-11-21T14:02:33Z', '2026-11-21T14:02:12.000Z'];
    const left = report().issues.map((issue) => ({ ...issue, count: 4 }));
    expect(stillNoted(report(), { issues: [], checkedAt })).toBe(0);
    expect(stillNoted(report(), { issues: left, checkedAt })).toBe(4);
    expect(stillNoted(report(), { issues: [], checkedAt: before })).toBe(30);
    expect(whatNext(report(), false, undefined, 0)).toHaveLength(2);
  });
  it('names older programs once the old names are gone', () => {
    const phases = [phase(1, 'done'), phase(2, 'done', { removesAnything: true })];
    expect(hasRemoved(report(), { phases })).toBe(false);
    expect(hasRemoved(report({ fromPhase: 1, toPhase: 2 }), { phases })).toBe(true);
    expect(whatNext(report(), true)[0]).toContain('no longer open it');
  });
  it('goes on with the upgrade first, below the goal of it', () => {
    const goal = (toPhase: number, phaseReached: number | null) =>
      goalAhead({ toPhase }, { defaultTarget: 4, phaseReached });
    expect([goal(1, 1), goal(4, 3), goal(4, 4), goal(5, 5)]).toEqual([4, null, null, null]);
    expect(goal(1, 4)).toBeNull(); // an earlier phase was repaired
    expect(whatNext(report(), false, undefined, 0, 4)[0]).toMatch(
      /^Go on with the upgrade to phase 4.* may refuse the file/,
    );
    expect(whatNext(report(), false, undefined, 0, 4).join()).not.toContain('as usual');
  });
  it('leads on while the phase that it was to reach is still ahead', () => {
    expect(isStillAhead(1, upToDate())).toBe(false);
    expect(isStillAhead(2, upToDate())).toBe(true);
    expect(isStillAhead(1, status())).toBe(true);
  });
  it('shows every backup that the run made', () => {
    const second = backup({ id: 'b2', reason: 'before phase 5' });
    const first = backup();
    expect(backupsOfRun(report({ backups: [first, second] }), null)).toEqual([first, second]);
    expect(backupsOfRun(report(), null)).toEqual([backup()]);
    expect(backupsOfRun(null, null)).toEqual([]);
    expect(reportText(report({ backups: [first, second] }))).toContain('before phase 5');
  });
  it('adds up and shows changes with a sign', () => {
    expect(totals(report().backfills)).toEqual({ expected: 19_835, moved: 19_805, alreadyRight: 0, issueRows: 30 });
    expect([changeWords(null, 2), changeWords(null, 0), changeWords(5, 3), changeWords(5, 5)]).toEqual([
      'new, +2',
      'new',
      '−2',
      '',
    ]);
  });
});

describe('a saved report', () => {
  it('is named after the file, the phase and the time', () => {
    expect(reportFileName(report(), 'json')).toBe(`northern-lights-phase-1-${stamp(report().startedAt)}.json`);
  });
  it('says as text what the page says', () => {
    const text = reportText(report());
    expect(text).toContain('Done. All 19,835 rows are accounted for');
    expect(text).toContain('  m2/candidates from candidates: 19,833 = 19,803 + 0 + 30 (41,000 rows/s)');
    expect(text).toContain(`SHA-256 ${'ab'.repeat(32)}`);
    expect(text).toContain('  app_users: -, 2');
    expect(text).toContain('northern lights.db, before any phase to phase 1');
    expect(text).toContain(`${dateTime(report().startedAt)} to ${dateTime(report().finishedAt)} (local time)`);
  });
  it('of a failure carries the code and the three parts', () => {
    const text = reportText(
      report({ ok: false, verified: false, error: appError('E_INVARIANT', 'users lost 2 rows') }),
    );
    expect(text).toContain('E_INVARIANT: users lost 2 rows');
    expect(text).toContain('Not verified.');
    expect(text).toContain('Your data is safe');
  });
});
