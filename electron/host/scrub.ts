import type { BackupRecord } from '@shared/run.ts';
import type { Busy } from './busy.ts';
import { type Databases, defaultBackupFolder } from './databases.ts';
import type { EngineChild } from './engine-process.ts';
import type { Engines } from './engines.ts';
import type { EventBus } from './events.ts';
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
  readonly events: EventBus;
  /** Told of each that was read, as it was found: on a medium that cannot be written to, nothing else says so later. */
  readonly onRead?: (backup: BackupRecord) => void;
  /** ms; for tests. */
  readonly idleMs?: number;
  readonly budgetMs?: number;
}

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
  /** Reads a backup right now. */
  child: EngineChild | null;
}

async function scrub(context: ScrubContext, state: State): Promise<void> {
  const { engines, budgetMs = BUDGET_MS } = context;
  const due = await dueBackups(context);
  const startedAt = Date.now();
  for (const [at, backup] of due.entries()) {
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
    if (checked.ok ? checked.value.state !== 'verified' : checked.error.code === 'E_IO') tell(context, backup);
  }
}

/** Of databases that are remembered here, not read for a while; longest ago first. */
async function dueBackups({ engines, recents }: ScrubContext): Promise<BackupRecord[]> {
  const paths = await recents.paths();
  const [first] = paths;
  if (first === undefined) return [];
  const folders = paths.map(defaultBackupFolder);
  const listed = await engines.askAlone(first, 'listBackups', { folders, databasePath: null }).answer;
  if (!listed.ok) return [];
  const known = new Set(paths);
  const readAt = ({ lastCheck, createdAt }: BackupRecord): string => lastCheck?.at ?? createdAt;
  return listed.value
    .filter(({ databasePath, state }) => known.has(databasePath) && state === 'verified')
    .filter((backup) => Date.now() - Date.parse(readAt(backup)) > FRESH_MS)
    .toSorted((a, b) => readAt(a).localeCompare(readAt(b)));
}

function tell({ recents, databases, events }: ScrubContext, { databasePath }: BackupRecord): void {
  recents.knowsBroken(databasePath, 'another');
  const open = databases.find(databasePath);
  if (open) events.emit('database:changed', { handle: open.handle });
}
