import { create } from 'zustand';
import { isReplacedFolder } from '@shared/beside.ts';
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
  const offered = (): Undo | null => useBackups.getState().byHandle[handle]?.undo ?? null;
  const before = offered();
  const list = await call('backup:list', { handle });
  if (!list.ok) return setView(handle, { listError: list.error });
  const isKnown = before !== null && before === offered(); // of a restore that was made meanwhile this list may not tell
  const undo = isKnown ? { undo: asListed(before, list.value) } : {};
  setView(handle, { list: list.value, listError: null, ...undo });
}

/**
 * Putting files back takes those of the last restore that has some: of this one there may be none to put back. Rows go
 * back as long as nothing else was done in the file: that would go with them, and nobody would have been asked.
 */
function asListed(undo: Undo, { backups, replaced, undoneBy }: Output<'backup:list'>): Undo | null {
  if (undo.by === 'files') return undo.folder === replaced?.folder ? undo : null;
  if (undo.backup.id === undoneBy) return undo;
  const backup = backups.find(({ id }) => id === undoneBy);
  return backup ? { by: 'rows', backup } : null;
}

/** A copy, restored to a scratch file and checked before it counts. */
export const createBackup = (handle: string): Promise<void> =>
  act(
    handle,
    { what: 'creating', backupId: null },
    () => 'Backup made and verified.',
    () => call('backup:create', { handle }),
  );

/** Reads the whole backup again. A broken one is an answer, not an error. */
export const verifyBackup = (handle: string, backupId: string): Promise<void> =>
  act(handle, { what: 'checking', backupId }, checkedWords, async () => {
    const checked = await call('backup:verify', { handle, backupId });
    if (checked.ok) showAsChecked(handle, checked.value); // whether they can be listed anew or not
    return checked;
  });

type Checked = Output<'backup:verify'>;

function checkedWords({ state, isNoted }: Checked): string {
  const found = foundWords[state] ?? 'Backup checked.';
  return isNoted === false ? `${found} ${UNNOTED}` : found;
}

const foundWords: Partial<Record<BackupRecord['state'], string>> = {
  broken: 'Backup checked: it is broken.',
  missing: 'Backup checked: its file is missing.',
};
const UNNOTED =
  'That could not be noted beside it: when Phasewise has been ended and started again, it is listed as before.';

function showAsChecked(handle: string, { id, verified, lastCheck, state }: Checked): void {
  const list = useBackups.getState().byHandle[handle]?.list ?? null;
  if (list === null) return;
  const backups = list.backups.map((each) => (each.id === id ? { ...each, verified, lastCheck, state } : each));
  setView(handle, { list: { ...list, backups } });
}

/**
 * @returns the error, or null when the backup is back in place; at once, without waiting for the new list, because who
 * asked leads to another page then, and must not do so after somebody has gone on.
 */
export const restoreBackup = (handle: string, backupId: string, confirmation: string): Promise<AppError | null> =>
  restore(handle, { backupId, confirmation });

async function restore(
  handle: string,
  asked: { backupId: string; confirmation: string; isUndo?: true },
): Promise<AppError | null> {
  begin(handle, { what: 'restoring', backupId: asked.backupId });
  const restored = await call('backup:restore', { handle, ...asked });
  setView(handle, {
    busy: null,
    ...(restored.ok ? restoredWords(restored.value, asked.isUndo) : whyNot(restored)),
  });
  void loadBackups(handle);
  return restored.ok ? null : restored.error;
}

/** What an interrupted restore that was carried through has achieved; or an undoing, which puts no backup back. */
export function tellRestored(handle: string, done: Output<'backup:restore'>): void {
  const { databaseName, id } = done.restored;
  const isOldFiles = isReplacedFolder(databaseName, id); // then that is the name of their folder
  setView(handle, isOldFiles ? { said: putBackWords(done), undo: null } : restoredWords(done));
}

/** What was there may have been deleted or damaged meanwhile, also where a restore is undone. */
function restoredWords(
  { before, replacedFolder }: Output<'backup:restore'>,
  isUndo = false,
): Pick<BackupsView, 'said' | 'undo'> {
  const done = isUndo ? 'The restore is undone.' : 'Backup restored.';
  if (before !== null) {
    const rest = `SQLite could not read everything that was there: the files are kept, as they were found, in ${replacedFolder}.`;
    const said = `${done} ${isUndo ? 'What it had put there' : 'What it replaced'} was backed up first.`;
    return { said: replacedFolder === null ? said : `${said} ${rest}`, undo: { by: 'rows', backup: before } };
  }
  const nothing = isUndo ? 'There was nothing left of what it had put there.' : 'There was nothing that it replaced.';
  if (replacedFolder === null) return { said: `${done} ${nothing}`, undo: null };
  const said = `${done} SQLite could not read all of what was there, so its files are kept, byte for byte, in ${replacedFolder}.`;
  return { said, undo: { by: 'files', folder: replacedFolder } };
}

/**
 * One click, because this can be undone in the same way, and takes out only what the restore has put there: the host sees
 * to that, and refuses it with E_STATE_CHANGED once more has been done in the file. @param fileName stands in for the typed confirmation.
 * @returns the error, which the view keeps as well, or null when it is undone; at once, as `restoreBackup`.
 */
export async function undoRestore(handle: string, undo: Undo, fileName: string): Promise<AppError | null> {
  const error =
    undo.by === 'rows'
      ? await restore(handle, { backupId: undo.backup.id, confirmation: fileName, isUndo: true })
      : await putBack(handle, undo.folder, fileName);
  if (error) setView(handle, { error });
  return error;
}

async function putBack(handle: string, shown: string, confirmation: string): Promise<AppError | null> {
  begin(handle, { what: 'undoing', backupId: null });
  const done = await call('backup:putBack', { handle, confirmation, shown });
  setView(handle, { busy: null, ...(done.ok ? { said: putBackWords(done.value) } : {}) });
  void loadBackups(handle);
  return done.ok ? null : done.error;
}

const putBackWords = ({ replacedFolder }: Pick<Output<'backup:putBack'>, 'replacedFolder'>): string =>
  `The old files are back as they were. ${replacedFolder === null ? 'There was nothing in their place until now.' : 'What was there until now lies beside them.'}`;

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

/** @param backupId null shows the folder that backups usually go to. */
export const revealBackup = (handle: string, backupId: string | null): Promise<void> => show(handle, { backupId });

/** The folder that this one lies in. @param backupId as `revealBackup`. */
export const revealFolder = (handle: string, backupId: string | null): Promise<void> =>
  show(handle, { backupId, isPlace: true });

async function show(handle: string, what: { backupId: string | null; isPlace?: true }): Promise<void> {
  const shown = await call('backup:reveal', { handle, ...what });
  const told = useBackups.getState().byHandle[handle]?.error;
  if (!shown.ok) {
    unshown.add(shown.error);
    setView(handle, { error: shown.error });
  } else if (told && unshown.has(told)) setView(handle, { error: null });
}

/** Errors of showing: these go once it works. Any other stays, since who is shown a folder may be following what it says. */
const unshown = new WeakSet<AppError>();

/** Takes back what was said of the action before. */
const begin = (handle: string, busy: NonNullable<BackupsView['busy']>): void =>
  setView(handle, { busy, error: null, said: null, undo: null });

async function act<T>(
  handle: string,
  busy: NonNullable<BackupsView['busy']>,
  said: (value: T) => string,
  work: () => Promise<Result<T>>,
): Promise<void> {
  setView(handle, { busy, error: null, said: null });
  const result = await work();
  await loadBackups(handle);
  setView(handle, result.ok ? { busy: null, said: said(result.value) } : { busy: null, error: result.error });
}

function setView(handle: string, change: Partial<BackupsView>): void {
  useBackups.setState(({ byHandle }) => ({
    byHandle: { ...byHandle, [handle]: { ...emptyView, ...byHandle[handle], ...change } },
  }));
}
