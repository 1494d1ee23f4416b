import type { RunReport } from './run.ts';

/** Said of an upgrade that was gone on with, where the backup from before all of it cannot be named. '' = it can. */
export function aboutOriginal({ original, whyNone }: NonNullable<RunReport['continues']>): string {
  if (original !== null) return '';
  return ` ${words[whyNone ?? 'unread']}`;
}

const words = {
  gone: 'The backup from before it was begun is no longer where it was.',
  broken: 'The backup from before it was begun is no longer good.',
  unread: 'The backup from before it was begun could not be looked at just now.',
};
