import type { BackupRecord } from '@shared/run.ts';
import type { EngineRequests } from '@engine/protocol.ts';
import type { Busy } from './busy.ts';
import type { Databases } from './databases.ts';
import type { EngineChild } from './engine-process.ts';
import type { Engines } from './engines.ts';
import type { EventBus } from './events.ts';
import { isFolderOn } from './on-drives.ts';
import type { Recents } from './recents.ts';

/**
 * Reads stored backups again, those first that were not read for longest: a disk forgets without saying so. Begins when
 * the host has been idle for a moment, one backup at a time, never while anything is going on.
 */
export interface Scrub {
  /** Returns at once. */
  start(): void;
  /** Something begins: what is being read is left, and comes first the next time. */
  pause(): void;
  stop(): void;
}

export interface ScrubContext {
  readonly engines: Pick<Engines, 'askAlone'>;
  readonly busy: Busy;
  readonly recents: Pick<Recents, 'paths' | 'knowsBroken'>;
  readonly databases: Pick<Databases, 'find'>;
  /** Where the list of its backups is looked for: whatever that shows is read again. */
  readonly placesOf: (databasePath: string) => Promise<Places>;
  readonly events: EventBus;
  /** Told of each that was read, as it was found: on a medium that cannot be written to, nothing else says so later. */
  readonly onRead?: (backup: BackupRecord) => void;
  /** ms; for tests. */
  readonly idleMs?: number;
  readonly budgetMs?: number;
}

/** As the engine is asked for the backups of a database. */
export type Places = EngineRequests['listBackups']['input'];

/** The first look at a database comes first. */
const IDLE_MS = 15_000;
/** Reading per start; the next start goes on with the others. */
const BUDGET_MS = 20_000;
/** Whoever starts the app ten times a day need not read the same backup ten times. */
const FRESH_MS = 20 * 3_600_000;
const BYTES_PER_MS = 200_000;

export function createScrub(context: ScrubContext): Scrub {
  const { idleMs = IDLE_MS } = context;
  let timer: NodeJS.Timeout | undefined;
  const state: State = { isStopped: false, child: null };
  return {
    start() {
      timer = setTimeout(() => void scrub(context, state).catch(() => {}), idleMs);
      timer.unref();
    },
    pause: () => state.child?.kill(),
    stop() {
      state.isStopped = true;
      clearTimeout(timer);
    },
  };
}

interface State {
  isStopped: boolean;
  /** Lists backups, or reads one, right now. */
  child: EngineChild | null;
}

async function scrub(context: ScrubContext, state: State): Promise<void> {
  const { engines, budgetMs = BUDGET_MS } = context;
  const due = await dueBackups(context, state);
  const startedAt = Date.now();
  for (const [at, { backup, owners }] of due.entries()) {
    await context.busy.free();
    const leftMs = budgetMs - (Date.now() - startedAt);
    // The first one always: otherwise a backup larger than the budget would never be read again.
    const fits = at === 0 || backup.sizeBytes / BYTES_PER_MS < leftMs;
    if (state.isStopped || leftMs <= 0) return;
    if (!fits) continue;
    const asked = engines.askAlone(backup.path, 'verifyBackup', { backupPath: backup.path });
    state.child = asked.child;
    const checked = await asked.answer;
    state.child = null;
    if (checked.ok) context.onRead?.(checked.value);
    // What the disk cannot give back is nothing to rely on; whatever else keeps it from being read says nothing of it.
    if (checked.ok ? checked.value.state !== 'verified' : checked.error.code === 'E_IO')
      for (const owner of owners) tell(context, owner);
  }
}

interface Due {
  readonly backup: BackupRecord;
  readonly owners: Owner[];
}

/** A database that lists it. */
interface Owner {
  readonly databasePath: string;
  /** It was made of this very file, whatever that was called then: its list counts it, too. */
  readonly isItsOwn: boolean;
}

/** All that is listed for the databases that are remembered here, and was not read for a while; longest ago first. */
async function dueBackups(context: ScrubContext, state: State): Promise<Due[]> {
  const due = new Map<string, Due>();
  for (const databasePath of await context.recents.paths()) {
    for (const backup of await listedFor(context, state, databasePath)) {
      if (backup.state !== 'verified' || Date.now() - Date.parse(readAt(backup)) <= FRESH_MS) continue;
      const known = due.get(backup.path) ?? { backup, owners: [] };
      known.owners.push({ databasePath, isItsOwn: backup.madeOfGone !== true });
      due.set(backup.path, known);
    }
  }
  return [...due.values()].toSorted((a, b) => readAt(a.backup).localeCompare(readAt(b.backup)));
}

const readAt = ({ lastCheck, createdAt }: BackupRecord): string => lastCheck?.at ?? createdAt;

/** None where that cannot be said, or something else goes on meanwhile: the next start asks again. */
async function listedFor(context: ScrubContext, state: State, databasePath: string): Promise<BackupRecord[]> {
  await context.busy.free();
  const places = await context.placesOf(databasePath);
  if (!(await isAnyThere([...places.folders, ...(places.otherFolders ?? [])]))) return [];
  if (state.isStopped || context.busy.any()) return [];
  const asked = context.engines.askAlone(databasePath, 'listBackups', places);
  state.child = asked.child;
  const listed = await asked.answer;
  state.child = null;
  return listed.ok ? listed.value : [];
}

/** Most databases have no backups: no process is begun for these. */
async function isAnyThere(folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) if ((await isFolderOn(folder)) !== false) return true;
  return false;
}

function tell({ recents, databases, events }: ScrubContext, { databasePath, isItsOwn }: Owner): void {
  if (isItsOwn) recents.knowsBroken(databasePath, 'another');
  const open = databases.find(databasePath);
  if (open) events.emit('database:changed', { handle: open.handle });
}
