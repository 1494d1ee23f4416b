import { create } from 'zustand';
import type { Output } from '@shared/channels.ts';
import type { AppError, Result } from '@shared/errors.ts';
import { call } from '../api.ts';

/** The backups of one database, and what is being done with them. */
export interface BackupsView {
  readonly list: Output<'backup:list'> | null;
  readonly error: AppError | null;
  /** 'new' while one is being made, else the id of the backup being checked or restored. */
  readonly busy: { readonly what: 'creating' | 'checking' | 'restoring'; readonly backupId: string | null } | null;
  /** What the last action achieved, for the status line. */
  readonly said: string | null;
}

interface Backups {
  readonly byHandle: Readonly<Record<string, BackupsView>>;
}

const emptyView: BackupsView = { list: null, error: null, busy: null, said: null };
export const useBackups = create<Backups>(() => ({ byHandle: {} }));

export async function loadBackups(handle: string): Promise<void> {
  const list = await call('backup:list', { handle });
  setView(handle, list.ok ? { list: list.value, error: null } : { error: list.error });
}

/** A copy, restored to a scratch file and checked before it counts. */
export const createBackup = (handle: string): Promise<void> =>
  act(handle, { what: 'creating', backupId: null }, 'Backup made and verified.', () =>
    call('backup:create', { handle }),
  );

/** Reads the whole backup again. A broken one is an answer, not an error. */
export const verifyBackup = (handle: string, backupId: string): Promise<void> =>
  act(handle, { what: 'checking', backupId }, 'Backup checked.', () => call('backup:verify', { handle, backupId }));

/** @returns the error, or null when the backup is back in place. */
export async function restoreBackup(handle: string, backupId: string, confirmation: string): Promise<AppError | null> {
  setView(handle, { busy: { what: 'restoring', backupId }, said: null });
  const restored = await call('backup:restore', { handle, backupId, confirmation });
  setView(handle, { busy: null, said: restored.ok ? 'Backup restored. What it replaced was backed up first.' : null });
  await loadBackups(handle);
  return restored.ok ? null : restored.error;
}

/** What was said about the last action is old news once a run begins. */
export function forgetSaid(handle: string): void {
  if ((useBackups.getState().byHandle[handle]?.said ?? null) !== null) setView(handle, { said: null });
}

/** @param backupId null shows the folder itself. */
export const revealBackup = async (handle: string, backupId: string | null): Promise<void> => {
  const shown = await call('backup:reveal', { handle, backupId });
  if (!shown.ok) setView(handle, { error: shown.error });
};

async function act<T>(
  handle: string,
  busy: NonNullable<BackupsView['busy']>,
  said: string,
  work: () => Promise<Result<T>>,
): Promise<void> {
  setView(handle, { busy, error: null, said: null });
  const result = await work();
  await loadBackups(handle);
  setView(handle, result.ok ? { busy: null, said } : { busy: null, error: result.error });
}

function setView(handle: string, change: Partial<BackupsView>): void {
  useBackups.setState(({ byHandle }) => ({
    byHandle: { ...byHandle, [handle]: { ...emptyView, ...byHandle[handle], ...change } },
  }));
}
