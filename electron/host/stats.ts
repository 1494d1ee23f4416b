import { lstatSync, statSync, type Stats } from 'node:fs';

/** What a name leads to; undefined where there is nothing, and where the system does not let us look. Never throws. */
export const statsOf = (file: string): Stats | undefined => quietly(() => statSync(file, { throwIfNoEntry: false }));

/** What lies under a name itself, a link as a link. Never throws. */
export const ownStatsOf = (file: string): Stats | undefined =>
  quietly(() => lstatSync(file, { throwIfNoEntry: false }));

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
