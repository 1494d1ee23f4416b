import { create } from 'zustand';
import type { Output } from '@shared/channels.ts';
import type { AppError, Result } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { call } from '../api.ts';

/** The backups of one database, and what is being done with them. */
export interface BackupsView {
  readonly list: Output<'backup:list'> | null;
  readonly error: AppError | null;
  readonly busy: { readonly what: BackupWork; readonly backupId: string | null } | null;
  /** What the last action achieved, for the status line. */
  readonly said: string | null;
  /** The restore that was just made can be undone with one click; null = there is none. */
  readonly undo: Undo | null;
}
export type BackupWork = 'creating' | 'checking' | 'restoring' | 'removing' | 'tidying' | 'undoing';

/** rows: by restoring the backup of what was replaced. files: by putting the old files back; `folder` where they are those of a certain restore. */
export type Undo =
  { readonly by: 'rows'; readonly backup: BackupRecord } | { readonly by: 'files'; readonly folder?: string };

interface Backups {
  readonly byHandle: Readonly<Record<string, BackupsView>>;
}

const emptyView: BackupsView = { list: null, error: null, busy: null, said: null, undo: null };
export const useBackups = create<Backups>(() => ({ byHandle: {} }));

export async function loadBackups(handle: string): Promise<void> {
  const list = await call('backup:list', { handle });
  if (!list.ok) return setView(handle, { error: list.error });
  const undo = useBackups.getState().byHandle[handle]?.undo ?? null;
  setView(handle, { list: list.value, error: null, ...(canUndo(undo, list.value) ? {} : { undo: null }) });
}

/** Putting files back takes those of the last restore that has some: of this one there may be none to put back. */
const canUndo = (undo: Undo | null, { replaced }: Output<'backup:list'>): boolean =>
  undo?.by !== 'files' || undo.folder === undefined || undo.folder === replaced?.folder;

/** A copy, restored to a scratch file and checked before it counts. */
export const createBackup = (handle: string): Promise<void> =>
  act(handle, { what: 'creating', backupId: null }, 'Backup made and verified.', () =>
    call('backup:create', { handle }),
  );

/** Reads the whole backup again. A broken one is an answer, not an error. */
export const verifyBackup = (handle: string, backupId: string): Promise<void> =>
  act(handle, { what: 'checking', backupId }, 'Backup checked.', () => call('backup:verify', { handle, backupId }));

/**
 * @returns the error, or null when the backup is back in place; at once, without waiting for the new list, because who
 * asked leads to another page then, and must not do so after somebody has gone on.
 */
export async function restoreBackup(handle: string, backupId: string, confirmation: string): Promise<AppError | null> {
  setView(handle, { busy: { what: 'restoring', backupId }, said: null, undo: null });
  const restored = await call('backup:restore', { handle, backupId, confirmation });
  setView(handle, { busy: null, ...(restored.ok ? restoredWords(restored.value) : { said: null }) });
  void loadBackups(handle);
  return restored.ok ? null : restored.error;
}

/** What an interrupted restore that was carried through has achieved. */
export const tellRestored = (handle: string, restored: Output<'backup:restore'>): void =>
  setView(handle, restoredWords(restored));

function restoredWords({ before, replacedFolder }: Output<'backup:restore'>): Pick<BackupsView, 'said' | 'undo'> {
  if (before !== null) {
    const rest = `Not all that lay beside it could be read: the files are kept in ${replacedFolder}.`;
    const said = 'Backup restored. What it replaced was backed up first.';
    return { said: replacedFolder === null ? said : `${said} ${rest}`, undo: { by: 'rows', backup: before } };
  }
  if (replacedFolder === null) return { said: 'Backup restored. There was nothing that it replaced.', undo: null };
  const said = `Backup restored. SQLite could not read what was there, so its files are kept in ${replacedFolder}.`;
  return { said, undo: { by: 'files', folder: replacedFolder } };
}

/** One click, because this can be undone in the same way. @param fileName stands in for the typed confirmation. */
export async function undoRestore(handle: string, undo: Undo, fileName: string): Promise<void> {
  if (undo.by === 'rows') {
    const error = await restoreBackup(handle, undo.backup.id, fileName);
    return setView(
      handle,
      error ? { error } : { said: 'The restore is undone. What it had put there was backed up first.' },
    );
  }
  setView(handle, { undo: null });
  const said = 'The old files are back as they were. What was there until now lies beside them.';
  await act(handle, { what: 'undoing', backupId: null }, said, () =>
    call('backup:putBack', { handle, confirmation: fileName }),
  );
}

/** Deletes one for good. @returns the error, or null when it is gone. */
export async function removeBackup(handle: string, backupId: string, confirmation: string): Promise<AppError | null> {
  setView(handle, { busy: { what: 'removing', backupId }, said: null, undo: null });
  const removed = await call('backup:remove', { handle, backupId, confirmation });
  setView(handle, { busy: null, said: removed.ok ? 'Backup deleted.' : null });
  await loadBackups(handle);
  return removed.ok ? null : removed.error;
}

/** What tidying would do. Changes nothing, but reads whole backups. */
export const tryTidying = (handle: string, keep: number): Promise<Result<Output<'backup:tidy'>>> =>
  call('backup:tidy', { handle, keep, isTrial: true });

/** @returns the error, or null when those are gone that may go. */
export async function tidyBackups(handle: string, keep: number): Promise<AppError | null> {
  setView(handle, { busy: { what: 'tidying', backupId: null }, said: null, undo: null });
  const tidied = await call('backup:tidy', { handle, keep, isTrial: false });
  const count = tidied.ok ? tidied.value.removed.length : 0;
  setView(handle, { busy: null, said: tidied.ok ? `${count === 1 ? '1 backup' : `${count} backups`} deleted.` : null });
  await loadBackups(handle);
  return tidied.ok ? null : tidied.error;
}

/** What was said about the last action is old news once a run begins. */
export function forgetSaid(handle: string): void {
  const view = useBackups.getState().byHandle[handle];
  if (view && (view.said !== null || view.undo !== null)) setView(handle, { said: null, undo: null });
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
