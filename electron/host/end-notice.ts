import { type RunSnapshot, wasRefused } from '@shared/run.ts';
import type { Work } from './busy.ts';
import { printable } from './printable.ts';

/** What is told to somebody who is not looking at the window. Nothing of a database but its file's name. */
export interface EndNotice {
  readonly title: string;
  readonly body: string;
  /** Where a click leads. */
  readonly page: 'activity' | 'backups' | 'overview';
}

/** Who waits less than this is still there, ms. */
export const LONG = 15_000;

/** Three facts each: what happened, is the data safe, what to do. null = the person did it, or need not be told. */
export function runNotice(run: RunSnapshot, fileName: string): EndNotice | null {
  const name = printable(fileName, 80);
  const { state, error, attention, report } = run;
  if (state === 'paused' && attention)
    return {
      title: `The upgrade of ${name} is waiting`,
      body: `${attention.title}. Nothing failed: it goes on by itself once there is room.`,
      page: 'activity',
    };
  if (state === 'completed' && report?.verified === true)
    return {
      title: `Done and verified: ${name}`,
      body: `Phase ${report.toPhase} is reached, and a fresh process has checked the file.`,
      page: 'activity',
    };
  if (state !== 'failed' || !error || wasRefused({ backup: run.backup, error })) return null;
  return { title: `The upgrade of ${name} stopped: ${error.title}`, body: error.safety, page: 'activity' };
}

const done: Partial<Record<Work, (name: string) => string>> = {
  backup: (name) => `The backup of ${name} is made and verified`,
  restore: (name) => `${name} holds the backup again`,
  'put-back': (name) => `The old files of ${name} are back`,
  ingest: (name) => `Taking files into ${name} has ended`, // some or all may have been refused
  retry: (name) => `The issue rows of ${name} were tried again`,
};
const failed: Partial<Record<Work, (name: string) => string>> = {
  backup: (name) => `The backup of ${name} was not finished`,
  restore: (name) => `The restore of ${name} was not finished`,
  'put-back': (name) => `Putting the old files of ${name} back was not finished`,
  // What was taken in, or put right, before it stopped is kept.
  ingest: (name) => `Taking files into ${name} was not finished`,
  retry: (name) => `Trying the issue rows of ${name} again was not finished`,
};

/** As runNotice, for what is no upgrade; why it failed is said in the window. */
export function workNotice(work: Work, fileName: string, isDone: boolean): EndNotice | null {
  const title = (isDone ? done : failed)[work]?.(printable(fileName, 80));
  if (title === undefined) return null;
  const body = isDone
    ? 'Open Phasewise to see what was done.'
    : 'Open Phasewise: it says what happened and what to do.';
  return { title, body, page: OF_BACKUPS.includes(work) ? 'backups' : 'overview' };
}
const OF_BACKUPS: readonly Work[] = ['backup', 'restore', 'put-back'];
