import { create } from 'zustand';
import type { Input } from '@shared/channels.ts';
import type { AppError } from '@shared/errors.ts';
import { call } from '../api.ts';

/** The report of one run on its way to a file, or how that ended. */
export type ReportView = { readonly runId: string } & (
  | { readonly state: 'saving' }
  | { readonly state: 'saved'; readonly path: string }
  | { readonly state: 'failed'; readonly error: AppError }
);

export const useReports = create<{ byHandle: Readonly<Record<string, ReportView>> }>(() => ({ byHandle: {} }));

/** Asks where, by the system's dialog, and writes a new file there. Nothing is said where the dialog was closed. */
export async function saveReport(
  handle: string,
  runId: string,
  file: Pick<Input<'report:save'>, 'name' | 'text'>,
): Promise<void> {
  setView(handle, { runId, state: 'saving' });
  const saved = await call('report:save', { handle, ...file });
  if (!saved.ok) setView(handle, { runId, state: 'failed', error: saved.error });
  else if (saved.value === null) forgetReport(handle);
  else setView(handle, { runId, state: 'saved', ...saved.value });
}

/** How it ended has been read. */
export function forgetReport(handle: string): void {
  useReports.setState(({ byHandle }) => ({
    byHandle: Object.fromEntries(Object.entries(byHandle).filter(([each]) => each !== handle)),
  }));
}

const setView = (handle: string, view: ReportView): void =>
  useReports.setState(({ byHandle }) => ({ byHandle: { ...byHandle, [handle]: view } }));
