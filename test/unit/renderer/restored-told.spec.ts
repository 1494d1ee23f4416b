import { createElement } from 'react';
import { expect, it, vi } from 'vitest';
import type { Output } from '@shared/channels.ts';
import { drawn, wordsOf } from './drawn.ts';
import { backup, backupList, report, run, upToDate } from './values.ts';

/** Whether a restore was made says the host: a backup "before restore" is there of one that failed, too. */
vi.mock('../../../renderer/panels/result/use-listed.ts', () => ({ useListed: () => ({ backups: [], isFresh: true }) }));
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/activity' });
vi.stubGlobal('window', { addEventListener: () => {} });

const { BackupsPanel } = await import('../../../renderer/panels/backups/backups-panel.tsx');
const { StatusBar } = await import('../../../renderer/panels/frame/status-bar.tsx');
const { ResultPanel } = await import('../../../renderer/panels/result/result-panel.tsx');
const { RunHistory } = await import('../../../renderer/panels/run/run-history.tsx');
const { useBackups } = await import('../../../renderer/stores/backups.ts');
const { useDatabases } = await import('../../../renderer/stores/databases.ts');
const { useRoute } = await import('../../../renderer/stores/route.ts');
const { useRuns } = await import('../../../renderer/stores/runs.ts');

const LATER = '2026-11-21T14:15:00.000Z';
const before = backup({ id: 'before', reason: 'before restore', createdAt: LATER });
function list(change: Pick<Output<'backup:list'>, 'restores' | 'undoneBy'>): void {
  const nothing = { listError: null, error: null, busy: null, said: null, undo: null };
  useBackups.setState({
    byHandle: { k3: { ...nothing, list: backupList({ backups: [before, backup()], ...change }) } },
  });
}
const failed = { restores: [], undoneBy: null };
const made = { restores: [LATER], undoneBy: 'before' };
const worked = { restores: [LATER], undoneBy: null };

it('the backup of what was replaced undoes a restore that was made, until more has been done in the file', () => {
  const page = (change: Parameters<typeof list>[0]): string => {
    list(change);
    return wordsOf(drawn(createElement(BackupsPanel, { handle: 'k3', fileName: 'lights.db' })));
  };
  expect(page(made).match(/Undo this restore|Restore…/g)).toEqual(['Undo this restore', 'Restore…']);
  expect(page(worked).match(/Undo this restore|Restore…/g)).toEqual(['Restore…', 'Restore…']);
  expect(page(failed).match(/Undo this restore|Restore…/g)).toEqual(['Restore…', 'Restore…']);
});

it('the buttons of every backup are told apart by their names, which begin with the words that are seen', () => {
  list(worked);
  const markup = drawn(createElement(BackupsPanel, { handle: 'k3', fileName: 'lights.db' }));
  const labels = [...markup.matchAll(/aria-label="((?:Restore…|Check again)[^"]*)"/g)].map(([, label]) => label);
  expect(labels).toHaveLength(4);
  expect(new Set(labels).size).toBe(4);
  expect(labels.at(-1)).toMatch(/^Restore… backup of \d{4}-\d\d-\d\d \d\d:\d\d, ./);
});

it('an upgrade is history once a restore was made after it, not because one failed', () => {
  const status = { ...upToDate(), checkedAt: LATER };
  useRoute.setState({ route: { page: 'database', handle: 'k3', tab: 'activity', detail: null } });
  useRuns.setState({ byHandle: { k3: run({ state: 'completed', report: report() }) } });
  useDatabases.setState({ views: { k3: { status, error: null, busy: null, isFull: false, seenAt: null } } });
  const lower = { handle: 'k3', status: { ...status, phaseReached: null }, history: [report()], except: null };
  const historyNow = () => wordsOf(drawn(createElement(RunHistory, lower)));
  const bar = () => wordsOf(drawn(createElement(StatusBar)));
  const page = () =>
    wordsOf(drawn(createElement(ResultPanel, { handle: 'k3', status, report: report(), error: null })));

  list(failed);
  expect(page()).toContain('Verified: a fresh process opened the file again');
  for (const words of [page(), bar(), historyNow()]) expect(words).not.toMatch(/a restore/i);

  list(made);
  expect(page()).toContain('The upgrade to phase 1 came before a restore.');
  expect(page()).toMatch(/A restore replaced the file at .*, after this run\./);
  expect(page()).not.toContain('Verified: a fresh process');
  expect(bar()).toContain('before a restore');
  expect(historyNow()).toContain('undone by a restore');
});
