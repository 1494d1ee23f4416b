import { lstatSync, statSync, type Stats } from 'node:fs';
import { lookOnDrives } from './drives.ts';
import { fileIdIn } from './on-drives.ts';

/**
 * What must be known at once: of our own files, and where an answer is noted in the same breath, so that nothing may come
 * in between. It waits for the system, and all windows with it: what lies on a drive of people is asked first whether it
 * answers (`drives.ts`). Everything else asks `on-drives.ts`.
 */

/** What a name leads to; undefined where there is nothing, and where the system does not let us look. Never throws. */
export const statsOf = (file: string): Stats | undefined => quietly(() => statSync(file, { throwIfNoEntry: false }));

/** What lies under a name itself, a link as a link. Never throws. */
export const ownStatsOf = (file: string): Stats | undefined =>
  quietly(() => lstatSync(file, { throwIfNoEntry: false }));

/**
 * What tells a file from every other one, a copy of it above all, whatever it is called: its number, and when it was made,
 * as numbers are used again. null where there is none, the system does not say, or its drive is known not to answer. On
 * another disk it is another file.
 */
export function fileIdOf(file: string): string | null {
  if (lookOnDrives.isSilent(file)) return null;
  try {
    const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? null : fileIdIn(stats);
  } catch {
    return null;
  }
}

/** True for a symbolic link, wherever it leads. Never throws. */
export const isLink = (file: string): boolean => ownStatsOf(file)?.isSymbolicLink() ?? false;

/** `throwIfNoEntry` covers a missing name only, not a file on the way to it, a loop of links, a forbidden folder. */
function quietly(look: () => Stats | undefined): Stats | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
