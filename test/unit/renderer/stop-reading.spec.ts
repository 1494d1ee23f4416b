import { createElement, type ReactElement } from 'react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import type { Recovery, RecoveryChoiceId } from '@shared/recovery.ts';
import { buttonIn, drawn, wordsOf } from './drawn.ts';
import { backup, backupList, status } from './values.ts';

/** What only reads, and takes long where a file is large: it can be stopped where it runs, and leaves what was known. */
vi.mock('../../../renderer/panels/frame/pages.ts', async (actual) => ({
  ...(await actual<object>()),
  DataPanel: () => null, // fetched when it is needed: drawn at once, there is nothing of it
}));
const answers: Record<string, unknown> = {};
const sent: [string, object][] = [];
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/overview' });
vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => {} });
vi.stubGlobal('window', {
  addEventListener: () => {},
  phasewise: {
    call: (name: string, input: object) => {
      sent.push([name, input]);
      return Promise.resolve(answers[name] ?? { ok: true, value: [] });
    },
    on: () => () => {},
  },
});

const { connect } = await import('../../../renderer/api.ts');
const { BackupsPanel } = await import('../../../renderer/panels/backups/backups-panel.tsx');
const { DatabasePage } = await import('../../../renderer/panels/frame/database-page.tsx');
const { EvidenceSection } = await import('../../../renderer/panels/overview/evidence-section.tsx');
const { PhasesPanel } = await import('../../../renderer/panels/phases/phases-panel.tsx');
const { RecoveryPanel } = await import('../../../renderer/panels/recovery/recovery-panel.tsx');
const { useBackups } = await import('../../../renderer/stores/backups.ts');
const { look, lookOnceMore, useDatabases } = await import('../../../renderer/stores/databases.ts');
const { loadRecovery, useRecovery } = await import('../../../renderer/stores/recovery.ts');
const { useSession } = await import('../../../renderer/stores/session.ts');
const { stopReading, useWorks } = await import('../../../renderer/stores/works.ts');
connect();

const stopped = appError('E_CANCELLED', 'It was stopped before its end.');
const recovery: Recovery = {
  ...{ kind: 'upgrade', state: 'unproven', runId: 'r1', startedAt: '', lastSignAt: '', toPhase: 4 },
  ...{ stepsDone: 3, stepsTotal: 3, what: '', where: '', isSafe: true, reasons: [], backup: backup() },
  ...{ code: 'E_INTERRUPTED', choices: [{ id: 'check', title: 'Check the result now', consequence: '' }] },
};
const seen = { status: status(), error: null, busy: null, isFull: false, seenAt: null };
const found = {
  ...{ recovery: null, isLoaded: true, isStruck: false, looking: null, busy: null, error: null, unknown: null },
  ...{ putOff: null, hasRestored: false },
};
const database = () => useDatabases.getState().views['k3'];
const unfinished = () => useRecovery.getState().byHandle['k3'];
const asked = (name: string) => sent.filter(([call]) => call === name).length;

beforeEach(() => {
  sent.length = 0;
  for (const name of Object.keys(answers)) delete answers[name];
  useDatabases.setState({ isListed: false, views: { k3: seen } });
  useRecovery.setState({ byHandle: { k3: found }, notices: [] });
  useWorks.setState({ byHandle: {} });
  useSession.setState({ connection: 'open' });
});

describe('has a button that stops it', () => {
  const page = (tab: 'overview' | 'data') =>
    createElement(DatabasePage, { route: { page: 'database', handle: 'k3', tab, detail: null } });
  const onPage = (element: ReactElement) => buttonIn(drawn(element), 'Stop');
  const recovering = () => createElement(RecoveryPanel, { handle: 'k3', fileName: 'a.db', recovery });
  const choosing = (busy: RecoveryChoiceId | null, looking: string | null = null): void =>
    useRecovery.setState({ byHandle: { k3: { ...found, recovery, busy, looking } } });
  const here = { isDisabled: false };

  it('the missing final check', () => {
    expect(onPage(recovering())).toBeNull();
    choosing('check');
    expect(onPage(recovering())).toEqual(here);
    expect(wordsOf(drawn(recovering()))).toContain('Safe to stop: nothing of your database has been changed.');
    for (const other of ['stay', 'finish'] as const) {
      choosing(other);
      expect(onPage(recovering())).toBeNull();
    }
  });

  it('the look at what is unfinished, which says what is read', () => {
    choosing('look');
    expect(onPage(recovering())).toBeNull(); // the short look that comes first
    choosing('look', 'Checking the whole file (2.1 GB)');
    expect(onPage(recovering())).toEqual(here);
    expect(wordsOf(drawn(recovering()))).toContain('Checking the whole file (2.1 GB)…');
  });

  it('the same look while nothing else is shown yet', () => {
    const awaiting = (looking: string | null): void =>
      useRecovery.setState({ byHandle: { k3: { ...found, isLoaded: false, looking } } });
    awaiting(null);
    expect(onPage(page('overview'))).toBeNull(); // it is over in a moment
    awaiting('Checking the whole file (2.1 GB)');
    expect(onPage(page('overview'))).toEqual(here);
  });

  it('the same look once more, after it was stopped', () => {
    const again = (looking: string | null): void =>
      useRecovery.setState({ byHandle: { k3: { ...found, unknown: stopped, looking } } });
    again(null);
    expect(buttonIn(drawn(page('data')), 'Look again')).toEqual(here);
    again('Checking the whole file (2.1 GB)');
    expect(buttonIn(drawn(page('data')), 'Look again')).toBeNull();
    expect(onPage(page('data'))).toEqual(here);
  });

  it('the reading of a backup', () => {
    const backups = () => createElement(BackupsPanel, { handle: 'k3', fileName: 'a.db' });
    const view = { list: backupList({ backups: [backup()] }), listError: null, error: null, said: null, undo: null };
    useBackups.setState({ byHandle: { k3: { ...view, busy: { what: 'checking', backupId: backup().id } } } });
    expect(onPage(backups())).toEqual(here);
    useSession.setState({ connection: 'lost' });
    expect(onPage(backups())).toEqual({ isDisabled: true }); // nobody would hear it
  });

  it.each([
    ['on the overview', () => createElement(EvidenceSection, { handle: 'k3', status: status() })],
    ['on the page of the phases', () => createElement(PhasesPanel, { handle: 'k3', status: status() })],
  ])('the check of all data, %s', (_, element) => {
    expect(onPage(element())).toBeNull();
    useDatabases.setState({ views: { k3: { ...seen, busy: 'checking' } } });
    expect(onPage(element())).toEqual(here);

    useDatabases.setState({ views: { k3: { ...seen, stopped } } });
    expect(onPage(element())).toBeNull();
    expect(wordsOf(drawn(element()))).toContain('It was stopped before its end.');
  });
});

it('a stop names the call that is given up', async () => {
  expect(await stopReading('k3', 'recovery:check')).toBeNull();
  expect(sent).toEqual([['reading:stop', { handle: 'k3', call: 'recovery:check' }]]);
  answers['reading:stop'] = { ok: false, error: appError('E_DISCONNECTED', '') };
  expect(await stopReading('k3', 'recovery:check')).toMatchObject({ code: 'E_DISCONNECTED' });
});

describe('a check of all data that was stopped', () => {
  beforeEach(() => void (answers['database:check'] = { ok: false, error: stopped }));

  it('leaves all that was known of the file, and is told until the next look', async () => {
    useDatabases.setState({ views: { k3: { ...seen, isFull: true } } });
    await look('k3', 'check');
    expect(database()).toEqual({ ...seen, isFull: true, stopped });

    answers['database:status'] = { ok: true, value: status() };
    await look('k3');
    expect(database()?.stopped).toBeNull();
  });

  it('leaves why the file could not be shown', async () => {
    const error = appError('E_IO', '');
    useDatabases.setState({ views: { k3: { ...seen, error } } });
    await look('k3', 'check');
    expect(database()).toEqual({ ...seen, error, stopped });
  });

  it('is all there is to be shown of a file of which nothing was known', async () => {
    useDatabases.setState({ views: {} });
    await look('k3', 'check');
    expect(database()).toMatchObject({ status: null, error: stopped, busy: null });
  });
});

describe('a look at what is unfinished that was stopped', () => {
  beforeEach(() => {
    answers['recovery:get'] = { ok: false, error: stopped };
    answers['database:status'] = { ok: true, value: status() };
  });

  it('leaves what was found before, and says that it is not known anew', async () => {
    useRecovery.setState({ byHandle: { k3: { ...found, recovery, looking: 'Checking the whole file' } } });
    await loadRecovery('k3');
    expect(unfinished()).toMatchObject({ recovery, looking: null, unknown: { code: 'E_CANCELLED' } });
  });

  it('is not begun anew by coming back to the window, but where something has changed', async () => {
    await loadRecovery('k3');
    expect(asked('recovery:get')).toBe(1);
    await lookOnceMore('k3');
    expect(asked('recovery:get')).toBe(1);

    answers['database:status'] = { ok: true, value: status({ phaseReached: 1 }) };
    await lookOnceMore('k3');
    expect(asked('recovery:get')).toBe(2);
  });
});
