import { create } from 'zustand';
import type { Input, Output } from '@shared/channels.ts';
import type { AppError } from '@shared/errors.ts';
import type { RetryReport } from '@shared/run.ts';
import { call } from '../api.ts';
import { loadBackups } from './backups.ts';
import { forgetExporting } from './databases.ts';

export type IssueFormat = Input<'issues:export'>['format'];

/** What is being done with the issue rows of one database, and what the last of it achieved. */
export interface IssuesView {
  readonly busy: 'exporting' | 'retrying' | null;
  readonly exported: Output<'issues:export'> | null;
  readonly retried: RetryReport | null;
  readonly error: AppError | null;
}

const emptyView: IssuesView = { busy: null, exported: null, retried: null, error: null };
export const useIssues = create<{ byHandle: Readonly<Record<string, IssuesView>> }>(() => ({ byHandle: {} }));

/** Writes all issue rows, whole, to a new file beside the database. */
export async function exportIssues(handle: string, format: IssueFormat): Promise<void> {
  setView(handle, { ...emptyView, busy: 'exporting' });
  const exported = await call('issues:export', { handle, format });
  forgetExporting(handle);
  setView(handle, exported.ok ? { busy: null, exported: exported.value } : { busy: null, error: exported.error });
}

/** Backs up, then tries to place every issue row again. */
export async function retryIssues(handle: string): Promise<void> {
  setView(handle, { ...emptyView, busy: 'retrying' });
  const retried = await call('issues:retry', { handle });
  setView(handle, retried.ok ? { busy: null, retried: retried.value } : { busy: null, error: retried.error });
  await loadBackups(handle);
}

/** What was achieved is old news once the page is left. */
export const forgetIssues = (handle: string): void => {
  const view = useIssues.getState().byHandle[handle];
  if (view && view.busy === null) setView(handle, emptyView);
};

function setView(handle: string, change: Partial<IssuesView>): void {
  useIssues.setState(({ byHandle }) => ({
    byHandle: { ...byHandle, [handle]: { ...emptyView, ...byHandle[handle], ...change } },
  }));
}
