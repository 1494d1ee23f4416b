import { create } from 'zustand';
import type { OpenDatabase, RecentDatabase } from '@shared/channels.ts';
import type { AppError, Result } from '@shared/errors.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { call, openDropped } from '../api.ts';
import type { Tab } from '../route.ts';
import { isLost, vanished } from '../words/errors.ts';
import { clock, dateTime } from '../words/times.ts';
import { showDialog } from './dialogs.ts';
import { loadNotices, loadRecovery, useRecovery } from './recovery.ts';
import { goHome, goTo, navigate, useRoute } from './route.ts';
import { useSession } from './session.ts';

/** What is known about one open database. The last status stays visible while a newer one is fetched. */
export interface DatabaseView {
  readonly status: DatabaseStatus | null;
  readonly error: AppError | null;
  /** That the last check of all data was given up, until the next look: what is shown is as true as it was before. */
  readonly stopped?: AppError | null;
  readonly busy: 'looking' | 'checking' | null;
  /** All of the data was read for the last status; a short look knows less. */
  readonly isFull: boolean;
  /** Of the last status that there was, also where it holds no longer. */
  readonly seenAt: string | null;
}

export interface Refusal {
  readonly error: AppError;
  readonly retry: () => Promise<void>;
}

interface Databases {
  readonly open: readonly OpenDatabase[];
  readonly isListed: boolean;
  readonly recents: readonly RecentDatabase[] | null;
  readonly views: Readonly<Record<string, DatabaseView>>;
  /** What is being opened, in words. */
  readonly opening: string | null;
  readonly refusal: Refusal | null;
  /** The last one that was to be closed and is still open, until the list is asked for again. */
  readonly notClosed: { readonly handle: string; readonly error: AppError } | null;
  /** Where the sample was put, by handle: said once on its overview. */
  readonly samplePaths: Readonly<Record<string, string>>;
}

export const useDatabases = create<Databases>(() => ({
  open: [],
  isListed: false,
  recents: null,
  views: {},
  opening: null,
  refusal: null,
  notClosed: null,
  samplePaths: {},
}));

const emptyView: DatabaseView = { status: null, error: null, busy: null, isFull: false, seenAt: null };
const { getState, setState } = useDatabases;

export async function loadDatabases(): Promise<void> {
  const [open, recents] = await Promise.all([call('database:list', {}), call('recents:list', {})]);
  if (open.ok) setState({ open: open.value, isListed: true, notClosed: null });
  if (recents.ok) setState({ recents: recents.value });
}

/** What is remembered of them changes with every list of backups, and files and backups come and go by themselves. */
export async function loadRecents(): Promise<void> {
  const recents = await call('recents:list', {});
  if (recents.ok) setState({ recents: recents.value });
}

/** Ctrl+O and every "Open…": the system's dialog where there is one, our own picker elsewhere. */
export async function chooseDatabase(): Promise<void> {
  if (useSession.getState().info?.fileChoosing !== 'native') return showDialog({ picker: { mode: 'database' } });
  const chosen = await call('database:choose', {});
  if (chosen.ok && chosen.value === null) return;
  arrive(chosen as Result<OpenDatabase>, chooseDatabase);
}

export const openFile = (token: string, name: string): Promise<void> =>
  opening(`Looking at ${name}…`, () => call('database:openFile', { token }));

export const openRecent = (recentId: string, name: string): Promise<void> =>
  opening(`Looking at ${name}…`, () => call('database:openRecent', { recentId }));

/** Of a recent database whose file is gone: they are what is left of it. */
export const openBackupsOf = (recentId: string, name: string): Promise<void> =>
  opening(`Looking for backups of ${name}…`, () => call('database:openRecent', { recentId }), 'backups');

export const openSample = (): Promise<void> =>
  opening('Building a sample database…', async () => {
    const sample = await call('database:openSample', {});
    if (sample.ok)
      setState(({ samplePaths }) => ({ samplePaths: { ...samplePaths, [sample.value.handle]: sample.value.path } }));
    return sample;
  });

/** A dropped file: opened by Electron, explained elsewhere. */
export async function dropFile(file: File): Promise<void> {
  const opened = await openDropped(file);
  if (opened === null) showDialog({ droppedName: file.name });
  else arrive(opened, () => dropFile(file));
}

export async function forgetRecent(recentId: string): Promise<void> {
  await call('recents:remove', { recentId });
  await loadDatabases();
}

/**
 * One with which something is going on stays open, and so does one where nobody answered. @param endsExport said by who was
 * told that a file is being written from it: unlike anything else, that may be ended by closing.
 */
export async function closeDatabase(handle: string, endsExport = false): Promise<void> {
  const closed = await call('database:close', { handle, ...(endsExport && { endsExport }) });
  if (!closed.ok && closed.error.code !== 'E_UNKNOWN_HANDLE')
    return setState({ notClosed: { handle, error: closed.error } });
  forget(handle);
  await loadDatabases();
}

/** Only an export kept it open. */
export const isForExport = (error: AppError): boolean => error.details?.['endsExport'] === true;

/** The file is written, or is not: it keeps the database open no more. */
export function forgetExporting(handle: string): void {
  const { notClosed } = getState();
  if (notClosed?.handle === handle && isForExport(notClosed.error)) setState({ notClosed: null });
}

/**
 * Looks, changes nothing. `check` also reads all data: integrity, foreign keys, every exit criterion. Short looks meanwhile
 * leave it under way. Where one of them found something else, nobody knows which answer is the older: it is looked at once more.
 */
export async function look(handle: string, depth: 'status' | 'check' = 'status'): Promise<void> {
  const isCheck = depth === 'check';
  const statusNow = (): DatabaseStatus | null => getState().views[handle]?.status ?? null;
  const isChecking = (): boolean => getState().views[handle]?.busy === 'checking';
  const before = statusNow();
  setView(handle, { busy: isCheck || isChecking() ? 'checking' : 'looking', stopped: null });
  const answer = await call(`database:${depth}`, { handle });
  const busy = !isCheck && isChecking() ? 'checking' : null;
  if (!answer.ok && isCheck && answer.error.code === 'E_CANCELLED') return showStopped(handle, answer.error);
  if (!answer.ok)
    return isLost(answer.error) ? reportLost(handle, answer.error) : setView(handle, { error: answer.error, busy });
  const now = statusNow();
  const isOvertaken = isCheck && now !== before && (!now || contentOf(now) !== contentOf(answer.value));
  setView(handle, isOvertaken ? { busy } : { status: answer.value, error: null, busy, isFull: isCheck });
  if (isOvertaken) await look(handle);
}

/** Nothing was found out. Where nothing was known before either, that is all there is to be shown. */
function showStopped(handle: string, stopped: AppError): void {
  const { status = null, error = null } = getState().views[handle] ?? {};
  setView(handle, { busy: null, stopped, error: status === null && error === null ? stopped : error });
}

/** Nothing lies in its place any more: its backups are what is left. */
export const isFileGone = ({ views }: Pick<Databases, 'views'>, handle: string): boolean =>
  views[handle]?.error?.code === 'E_NOT_FOUND';

/** The file is no longer what was seen: "healthy" and all else that was said of it goes. */
export function reportLost(handle: string, error: AppError): void {
  const seenAt = getState().views[handle]?.status?.checkedAt ?? getState().views[handle]?.seenAt ?? null;
  const told = error.code === 'E_NOT_FOUND' ? vanished(error, whenSeen(handle, seenAt)) : error;
  setView(handle, { status: null, error: told, busy: null, seenAt });
}

/** Of a file that is gone: "at 14:02", or what is remembered where this window has never seen it. */
function whenSeen(handle: string, seenAt: string | null): string {
  if (seenAt !== null) return `at ${clock(seenAt)}`;
  const database = getState().open.find((each) => each.handle === handle);
  const recent = getState().recents?.find(({ name, folder }) => name === database?.name && folder === database.folder);
  return recent ? `on ${dateTime(recent.lastOpenedAt)}` : 'when it was opened';
}

/** Looks without a word, and keeps what is on screen, a full check above all, while the file is what it was. */
export async function lookIfChanged(handle: string): Promise<void> {
  const before = getState().views[handle];
  if (!before?.status || before.busy !== null) return;
  const answer = await call('database:status', { handle });
  const now = getState().views[handle];
  if (now?.status !== before.status || now.busy !== null) return; // overtaken by another look
  if (!answer.ok) return isLost(answer.error) ? reportLost(handle, answer.error) : undefined;
  const isHealthNews = !now.isFull && answer.value.health.summary !== before.status.health.summary;
  if (now.error !== null || isHealthNews || contentOf(answer.value) !== contentOf(before.status)) {
    setView(handle, { status: answer.value, error: null, isFull: false });
  }
}

/** What a change by another program would change. Not the checks: a full look knows more of them than a short one. */
const contentOf = ({ file, variant, phaseReached, tables, ledger, issues, drift, unfinishedRun }: DatabaseStatus) =>
  JSON.stringify([
    [file.sizeBytes, file.walBytes, file.isWritable, variant.id, phaseReached],
    [tables, ledger, issues, drift, unfinishedRun],
  ]);

/** The host opened one on its own: a double click on a file, a second start. */
export function adopt(database: OpenDatabase): void {
  if (!getState().open.some(({ handle }) => handle === database.handle)) {
    setState(({ open }) => ({ open: [...open, database] }));
  }
}

export function forget(handle: string): void {
  setState(({ open, views }) => ({
    open: open.filter((database) => database.handle !== handle),
    views: Object.fromEntries(Object.entries(views).filter(([key]) => key !== handle)),
  }));
  const { route } = useRoute.getState();
  if (route.page === 'database' && route.handle === handle) goHome();
}

/** What the host opened on its own comes into view; while this window opens something, when it is known which is ours. */
export function showArrival(handle: string): void {
  if (getState().opening === null) goTo(handle, 'overview');
  else arrivals.push(handle);
}

const arrivals: string[] = [];

/** The engine process died: what it last said stays on screen, with the reason on top. */
export const reportDeath = (handle: string, error: AppError): void => setView(handle, { error, busy: null });

async function opening(words: string, open: () => Promise<Result<OpenDatabase>>, tab: Tab = 'overview'): Promise<void> {
  if (getState().opening !== null) return;
  setState({ opening: words });
  const result = await open();
  setState({ opening: null });
  const others = arrivals.splice(0).filter((handle) => !result.ok || handle !== result.value.handle);
  arrive(result, () => opening(words, open, tab), tab);
  const [last] = others.slice(-1);
  if (result.ok && last !== undefined) goTo(last, 'overview'); // a refusal has to be seen; the other one is in the list
}

function arrive(result: Result<OpenDatabase>, retry: () => Promise<void>, tab: Tab = 'overview'): void {
  if (result.ok) {
    const { handle } = result.value;
    setState({ refusal: null });
    adopt(result.value);
    goTo(handle, tab);
    void loadDatabases();
    if (getState().views[handle]) void lookOnceMore(handle); // its page looks at what was never seen
  } else {
    setState({ refusal: { error: result.error, retry } });
    navigate({ page: 'refused' });
  }
}

/**
 * Of a database that is known: another program, such as the command line, may have changed its file, have gone on with
 * what was interrupted in it, or have left something unfinished itself.
 */
export async function lookOnceMore(handle: string): Promise<void> {
  const view = getState().views[handle];
  if (!view || view.busy !== null) return; // its page looks at it anyway
  const before = { status: view.status, noted: notedOf(handle) };
  await (before.status === null ? look(handle) : lookIfChanged(handle));
  await loadNotices();
  const {
    recovery = null,
    busy = null,
    looking = null,
    unknown = null,
  } = useRecovery.getState().byHandle[handle] ?? {};
  if (busy !== null || looking !== null) return; // a choice that is carried out asks itself
  // To tell what is unfinished, the host reads the whole file: not at every glance, but where something may have changed.
  const isTold = recovery !== null && unknown === null && recovery.choices.every(({ id }) => id !== 'look');
  const isStopped = unknown?.code === 'E_CANCELLED'; // not begun anew by coming back to the window
  if ((isTold || isStopped) && before.status === statusOf(handle) && before.noted === notedOf(handle)) return;
  await loadRecovery(handle);
}

const statusOf = (handle: string): DatabaseStatus | null => getState().views[handle]?.status ?? null;

/** What the journals say of it, as far as that is known. */
function notedOf(handle: string): string {
  const database = getState().open.find((each) => each.handle === handle);
  const notices = useRecovery.getState().notices ?? [];
  return JSON.stringify(notices.find(({ name, folder }) => name === database?.name && folder === database.folder));
}

function setView(handle: string, change: Partial<DatabaseView>): void {
  setState(({ views }) => ({ views: { ...views, [handle]: { ...emptyView, ...views[handle], ...change } } }));
}
