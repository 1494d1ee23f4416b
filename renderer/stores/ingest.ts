import { create } from 'zustand';
import type { Output } from '@shared/channels.ts';
import type { AppError, Result } from '@shared/errors.ts';
import type { IngestReport } from '@shared/run.ts';
import { call } from '../api.ts';
import { loadBackups } from './backups.ts';

type Looked = NonNullable<Output<'ingest:choose'>>;

/** From the choice of files to what was taken in. A big folder takes its time: what ends on another page is kept for this one. */
export interface IngestView {
  readonly busy: 'looking' | 'taking' | null;
  /** What taking in would do; null before files were chosen. */
  readonly looked: Looked | null;
  readonly taken: IngestReport | null;
  readonly error: AppError | null;
}

const emptyView: IngestView = { busy: null, looked: null, taken: null, error: null };
export const useIngest = create<{ byHandle: Readonly<Record<string, IngestView>> }>(() => ({ byHandle: {} }));

/** The system's dialog; closing it changes nothing. */
export const chooseLogs = (handle: string, what: 'files' | 'folder'): Promise<void> =>
  lookAt(handle, call('ingest:choose', { handle, what }));

/** Files or a folder from our own picker. */
export const lookAtLogs = (handle: string, tokens: readonly string[]): Promise<void> =>
  lookAt(handle, call('ingest:use', { handle, tokens: [...tokens] }));

/** Takes in what was looked at, behind a verified backup. */
export async function takeIn(handle: string): Promise<void> {
  const looked = viewOf(handle).looked;
  if (looked === null) return;
  setView(handle, { busy: 'taking', error: null });
  const taken = await call('ingest:start', { handle, ingestId: looked.ingestId });
  setView(handle, taken.ok ? { busy: null, taken: taken.value, looked: null } : { busy: null, error: taken.error });
  await loadBackups(handle);
}

/** Back to the choice of files: what was tried and what was taken in is old news. Not while either is under way. */
export const forgetLogs = (handle: string): void => {
  if (viewOf(handle).busy === null) setView(handle, emptyView);
};

async function lookAt(handle: string, asked: Promise<Result<Looked | null>>): Promise<void> {
  const before = viewOf(handle);
  setView(handle, { ...emptyView, busy: 'looking' });
  const answer = await asked;
  if (!answer.ok) setView(handle, { busy: null, error: answer.error });
  else setView(handle, answer.value === null ? { ...before, busy: null } : { busy: null, looked: answer.value });
}

const viewOf = (handle: string): IngestView => useIngest.getState().byHandle[handle] ?? emptyView;

function setView(handle: string, change: Partial<IngestView>): void {
  useIngest.setState(({ byHandle }) => ({
    byHandle: { ...byHandle, [handle]: { ...emptyView, ...byHandle[handle], ...change } },
  }));
}
