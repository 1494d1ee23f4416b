import { describe, expect, it } from 'vitest';
import type { CheckResult, MigrationStatus } from '@shared/status.ts';
import {
  describeCheckpoint,
  describeCriteria,
  describeMigrations,
  phasesIntro,
  shownCriteria,
  offerLabel,
  offerOf,
  mainPhase,
  waitsFor,
} from '../../../renderer/panels/phases/phases-words.ts';
import { coverageAdvice, coverageCounts, namedWords } from '../../../renderer/panels/plan/source-words.ts';
import {
  gatingSentence,
  keptSentence,
  removalSentence,
  removalsOf,
} from '../../../renderer/panels/plan/removal-words.ts';
import {
  growthWords,
  isBlocked,
  isNothingLeft,
  planSummary,
  planTitle,
  preflightNote,
  sortFindings,
  stepNote,
  stopWords,
  timeWords,
} from '../../../renderer/panels/plan/plan-words.ts';
import { coverage, phase, plan, status, table, upToDate } from './values.ts';

const migration = (id: string, state: MigrationStatus['state']): MigrationStatus => ({
  id,
  title: id,
  phase: 1,
  kind: 'backfill',
  state,
  appliedAt: null,
  durationMs: null,
  findings: [],
});
const criterion = (state: CheckResult['state']): CheckResult => ({
  id: state,
  title: '',
  state,
  summary: '',
  evidence: [],
});

describe('a phase', () => {
  it('says how far its migrations are', () => {
    expect(describeMigrations(phase(0, 'next'))).toMatch(/^No migrations: this phase makes the backup/);
    expect(describeMigrations(phase(3, 'next'))).toMatch(/^No migrations: this phase only checks/);
    expect(
      describeMigrations(phase(1, 'next', { migrations: [migration('a', 'applied'), migration('b', 'pending')] })),
    ).toBe('2 migrations, 1 applied');
    expect(describeMigrations(phase(1, 'done', { migrations: [migration('a', 'applied')] }))).toBe(
      '1 migration, applied',
    );
  });

  it('does not call unchecked criteria unmet', () => {
    expect(describeCriteria(phase(1, 'next', { exitCriteria: [criterion('not-checked')] }))).toBe(
      '1 exit criterion, checked when the phase ends',
    );
    expect(describeCriteria(phase(1, 'done', { exitCriteria: [criterion('met'), criterion('unmet')] }))).toBe(
      '2 exit criteria, 1 met',
    );
  });

  it('of one criterion is not told as of many', () => {
    const one = (state: 'met' | 'unmet') => phase(1, 'done', { exitCriteria: [criterion(state)] });
    expect([describeCriteria(one('met')), describeCriteria(one('unmet'))]).toEqual([
      '1 exit criterion, met',
      '1 exit criterion, not met',
    ]);
  });

  it('that removes something is no step to be taken once it was taken', () => {
    const last = (state: 'done' | 'next') => ({ phases: [phase(5, state, { removesAnything: true })] });
    expect(phasesIntro(last('next'))).toContain('a separate step that you take when you are ready');
    expect(phasesIntro(last('done'))).toMatch(/^The upgrade went phase by phase\..* has removed the older tables/);
  });

  it('that is done had all its criteria met at its checkpoint, looked at again or not', () => {
    const done = phase(1, 'done', {
      exitCriteria: [criterion('met'), criterion('not-checked')],
      reachedAt: '2026-11-21T14:02:00Z',
    });
    expect(describeCriteria(done)).toMatch(/^2 exit criteria, all met at the checkpoint of 2026-11-2\d \d\d:02$/);
    expect(shownCriteria(done).map(({ mark }) => mark)).toEqual([
      { tone: 'done', word: 'met' },
      { tone: 'done', word: 'met at the checkpoint' },
    ]);
    expect(describeCriteria({ ...done, exitCriteria: [criterion('not-checked'), criterion('unmet')] })).toBe(
      '2 exit criteria, 0 met',
    );
  });

  it('says the time of the last checkpoint once: a run notes its own at every phase before, too', () => {
    const at = (reachedAt: string | null) => ({ reachedAt });
    const now = '2026-11-21T14:02:00Z';
    const phases = [phase(0, 'done', at(now)), phase(1, 'done', at(now)), phase(2, 'next')];
    expect(phases.map((each) => describeCheckpoint(each, { phases }))).toEqual([
      null,
      expect.stringMatching(/^last checkpoint 2026-11-2\d \d\d:02$/),
      null,
    ]);
    const untouched = [phase(0, 'next')];
    expect(untouched.map((each) => describeCheckpoint(each, { phases: untouched }))).toEqual([null]);
  });
});

describe('starting a phase', () => {
  const offers = (value: ReturnType<typeof status>) => value.phases.map((each) => offerOf(each, value));

  it('has one filled button, on the default goal, and a quiet one to stop earlier', () => {
    expect(offers(status())).toEqual(['step', 'main', null]);
  });
  it('offers nothing when all is done', () => {
    expect(offers(upToDate())).toEqual([null, null, null]);
  });
  it('leads to the goal of an interrupted run', () => {
    const stopped = status({
      unfinishedRun: { runId: 'r', startedAt: '', toPhase: 0, stoppedAt: '' },
      phases: [phase(0, 'running'), phase(1, 'not-started')],
    });
    expect(offers(stopped)).toEqual(['main', null]);
    expect(offerLabel(phase(0, 'running'), 'main')).toBe('Continue to phase 0…');
  });
  it('offers a repair where something is no longer true', () => {
    const drifted = status({ phaseReached: 0, phases: [phase(0, 'done'), phase(1, 'attention')] });
    expect(offers(drifted)).toEqual([null, 'main']);
    expect(offerLabel(phase(1, 'attention'), 'main')).toBe('Repair phase 1…');
  });
});

describe('the phase that removes something', () => {
  const last = (state: 'next' | 'not-started' | 'attention' | 'done' | 'running') =>
    phase(2, state, { removesAnything: true });
  const reached = (state: 'next' | 'done') =>
    status({ phaseReached: 1, pending: [], phases: [phase(0, 'done'), phase(1, 'done'), last(state)] });

  it('is offered quietly once everything before it is done, and is nobody’s next step', () => {
    const value = reached('next');
    expect(value.phases.map((each) => offerOf(each, value))).toEqual([null, null, 'step']);
    expect(mainPhase(value)).toBeNull();
    expect(offerLabel(last('next'), 'step')).toBe('Clean up the old names…');
    expect(waitsFor(last('next'), value)).toBeNull();
  });
  it('is not offered earlier, and says when', () => {
    const value = status({ phases: [phase(0, 'next'), phase(1, 'not-started'), last('not-started')] });
    expect(value.phases.map((each) => offerOf(each, value))).toEqual(['step', 'main', null]);
    expect(waitsFor(last('not-started'), value)).toBe('A separate step, once phase 1 is reached.');
  });
  it('is the main step only where a run was stopped inside it', () => {
    const unfinishedRun = { runId: 'r', startedAt: '', toPhase: 2, stoppedAt: '' };
    const value = { ...reached('next'), phases: [phase(0, 'done'), phase(1, 'done'), last('running')], unfinishedRun };
    expect(mainPhase(value)?.number).toBe(2);
  });
  it('is not asked about again once it is done', () => {
    expect(waitsFor(last('done'), reached('done'))).toBeNull();
    expect(offerOf(last('done'), reached('done'))).toBeNull();
  });
});

describe('what is removed', () => {
  const tables = [
    table('users', 'legacy'),
    table('assets', 'aligned', ['rel_path', 'asset_kind']),
    table('my_notes', 'unknown'),
  ];
  it('is said by number and by name', () => {
    const removals = removalsOf(status({ tables }));
    expect(removals).toEqual({ tables: ['users'], columns: [{ table: 'assets', names: ['rel_path', 'asset_kind'] }] });
    expect(removalSentence(removals)).toBe('1 older table and 2 older columns are removed.');
    expect(removalSentence({ tables: ['users'], columns: [] })).toBe('1 older table is removed.');
    expect(removalSentence({ tables: [], columns: [] })).toMatch(/^There are no older tables or columns left/);
  });
  it('is told apart from what stays', () => {
    expect(keptSentence(status({ tables }))).toBe('Nothing else is removed: my_notes stays as it is.');
    expect(keptSentence(status())).toBe('Nothing else is removed.');
    const many = Array.from({ length: 6 }, (_, index) => table(`t${index}`, 'unknown'));
    expect(keptSentence(status({ tables: many }))).toContain('t0, t1, t2, t3 and 2 more stay as they are');
  });
  it('waits for rows that are in the way', () => {
    const gating = [{ reason: 'slot-taken', title: '', count: 3 }];
    expect(gatingSentence(gating)).toBe('3 rows stand in the way');
    expect(isBlocked(plan({ gating }))).toBe(true);
  });
  it('is in the title and the summary of the plan', () => {
    const removing = plan({ toPhase: 2, removesAnything: true });
    expect(planTitle(removing, status())).toBe('Clean up the old names: phase 2');
    expect(planSummary(removing)).toContain('The older tables and columns are removed at the end.');
    expect(stopWords(removing)).toContain('There is no hurry');
  });
});

describe('the files beside the database', () => {
  it('are counted, trouble only where there is some', () => {
    expect(coverageCounts(coverage()).map(({ words }) => words)).toEqual([
      '37 found',
      '1 not there',
      '1 cannot be read',
      '1 differs from the database',
    ]);
    const all = coverage({ found: 40, missing: 0, unreadable: 0, differing: 0 });
    expect(coverageCounts(all)).toEqual([{ tone: 'done', words: '40 found' }]);
    expect(namedWords(all)).toBe('The database names 40 files of this kind:');
    expect(namedWords(coverage({ rows: 0 }))).toContain('nothing is looked for');
  });
  it('never stand in the way', () => {
    expect(coverageAdvice(coverage({ folder: null, choice: 'declined' }))).toMatch(/^The upgrade goes on with what/);
    expect(coverageAdvice(coverage({ found: 0 }))).toMatch(/or go on without them\.$/);
    expect(coverageAdvice(coverage())).toMatch(/noted as issue rows\.$/);
    expect(isBlocked(plan({ source: coverage({ found: 0 }) }))).toBe(false);
  });
});

describe('the plan', () => {
  const step = { migrationId: 'm', phase: 1, title: '', kind: 'backfill' as const, what: [], rows: 0 };
  const finding = (state: 'ok' | 'warning' | 'blocking') => ({ id: state, title: '', state, detail: '', error: null });

  it('is summed up in plain sentences', () => {
    const two = plan({
      steps: [
        { ...step, reason: 'pending' },
        { ...step, migrationId: 'n', reason: 'pending' },
      ],
    });
    expect(planTitle(two, status())).toBe('Upgrade to phase 1: Phase 1');
    expect(planSummary(two)).toBe(
      'First a backup is made and proved. Then 2 migrations are applied, one whole step at a time. Nothing is removed.',
    );
    expect(planSummary(plan())).toContain('no migration is needed');
    expect(growthWords(plan({ space: { ...plan().space, growthBytes: 0 } }))).toMatch(/^hardly grows;/);
  });
  it('has nothing left once its goal was reached', () => {
    expect(isNothingLeft(plan({ fromPhase: 1 }))).toBe(true);
    expect(isNothingLeft(plan({ toPhase: 0 }))).toBe(false); // phase 0 has no migrations, but is not reached
  });
  it('says why a step is there when that is not obvious', () => {
    expect(stepNote({ ...step, reason: 'pending', rows: 3 })).toBe('3 rows to look at');
    expect(stepNote({ ...step, reason: 'repair', rows: 200_091 })).toBe(
      'repeats what is no longer true, about 200,091 rows to look at',
    );
    expect(stepNote({ ...step, reason: 'continue' })).toBe('continues where it stopped');
  });
  it('puts what stands in the way first', () => {
    const findings = [finding('ok'), finding('warning'), finding('blocking')];
    expect(sortFindings(findings).map(({ state }) => state)).toEqual(['blocking', 'warning', 'ok']);
    expect(isBlocked(plan({ preflight: findings }))).toBe(true);
    expect(preflightNote(findings)).toBe('1 thing stops the upgrade');
    expect(preflightNote([finding('ok')])).toBe('nothing stands in the way');
    expect(preflightNote([finding('ok')], true)).toBe('nothing else stands in the way');
    expect(preflightNote(findings, true)).toBe('1 thing stops the upgrade');
  });
  it('gives no time when nothing sensible can be said', () => {
    expect(timeWords(plan())).toBe('2 to 6 s');
    expect(timeWords(plan({ timeSeconds: null }))).toBe('cannot be said beforehand');
  });
});
