import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Scene } from '../flows/flow.ts';
import { sha256IfThere, sha256Of } from '../sandbox.ts';
import { backupTruth } from './backup-truth.ts';
import { isStill } from './body.ts';
import { lookAt, scratchOf } from './content.ts';
import { isChangedByOther, isKeptAsFound } from './kept-copies.ts';

/**
 * Whole restore: the path names wholly the old database or wholly the backup, and what is being replaced can be had
 * back: as a true backup, or byte for byte in a folder beside it.
 */
export function wholeRestore(scene: Scene): { problems: string[]; state: State } {
  const { sandbox, source, old } = scene;
  const { problems, backups } = backupTruth(sandbox);
  const original = backups.find(({ file }) => file === scene.backupPath);
  if (original?.content !== source.content) problems.push('the backup that is being put back was lost or changed');
  const state = stateNow(scene);
  const inBackup =
    old.content !== null && backups.some(({ content, file }) => content === old.content && file !== scene.backupPath);
  const files = setAsideFiles(scene);
  const setAside = new Set(files.map(sha256Of));
  // Another program may have written to it, so that its bytes are others, and its content is not.
  const isSetAside = (): boolean =>
    (old.sha256 !== null && setAside.has(old.sha256)) ||
    files.some((file) => isStill(old, lookAt(file, scratchOf(sandbox)))) ||
    (old.content !== null && files.some((file) => contentOf(scene, file) === old.content));
  const isKept = old.sha256 === null || inBackup || isChangedByOther(scene) || isSetAside();
  if (state === 'neither') problems.push('the path names neither the old database nor the whole backup');
  if (state === 'new' && !isKept) problems.push('what was replaced is gone');
  // Where SQLite could read it, its rows are what counts; else a log belongs to the bytes.
  for (const [suffix, sha256] of old.content === null ? Object.entries(old.sidecars) : [])
    if (state !== 'opened' && sha256IfThere(sandbox.file + suffix) !== sha256 && !setAside.has(sha256))
      problems.push(`the old ${suffix} is gone`);
  return { problems, state };
}

/** opened: SQLite could work with it as little as with what it made of it, but all of that is kept as it was found. */
type State = 'old' | 'opened' | 'new' | 'neither';

function stateNow(scene: Scene): State {
  const { sandbox, source, old } = scene;
  const sha256 = sha256IfThere(sandbox.file);
  // A restore by file that was interrupted may leave the path empty for the moment that its note explains.
  if (sha256 === null) return old.sha256 === null || existsSync(`${sandbox.file}.restore-intent`) ? 'old' : 'neither';
  const looked = lookAt(sandbox.file, scratchOf(sandbox));
  const content = looked?.content ?? null;
  if (content !== null && content === source.content) return 'new';
  if (sha256 === old.sha256 || (content !== null && content === old.content)) return 'old';
  if (content !== null || old.content !== null) return 'neither';
  if (isStill(old, looked)) return 'old';
  return isKeptAsFound({ sandbox, old }) || isChangedByOther(scene) ? 'opened' : 'neither';
}

const contentOf = ({ sandbox }: Scene, file: string): string | null =>
  lookAt(file, scratchOf(sandbox))?.content ?? null;

/** Everything that lies in folders of replaced files. One that could not get its last name has its first. */
function setAsideFiles({ sandbox }: Scene): readonly string[] {
  const [folder, name] = [path.dirname(sandbox.file), path.basename(sandbox.file)];
  const isKept = (each: string): boolean =>
    each.startsWith(`${name} replaced-`) ||
    (each.startsWith(`${name} replacing-`) && hasSidecar(path.join(folder, each)));
  return readdirSync(folder)
    .filter(isKept)
    .flatMap((each) => filesIn(path.join(folder, each)));
}

/** Without one, the next restore takes it for a copy that was never needed. */
const hasSidecar = (folder: string): boolean => filesIn(folder).some((file) => /-(?:wal|journal)$/.test(file));

/** A folder in which something was tried there goes with the rest. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => path.join(folder, name));
