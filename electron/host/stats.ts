import { lstatSync, statSync, type Stats } from 'node:fs';

/** What a name leads to; undefined where there is nothing, and where the system does not let us look. Never throws. */
export const statsOf = (file: string): Stats | undefined => quietly(() => statSync(file, { throwIfNoEntry: false }));

/** What lies under a name itself, a link as a link. Never throws. */
export const ownStatsOf = (file: string): Stats | undefined =>
  quietly(() => lstatSync(file, { throwIfNoEntry: false }));

/**
 * What tells a file from every other one, a copy of it above all, whatever it is called: its number, and when it was made,
 * as numbers are used again. null where there is none, or the system does not say. On another disk it is another file.
 */
export function fileIdOf(file: string): string | null {
  try {
    const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stats === undefined || stats.birthtimeNs <= 0n ? null : `${stats.ino} ${stats.birthtimeNs}`;
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
