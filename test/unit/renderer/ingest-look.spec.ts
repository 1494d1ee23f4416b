import { createElement } from 'react';
import { expect, it, vi } from 'vitest';
import { buttonIn, drawn, wordsOf } from './drawn.ts';
import { status } from './values.ts';

vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/overview/ingest' });
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call: () => new Promise(() => {}), on: () => {} } });

const { IngestPanel } = await import('../../../renderer/panels/ingest/ingest-panel.tsx');
const { WorkProgress } = await import('../../../renderer/panels/backups/work-progress.tsx');
const { lookAtLogs } = await import('../../../renderer/stores/ingest.ts');
const { useSession } = await import('../../../renderer/stores/session.ts');
const { receiveWork } = await import('../../../renderer/stores/works.ts');
const { connect } = await import('../../../renderer/api.ts');
connect();

const page = (): string => drawn(createElement(IngestPanel, { handle: 'k3', status: status() }));

it('while files are looked at, that can be stopped: they may lie on a drive that hangs', () => {
  useSession.setState({ connection: 'open' });
  void lookAtLogs('k3', ['t1']);
  expect(buttonIn(page(), 'Stop')).toBeNull(); // nothing is under way yet

  const now = 'Reading the files and trying them out; nothing is changed by looking';
  receiveWork({ handle: 'k3', work: { kind: 'ingest', now, fraction: null, canCancel: true } });

  expect(buttonIn(page(), 'Stop')).toEqual({ isDisabled: false });
  expect(wordsOf(page())).toContain(now);
  expect(wordsOf(page())).toContain('Safe to stop: nothing of your database has been changed.');
});

it('of a deletion of backups it is not said that stopping keeps everything', () => {
  useSession.setState({ connection: 'open' });
  receiveWork({ handle: 'k3', work: { kind: 'backups', now: 'Deleting', fraction: null, canCancel: true } });
  const told = wordsOf(drawn(createElement(WorkProgress, { handle: 'k3', fileName: 'a.db', words: '' })));
  expect(told).toContain('A backup that is deleted by then stays deleted.');
  expect(told).not.toContain('nothing of your database has been changed');
});
