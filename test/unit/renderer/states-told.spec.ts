import { createElement } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import type { Plan, RunSnapshot } from '@shared/run.ts';
import { buttonIn, drawn, wordsOf } from './drawn.ts';
import { backup, backupList, plan, run, status } from './values.ts';

/** What pages say of a state: nothing that another part of the same page contradicts, and no colour without a sign. */
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/activity' });
vi.stubGlobal('window', { addEventListener: () => {} });
let planned: Plan = plan();
vi.mock('../../../renderer/panels/plan/use-plan.ts', () => ({
  usePlan: () => ({ plan: planned, error: null, again: () => {}, withSource: () => {}, isFresh: true }),
}));

const { BackupsPanel } = await import('../../../renderer/panels/backups/backups-panel.tsx');
const { backupsWords } = await import('../../../renderer/panels/home/home-words.ts');
const { contentWords } = await import('../../../renderer/panels/backups/backups-words.ts');
const { FileNotices } = await import('../../../renderer/panels/overview/file-notices.tsx');
const { kindsNote } = await import('../../../renderer/panels/issues/issues-words.ts');
const { MoreStrips } = await import('../../../renderer/panels/overview/more-strips.tsx');
const { PlanPanel } = await import('../../../renderer/panels/plan/plan-panel.tsx');
const { priorityLeft } = await import('../../../renderer/panels/overview/overview-words.ts');
const { RunPanel } = await import('../../../renderer/panels/run/run-panel.tsx');
const { unshownWords } = await import('../../../renderer/panels/frame/status-words.ts');
const { useBackups } = await import('../../../renderer/stores/backups.ts');
const { useSession } = await import('../../../renderer/stores/session.ts');

const issue = { reason: 'slot-taken', title: 'Two rows claim one place', sourceTable: 'runs', count: 3 };
const step = { migrationId: 'm', phase: 1, ms: null, rowsDone: 0, rowsTotal: 0, issueRows: 0 };
const steps = [
  { ...step, title: 'Name the owners', state: 'applied' as const },
  { ...step, title: 'Fill the files', state: 'running' as const },
];

describe('a run', () => {
  const page = (change: Partial<RunSnapshot>, connection: 'open' | 'lost' = 'open'): string => {
    useSession.setState({ connection } as never);
    const shown = run({ steps, progress: null, ...change });
    return drawn(createElement(RunPanel, { handle: 'k3', run: shown, status: status() }));
  };

  it('that is paused shows no step as running', () => {
    expect(page({})).toContain('aria-label="running"');
    expect(page({ state: 'paused' })).not.toContain('aria-label="running"');
    expect(page({ state: 'paused' })).toContain('aria-label="paused"');
    expect(page({}, 'lost')).toContain('aria-label="not connected; it was upgrading"');
  });

  it('has a number beside its bar also while no rows are counted', () => {
    expect(wordsOf(page({}))).toContain('1 of 2 steps');
    expect(wordsOf(page({ progress: { rowsDone: 1, rowsTotal: 4, rowsPerSecond: null, etaSeconds: null } }))).toContain(
      '25 %',
    );
  });

  it('that paused by itself has the words for the same acts that every run has', () => {
    const waiting = page({ state: 'paused', attention: appError('E_NO_SPACE', 'Full.') });
    expect(buttonIn(waiting, 'Resume')).toEqual({ isDisabled: false });
    expect(buttonIn(waiting, 'Stop safely')).toEqual({ isDisabled: false });
    expect(wordsOf(waiting)).not.toContain('whenever you like');
  });
});

describe('a plan', () => {
  const finding = (state: 'ok' | 'blocking') => ({ id: 'f', title: 'Room', detail: '', state, error: null });
  const page = (change: Partial<Plan>): string => {
    planned = plan({ steps: [{ ...step, title: 'Name', reason: 'pending', rows: 0, what: [] } as never], ...change });
    return wordsOf(drawn(createElement(PlanPanel, { handle: 'k3', status: status(), toPhase: 1 })));
  };

  it('that cannot be started says why before all else', () => {
    const blocked = page({ removesAnything: true, preflight: [finding('blocking')] });
    expect(blocked).toMatch(/Before the start .*What is removed/);
    expect(blocked.match(/Before the start/g)).toHaveLength(1);
    expect(page({ removesAnything: true, preflight: [finding('ok')] })).toMatch(/What is removed.*Before the start /);
  });

  it('does not say that nothing stands in its way where rows do', () => {
    const gated = page({ gating: [issue], preflight: [finding('ok')] });
    expect(gated).toContain('3 rows stand in the way');
    expect(gated).toContain('Before the start nothing else stands in the way');
  });
});

it('a file that cannot be written to can be looked at again, in whole sentences', () => {
  const { file } = status();
  const readOnlyReason = appError('E_READONLY_FILE', 'The file is marked read-only');
  const shown = drawn(
    createElement(FileNotices, { handle: 'k3', status: status({ file: { ...file, readOnlyReason } }) }),
  );
  expect(wordsOf(shown)).toContain('The file is marked read-only. Allow writing to the file, then try again.');
  expect(buttonIn(shown, 'Try again')).toEqual({ isDisabled: false });
});

it('a broken backup is told with the sign of what is broken', () => {
  const broken = backup({ state: 'broken', verified: false });
  const list = backupList({ backups: [broken] });
  useBackups.setState({
    byHandle: { k3: { list, listError: null, error: null, busy: null, said: null, undo: null } },
  });
  const page = drawn(createElement(BackupsPanel, { handle: 'k3', fileName: 'lights.db' }));
  expect(page).toMatch(/role="alert"[^>]*><span[^>]*data-tone="blocked"><svg/);
});

it('issue rows that nothing waits for are no warning', () => {
  const props = { handle: 'k3', status: status({ issues: [issue] }), hasActiveRun: false };
  expect(drawn(createElement(MoreStrips, props))).not.toContain('data-tone="attention"');
  expect([kindsNote([issue]), kindsNote([issue, { ...issue, reason: 'x' }])]).toEqual([
    '1 kind',
    '2 kinds; open one to see its rows',
  ]);
});

it('says no more than is so', () => {
  expect(backupsWords({ lastVerifiedBackupAt: null })).toBe('Look for backups of it');
  expect(backupsWords({ lastVerifiedBackupAt: null, brokenBackups: 1 })).toBe('See its backups');
  expect(backupsWords({ lastVerifiedBackupAt: '2026-11-20T17:02:11Z' })).toBe('See its backups');
  const foreign = appError('E_FOREIGN_DATABASE', '');
  expect([unshownWords(foreign, 'data'), unshownWords(foreign, 'overview')]).toEqual([
    'only its rows can be shown',
    'cannot be shown',
  ]);
  expect(unshownWords(appError('E_NOT_FOUND', ''), 'data')).toBe('cannot be shown');
  expect(priorityLeft({ state: 'aligned', priority: 'must-now' })).toBe('none');
  expect(priorityLeft({ state: 'missing', priority: 'must-now' })).toBe('must-now');
  const of = (reason: string, phase: number | null) => contentWords(backup({ reason, phase }));
  expect([of('before phase 1', null), of('before phase 1', 0), of('before phase 4', 1), of('by hand', null)]).toEqual([
    'before phase 1',
    'before phase 1',
    'before phase 4; phase 1',
    'by hand; before any phase',
  ]);
});
