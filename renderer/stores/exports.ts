import { create } from 'zustand';
import type { Events, Input } from '@shared/channels.ts';
import type { AppError } from '@shared/errors.ts';
import { call } from '../api.ts';
import { forgetExporting } from './databases.ts';

export type ExportRequest = Omit<Input<'browse:export'>, 'handle'>;

/** The export of one database that runs, or how the last one ended. */
export type ExportView =
  | {
      readonly state: 'running';
      readonly table: string;
      readonly rows: number;
      readonly bytes: number;
      /** Rows that there will be; null = nobody knows. */
      readonly expected: number | null;
    }
  | {
      readonly state: 'done';
      readonly table: string;
      readonly path: string;
      readonly rows: number;
      readonly bytes: number;
    }
  | { readonly state: 'failed'; readonly table: string; readonly error: AppError };

export const useExports = create<{ byHandle: Readonly<Record<string, ExportView>> }>(() => ({ byHandle: {} }));

/**
 * Writes rows to a new file; the system's dialog asks where, or the file goes beside the database.
 * @param expected how many rows there are to write; null = nobody knows.
 */
export async function startExport(handle: string, request: ExportRequest, expected: number | null): Promise<void> {
  const { table } = request.query;
  setView(handle, { state: 'running', table, rows: 0, bytes: 0, expected });
  const answer = await call('browse:export', { handle, ...request });
  forgetExporting(handle);
  if (!answer.ok) setView(handle, { state: 'failed', table, error: answer.error });
  else if (answer.value === null) forgetExport(handle);
  else setView(handle, { state: 'done', table, ...answer.value });
}

export function receiveExport({ handle, rows, bytes }: Events['browse:exported']): void {
  const view = useExports.getState().byHandle[handle];
  if (view?.state !== 'running') return;
  const isTooLow = view.expected !== null && rows > view.expected; // it was an estimate
  setView(handle, { ...view, rows, bytes, expected: isTooLow ? null : view.expected });
}

export const stopExport = (handle: string): void => void call('browse:stopExport', { handle });
export const revealExport = (handle: string): void => void call('browse:revealExport', { handle });

/** How it ended has been read. */
export function forgetExport(handle: string): void {
  useExports.setState(({ byHandle }) => ({
    byHandle: Object.fromEntries(Object.entries(byHandle).filter(([each]) => each !== handle)),
  }));
}

const setView = (handle: string, view: ExportView): void =>
  useExports.setState(({ byHandle }) => ({ byHandle: { ...byHandle, [handle]: view } }));
