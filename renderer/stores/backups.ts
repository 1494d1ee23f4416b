import { create } from 'zustand';
import type { Output } from '@shared/channels.ts';
import { type AppError, err, ok, type Result, safetyText, saysUntouched } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { call } from '../api.ts';
import { counted } from '../words/numbers.ts';

/** The backups of one database, and what is being done with them. */
export interface BackupsView {
  readonly list: Output<'backup:list'> | null;
  /** Why they cannot be listed just now; a list that was there stays. */
  readonly listError: AppError | null;
  /** Why the last action failed: told until the next one, however often they are listed meanwhile. */
  readonly error: AppError | null;
  readonly busy: { readonly what: BackupWork; readonly backupId: string | null } | null;
  /** What the last action achieved, for the status line. */
  readonly said: string | null;
  /** The restore that was just made can be undone with one click; null = there is none. */
  readonly undo: Undo | null;
}
export type BackupWork = 'creating' | 'checking' | 'restoring' | 'removing' | 'tidying' | 'undoing';

/** rows: by restoring the backup of what was replaced. files: by putting the old files back that lie in `folder`. */
export type Undo =
  { readonly by: 'rows'; readonly backup: BackupRecord } | { readonly by: 'files'; readonly folder: string };

interface Backups {
  readonly byHandle: Readonly<Record<string, BackupsView>>;
}

const emptyView: BackupsView = { list: null, listError: null, error: null, busy: null, said: null, undo: null };
export const useBackups = create<Backups>(() => ({ byHandle: {} }));

export async function loadBackups(handle: string): Promise<void> {
  const list = await call('backup:list', { handle });
  if (!list.ok) return setView(handle, { listError: list.error });
  const undo = useBackups.getState().byHandle[handle]?.undo ?? null;
  setView(handle, { list: list.value, listError: null, ...(canUndo(undo, list.value) ? {} : { undo: null }) });
}

/** Putting files back takes those of the last restore that has some: of this one there may be none to put back. */
const canUndo = (undo: Undo | null, { replaced }: Output<'backup:list'>): boolean =>
  undo?.by !== 'files' || undo.folder === replaced?.folder;

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
  begin(handle, { what: 'restoring', backupId });
  const restored = await call('backup:restore', { handle, backupId, confirmation });
  setView(handle, { busy: null, ...(restored.ok ? restoredWords(restored.value) : whyNot(restored)) });
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

/**
 * One click, because this can be undone in the same way. @param fileName stands in for the typed confirmation.
 * @returns the error, which the view keeps as well, or null when it is undone; at once, as `restoreBackup`.
 */
export async function undoRestore(handle: string, undo: Undo, fileName: string): Promise<AppError | null> {
  const error =
    undo.by === 'rows'
      ? await restoreBackup(handle, undo.backup.id, fileName)
      : await putBack(handle, undo.folder, fileName);
  setView(handle, error ? { error } : { said: undoneWords[undo.by] });
  return error;
}

const undoneWords: Readonly<Record<Undo['by'], string>> = {
  rows: 'The restore is undone. What it had put there was backed up first.',
  files: 'The old files are back as they were. What was there until now lies beside them.',
};

async function putBack(handle: string, shown: string, confirmation: string): Promise<AppError | null> {
  begin(handle, { what: 'undoing', backupId: null });
  const done = await call('backup:putBack', { handle, confirmation, shown });
  setView(handle, { busy: null });
  void loadBackups(handle);
  return done.ok ? null : done.error;
}

/** Deletes one for good. @returns the error, or null when it is gone. */
export async function removeBackup(handle: string, backupId: string, confirmation: string): Promise<AppError | null> {
  begin(handle, { what: 'removing', backupId });
  const removed = await call('backup:remove', { handle, backupId, confirmation });
  setView(handle, { busy: null, ...(removed.ok ? { said: 'Backup deleted.' } : whyNot(removed)) });
  await loadBackups(handle);
  return removed.ok ? null : removed.error;
}

/** What tidying would do. Changes nothing, but reads whole backups. */
export const tryTidying = (handle: string, keep: number): Promise<Result<Output<'backup:tidy'>>> =>
  call('backup:tidy', { handle, keep, isTrial: true });

/**
 * @param shown those that the person saw as going: no others go.
 * @returns the error, or null when those of them are gone that still may go; which do not is said.
 */
export async function tidyBackups(
  handle: string,
  keep: number,
  shown: readonly BackupRecord[],
): Promise<AppError | null> {
  begin(handle, { what: 'tidying', backupId: null });
  const tidied = await tidyInParts(handle, keep, shown);
  setView(handle, { busy: null, ...(tidied.ok ? { said: tidiedWords(shown, tidied.value) } : whyNot(tidied)) });
  await loadBackups(handle);
  return tidied.ok ? null : tidied.error;
}

/** What has gone, and what of that which was shown has not, and why. */
function tidiedWords(shown: readonly BackupRecord[], { removed, kept }: Tidied): string {
  const count = (backups: number): string => counted(backups, 'backup');
  const wanted = new Set(shown.map(({ path }) => path));
  const stay = kept.filter(({ backup }) => wanted.has(backup.path));
  const gone = shown.length - removed.length - stay.length;
  const why = [...new Set(stay.map((each) => each.why))].join(' ');
  return [
    `${removed.length === 0 ? 'No backup' : count(removed.length)} deleted.`,
    ...(stay.length === 0
      ? []
      : [`${count(stay.length)} that ${stay.length === 1 ? 'was' : 'were'} to go stayed: ${why}`]),
    ...(gone <= 0 ? [] : [`${count(gone)} had gone already.`]),
  ].join(' ');
}

type Tidied = Pick<Output<'backup:tidy'>, 'removed' | 'kept'>;

/** Paths that are sent at a time: as many of 10,000 letters, the longest that the host takes, fit in MAX_MESSAGE_BYTES. */
const SENT_AT_ONCE = 100;

async function tidyInParts(handle: string, keep: number, shown: readonly BackupRecord[]): Promise<Result<Tidied>> {
  const removed: BackupRecord[] = [];
  const kept: Tidied['kept'] = [];
  for (let at = 0; at < shown.length; at += SENT_AT_ONCE) {
    const part = shown.slice(at, at + SENT_AT_ONCE).map(({ path }) => path);
    const tidied = await call('backup:tidy', { handle, keep, isTrial: false, shown: part });
    if (!tidied.ok) return err(afterDeleting(removed.length, tidied.error));
    removed.push(...tidied.value.removed);
    kept.push(...tidied.value.kept.filter(({ backup }) => part.includes(backup.path)));
  }
  return ok({ removed, kept });
}

/** "Nothing was changed" is true of a part, but no longer of all. */
function afterDeleting(count: number, error: AppError): AppError {
  if (count === 0) return error;
  const deleted = `${counted(count, 'backup')} ${count === 1 ? 'was' : 'were'} deleted before that.`;
  const safety = saysUntouched(error.safety) ? safetyText['database-untouched'] : error.safety;
  return { ...error, message: `${error.message} ${deleted}`, safety };
}

/**
 * The dialog that asked tells it, but may be gone by then: so the view keeps it, too. A name that was mistyped is put
 * right where it is typed.
 */
const whyNot = ({ error }: { readonly error: AppError }): Pick<BackupsView, 'error'> => ({
  error: error.code === 'E_CONFIRMATION' ? null : error,
});

/** Another action is begun elsewhere: why the last one failed is old news. */
export function forgetError(handle: string): void {
  if (useBackups.getState().byHandle[handle]?.error) setView(handle, { error: null });
}

/** What was said about the last action is old news once a run begins. */
export function forgetSaid(handle: string): void {
  const { said = null, undo = null, error = null } = useBackups.getState().byHandle[handle] ?? {};
  if (said !== null || undo !== null || error !== null) setView(handle, { said: null, undo: null, error: null });
}

/** @param backupId null shows the folder itself. */
export const revealBackup = async (handle: string, backupId: string | null): Promise<void> => {
  const shown = await call('backup:reveal', { handle, backupId });
  const told = useBackups.getState().byHandle[handle]?.error;
  if (!shown.ok) {
    unshown.add(shown.error);
    setView(handle, { error: shown.error });
  } else if (told && unshown.has(told)) setView(handle, { error: null });
};

/** Errors of showing: these go once it works. Any other stays, since who is shown a folder may be following what it says. */
const unshown = new WeakSet<AppError>();

/** Takes back what was said of the action before. */
const begin = (handle: string, busy: NonNullable<BackupsView['busy']>): void =>
  setView(handle, { busy, error: null, said: null, undo: null });

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
