import { lstatSync } from 'node:fs';
import { identify, identityOf, isSameFile, isUnchanged, type Identity } from './identity.ts';

export type State = ReadonlyMap<string, Identity>;

/**
 * A database and what belongs to its content, by suffix. -shm is left out: it is an index over the WAL that SQLite makes
 * anew. @throws CodedError E_NOT_FOUND when the database is not there any more.
 */
export const stateOf = (file: string): State =>
  new Map(
    ['', '-wal', '-journal'].flatMap((suffix): [string, Identity][] => {
      if (suffix === '') return [[suffix, identify(file)]];
      const stats = lstatSync(file + suffix, { bigint: true, throwIfNoEntry: false });
      return stats ? [[suffix, identityOf(stats)]] : [];
    }),
  );

/** Nobody has written to any of it in between. */
export const isSameState = (a: State, b: State): boolean =>
  a.size === b.size &&
  [...a].every(([suffix, identity]) => {
    const other = b.get(suffix);
    return other !== undefined && isUnchanged(identity, other);
  });

/** Somebody has; a file that was put in its place is another one. */
export function isWrittenTo(before: State, after: State): boolean {
  const [was, is] = [before.get(''), after.get('')];
  return was !== undefined && is !== undefined && isSameFile(was, is) && !isSameState(before, after);
}
