import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { isRecoveryCopy, isReplacedFolder, isReplacingFolder } from '@shared/beside.ts';
import { saysUntouched } from '@shared/errors.ts';
import type { Ending, Scene } from '../flows/flow.ts';
import { sha256IfThere, type Sandbox } from '../sandbox.ts';
import { saidBy } from './said.ts';

/**
 * Where the engine keeps the database as it was found, with what lay beside it: folders beside it, and among the
 * backups. One that was being filled among the backups when the engine was killed is none: the next run sweeps it.
 * @returns the database in each, whether or not it is there.
 */
export function keptCopies({ file, backupFolder }: Sandbox): string[] {
  const name = path.basename(file);
  const isKept = (each: string): boolean => isReplacedFolder(name, each) || isReplacingFolder(name, each);
  return [
    ...foldersIn(path.dirname(file)).filter((each) => isKept(path.basename(each))),
    ...foldersIn(backupFolder).filter((each) => isRecoveryCopy(path.basename(each))),
  ].map((folder) => path.join(folder, name));
}

const foldersIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => path.join(folder, name))
    : [];

/**
 * Nothing is thrown away: each sidecar that SQLite would not take in lies where it lay, or in a copy beside the very
 * database that it lay beside.
 */
export function thrownAway(scene: Pick<Scene, 'sandbox' | 'old' | 'taken'>): string[] {
  const { sandbox, old } = scene;
  const isAny = old.sha256 === null || isChangedByOther(scene);
  const copies = keptCopies(sandbox).filter((copy) => isAny || sha256IfThere(copy) === old.sha256);
  const isThere = (suffix: string, sha256: string): boolean =>
    [sandbox.file, ...copies].some((file) => sha256IfThere(file + suffix) === sha256);
  return Object.entries(old.sidecars)
    .filter(([suffix, sha256]) => !isThere(suffix, sha256))
    .map(([suffix]) => `the damaged ${suffix} was thrown away`);
}

/** A file that SQLite cannot work with, and into which another program has played what lay beside it. */
export const isChangedByOther = ({ old, taken = [] }: Pick<Scene, 'old' | 'taken'>): boolean =>
  old.content === null && old.sha256 !== null && taken.includes(old.sha256);

/** Whether one of the copies holds the database and all that lay beside it. */
export const isKeptAsFound = ({ sandbox, old }: Pick<Scene, 'sandbox' | 'old'>): boolean =>
  keptCopies(sandbox).some((copy) =>
    Object.entries({ '': old.sha256, ...old.sidecars }).every(
      ([suffix, sha256]) => sha256IfThere(copy + suffix) === sha256,
    ),
  );

/** Who is told that nothing was changed finds it where it lay. */
export function untoldLoss({ sandbox, before, old }: Scene, ending: Ending): string[] {
  const error = saidBy(ending)?.error;
  if (!error || !saysUntouched(error.safety)) return [];
  const found = Object.entries(before.sidecars).filter(([suffix, sha256]) => old.sidecars[suffix] === sha256);
  return found
    .filter(([suffix, sha256]) => sha256IfThere(sandbox.file + suffix) !== sha256)
    .map(
      ([suffix]) =>
        `${error.code} says that nothing was changed, but the damaged ${suffix} is no longer there: ${error.message}`,
    );
}
