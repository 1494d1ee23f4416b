import { describe, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import type { Recovery } from '@shared/recovery.ts';
import type { RunSnapshot } from '@shared/run.ts';
import { headline } from '../../../renderer/panels/recovery/recovery-words.ts';
import type { RecoveryView } from '../../../renderer/stores/recovery.ts';
import { run } from './values.ts';

// The stores look at where the window is as soon as they are loaded.
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/' });
vi.stubGlobal('window', { addEventListener: () => {} });
const { awaitRecovery, isAwaited, receiveLooking, shownRecovery, useRecovery } =
  await import('../../../renderer/stores/recovery.ts');

const recovery: Recovery = {
  ...{ kind: 'upgrade', state: 'interrupted', runId: 'r1', startedAt: '', lastSignAt: '', toPhase: 4 },
  ...{ stepsDone: 1, stepsTotal: 3, what: '', where: '', isSafe: true, reasons: [], backup: null },
  ...{ code: 'E_INTERRUPTED', choices: [] },
};
const view: RecoveryView = {
  recovery,
  isLoaded: true,
  isStruck: false,
  unknown: null,
  looking: null,
  busy: null,
  error: null,
  putOff: null,
  hasRestored: false,
};
const ended = (runId: string, code: 'E_CANCELLED' | 'E_WORKER_DIED'): RunSnapshot => ({
  ...run(),
  runId,
  state: 'failed',
  error: appError(code, 'It ended.'),
});

describe('what was interrupted', () => {
  it('is shown before anything else, unless it is put off, gone on with, or told by the page of its run', () => {
    expect(shownRecovery(view, null)).toBe(recovery);
    expect(shownRecovery({ ...view, putOff: 'r1' }, null)).toBeNull();
    expect(shownRecovery({ ...view, putOff: 'an earlier one' }, null)).toBe(recovery);
    expect(shownRecovery(view, { ...run(), runId: 'r2', state: 'migrating' })).toBeNull();
    expect(shownRecovery(view, ended('r1', 'E_CANCELLED'))).toBeNull();
    expect(shownRecovery(view, ended('r1', 'E_WORKER_DIED'))).toBe(recovery);
    expect(shownRecovery(view, ended('r0', 'E_CANCELLED'))).toBe(recovery);
  });

  it('is waited for before a page is shown, but rows that somebody reads stay, unless it was interrupted just now', () => {
    const awaited = (): boolean[] =>
      [true, false].map((isReading) => isAwaited(useRecovery.getState().byHandle['h'], isReading));
    expect(awaited()).toEqual([false, true]);
    receiveLooking({ handle: 'h', now: 'Reading the backup' });
    expect(awaited()).toEqual([false, true]);
    awaitRecovery('h');
    expect(awaited()).toEqual([true, true]);
    expect([true, false].map((isReading) => isAwaited(view, isReading))).toEqual([false, false]);
  });

  it('does not push aside how the restore went that has brought it back, but a restore that was interrupted does', () => {
    expect(shownRecovery({ ...view, hasRestored: true }, null)).toBeNull();
    const restore: Recovery = { ...recovery, kind: 'restore' };
    expect(shownRecovery({ ...view, recovery: restore, hasRestored: true }, null)).toBe(restore);
  });

  it('has a headline that says whether the data is safe, and never more than is known', () => {
    expect(headline(recovery)).toBe('The upgrade was interrupted. Your data is safe.');
    expect(headline({ ...recovery, code: 'E_CANCELLED' })).toBe('The upgrade was stopped. Your data is safe.');
    expect(headline({ ...recovery, isSafe: false })).toBe('The upgrade was interrupted.');
    expect(headline({ ...recovery, state: 'unproven' })).toBe(
      'The upgrade still needs its final check. Your data is safe.',
    );
  });
});
