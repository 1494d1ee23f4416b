import { isFinal, type RunSnapshot } from '@shared/run.ts';

/** What dock and taskbar show of the app. */
export interface Taskbar {
  readonly mode: 'none' | 'normal' | 'indeterminate' | 'paused' | 'error';
  /** 0 to 1, in whole per cent; 0 where nobody can tell. */
  readonly fraction: number;
}

/** One thing that goes on. */
export interface Going {
  readonly isPaused: boolean;
  /** null where nobody can tell. */
  readonly fraction: number | null;
}

/** Of several the slowest is shown. A failure stays until somebody has looked, unless something goes on meanwhile. */
export function taskbarOf(going: readonly Going[], hasFailed: boolean): Taskbar {
  if (going.length === 0) return hasFailed ? { mode: 'error', fraction: 1 } : { mode: 'none', fraction: 0 };
  const moving = going.filter(({ isPaused }) => !isPaused);
  const shown = moving.length > 0 ? moving : going;
  const fractions = shown.map(({ fraction }) => fraction);
  const known = fractions.filter((fraction) => fraction !== null);
  const least = Math.round(Math.min(1, ...known) * 100) / 100;
  if (moving.length === 0) return { mode: 'paused', fraction: known.length < fractions.length ? 0 : least };
  return known.length < fractions.length ? { mode: 'indeterminate', fraction: 0 } : { mode: 'normal', fraction: least };
}

/** null once it is over. Only moving rows says how far it is; backing up and checking do not. */
export function goingOf({ state, progress }: Pick<RunSnapshot, 'state' | 'progress'>): Going | null {
  if (isFinal(state)) return null;
  const isMoving = !['starting', 'backing-up', 'verifying'].includes(state);
  const fraction = isMoving && progress && progress.rowsTotal > 0 ? progress.rowsDone / progress.rowsTotal : null;
  return { isPaused: state === 'paused', fraction };
}

/** As Electron takes it: below 0 there is no bar, above 1 it has no end. Linux knows no bar without an end. */
export function progressBarOf(
  { mode, fraction }: Taskbar,
  platform: NodeJS.Platform,
): { value: number; mode: Taskbar['mode'] } {
  if (mode === 'none') return { value: -1, mode };
  if (mode === 'indeterminate') return { value: platform === 'linux' ? -1 : 2, mode };
  return { value: fraction, mode };
}
