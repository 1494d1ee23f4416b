import { createElement } from 'react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import type { Recovery } from '@shared/recovery.ts';
import { buttonIn, drawn, wordsOf } from './drawn.ts';
import { backup, backupList, status, upToDate } from './values.ts';

/** Work that the host tells of, in a window that did not ask for it: one loaded again, a second tab. */
const answers: Record<string, unknown> = {};
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/backups' });
vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => {} });
vi.stubGlobal('window', {
  addEventListener: () => {},
  phasewise: { call: (name: string) => Promise.resolve(answers[name] ?? { ok: true, value: [] }), on: () => () => {} },
});

const { connect } = await import('../../../renderer/api.ts');
const { BackupsPanel } = await import('../../../renderer/panels/backups/backups-panel.tsx');
const { IngestStart } = await import('../../../renderer/panels/ingest/ingest-start.tsx');
const { RecoveryPanel } = await import('../../../renderer/panels/recovery/recovery-panel.tsx');
const { ActivityPanel } = await import('../../../renderer/panels/run/activity-panel.tsx');
const { useBackups } = await import('../../../renderer/stores/backups.ts');
const { choose, loadRecovery, useRecovery } = await import('../../../renderer/stores/recovery.ts');
const { useRuns } = await import('../../../renderer/stores/runs.ts');
const { useSession } = await import('../../../renderer/stores/session.ts');
const { receiveWork, useWorks } = await import('../../../renderer/stores/works.ts');
connect();

const list = backupList({ backups: [backup()] });
const nothing = { list, listError: null, error: null, busy: null, said: null, undo: null };
const busyError = appError('E_DB_BUSY', 'image-lab is writing to it.');
const recovery: Recovery = {
  ...{ kind: 'upgrade', state: 'interrupted', runId: 'r1', startedAt: '', lastSignAt: '', toPhase: 4 },
  ...{ stepsDone: 1, stepsTotal: 3, what: '', where: '', isSafe: true, reasons: [], backup: backup() },
  ...{ code: 'E_INTERRUPTED', choices: [{ id: 'stay', title: 'Leave it as it is', consequence: '' }] },
};
const begin = (): void =>
  receiveWork({
    handle: 'k3',
    work: { kind: 'restore', now: 'Backing up what will be replaced', fraction: 0.5, canCancel: true },
  });
const page = (): string => drawn(createElement(BackupsPanel, { handle: 'k3', fileName: 'lights.db' }));
const screen = (): string => drawn(createElement(RecoveryPanel, { handle: 'k3', fileName: 'lights.db', recovery }));

beforeEach(() => {
  useWorks.setState({ byHandle: {} });
  useBackups.setState({ byHandle: { k3: nothing } });
  useRecovery.setState({ byHandle: {} });
  useRuns.setState({ byHandle: { k3: null }, history: { k3: [] } });
  useSession.setState({ connection: 'open' });
});

describe('work that this window did not begin', () => {
  it('is shown on the page of the backups, which begins nothing else and can stop it', () => {
    expect(buttonIn(page(), 'Back up now')).toEqual({ isDisabled: false });
    begin();
    const during = page();
    expect(wordsOf(during)).toContain('Backing up what will be replaced…');
    expect(buttonIn(during, 'Stop')).toEqual({ isDisabled: false });
    for (const name of ['Back up now', 'Restore…', 'Check again'])
      expect(buttonIn(during, name)).toEqual({ isDisabled: true });
  });

  it('is shown on the page of what was interrupted, where nothing can be chosen meanwhile', () => {
    expect(buttonIn(screen(), 'Leave it as it is')).toEqual({ isDisabled: false });
    begin();
    expect(buttonIn(screen(), 'Stop')).toEqual({ isDisabled: false });
    expect(buttonIn(screen(), 'Leave it as it is')).toEqual({ isDisabled: true });
  });

  it('that was begun on that page, the finishing of a restore, can be stopped there too', () => {
    const view = { recovery, isLoaded: true, isStruck: false, looking: null, error: null, unknown: null, putOff: null };
    useRecovery.setState({ byHandle: { k3: { ...view, busy: 'finish', hasRestored: false } } });
    expect(wordsOf(screen())).toContain('Reading the backup…');
    expect(buttonIn(screen(), 'Stop')).toBeNull();
    begin();
    expect(buttonIn(screen(), 'Stop')).toEqual({ isDisabled: false });
    expect(wordsOf(screen())).toContain('Safe to stop: it has not begun to replace anything.');
  });

  it('is not called nothing by the page of the runs', () => {
    const runs = (): string => drawn(createElement(ActivityPanel, { handle: 'k3', status: status(), reportId: null }));
    expect(wordsOf(runs())).toContain('Nothing is running on this database.');
    begin();
    expect(wordsOf(runs())).not.toContain('Nothing is running on this database.');
    expect(buttonIn(runs(), 'Stop')).toEqual({ isDisabled: false });
  });
});

it('work that this window did not begin keeps run logs from being chosen, which says why', () => {
  const logs = (): string => drawn(createElement(IngestStart, { handle: 'k3', status: upToDate() }));
  expect(buttonIn(logs(), 'Choose files…')).toEqual({ isDisabled: false });
  begin();
  expect(buttonIn(logs(), 'Choose files…')).toEqual({ isDisabled: true });
  expect(wordsOf(logs())).toContain('once the work on this database is done');
});

describe('what was interrupted', () => {
  it('is still known while the file is worked on, when the host says of none, and is gone once that has ended', async () => {
    answers['recovery:get'] = { ok: true, value: recovery };
    await loadRecovery('k3');
    begin();
    answers['recovery:get'] = { ok: true, value: null };
    await loadRecovery('k3');
    expect(useRecovery.getState().byHandle['k3']).toMatchObject({ recovery: { runId: 'r1' }, isLoaded: true });

    receiveWork({ handle: 'k3', work: null });
    await loadRecovery('k3');
    expect(useRecovery.getState().byHandle['k3']?.recovery).toBeNull();
  });

  it('has why a restore of it failed on its page, until the next choice', async () => {
    answers['recovery:get'] = { ok: true, value: recovery };
    await loadRecovery('k3');
    useBackups.setState({ byHandle: { k3: { ...nothing, error: busyError } } });
    expect(wordsOf(screen())).toContain('E_DB_BUSY');
    await choose('k3', 'stay');
    expect(wordsOf(screen())).not.toContain('E_DB_BUSY');
  });
});
