import { describe, expect, it } from 'vitest';
import type { CheckResult, MigrationStatus } from '@shared/status.ts';
import {
  describeCriteria,
  describeMigrations,
  shownCriteria,
  offerLabel,
  offerOf,
} from '../../../renderer/panels/phases/phases-words.ts';
import {
  growthWords,
  isBlocked,
  isNothingLeft,
  planSummary,
  planTitle,
  preflightNote,
  sortFindings,
  stepNote,
  timeWords,
} from '../../../renderer/panels/plan/plan-words.ts';
import { phase, plan, status, upToDate } from './values.ts';

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
    expect(describeMigrations([])).toMatch(/^No migrations/);
    expect(describeMigrations([migration('a', 'applied'), migration('b', 'pending')])).toBe('2 migrations, 1 applied');
    expect(describeMigrations([migration('a', 'applied')])).toBe('1 migration, all applied');
  });

  it('does not call unchecked criteria unmet', () => {
    expect(describeCriteria(phase(1, 'next', { exitCriteria: [criterion('not-checked')] }))).toBe(
      '1 exit criterion, checked when the phase ends',
    );
    expect(describeCriteria(phase(1, 'done', { exitCriteria: [criterion('met'), criterion('unmet')] }))).toBe(
      '2 exit criteria, 1 met',
    );
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
    expect(growthWords(plan({ space: { ...plan().space, growthBytes: 0 } }))).toMatch(/^does not grow;/);
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
  });
  it('gives no time when nothing sensible can be said', () => {
    expect(timeWords(plan())).toBe('2 to 6 s');
    expect(timeWords(plan({ timeSeconds: null }))).toBe('cannot be said beforehand');
  });
});
