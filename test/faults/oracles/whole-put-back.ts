import path from 'node:path';
import type { Scene } from '../flows/flow.ts';
import { sha256IfThere, treeOf } from '../sandbox.ts';
import { lookAt, scratchOf } from './content.ts';
import { keptCopies } from './kept-copies.ts';

/**
 * Whole undoing: the path names wholly the restored database or wholly what comes back; the folder from which that comes
 * is as it was, and what goes in its turn is kept.
 */
export function wholePutBack(scene: Scene): { problems: string[]; state: 'old' | 'new' | 'neither' } {
  const { sandbox, old } = scene;
  const problems = changesIn(scene);
  const state = stateNow(scene);
  const isKept = keptCopies(sandbox).some(
    (copy) => sha256IfThere(copy) === old.sha256 || (old.content !== null && contentOf(scene, copy) === old.content),
  );
  if (state === 'neither') problems.push('the path names neither the restored database nor what comes back');
  if (state === 'new' && !isKept) problems.push('what was replaced in its turn is gone');
  return { problems, state };
}

const contentOf = ({ sandbox }: Scene, file: string): string | null =>
  lookAt(file, scratchOf(sandbox))?.content ?? null;

/** A sidecar comes only after the database itself. */
function stateNow(scene: Scene): 'old' | 'new' | 'neither' {
  const { file } = scene.sandbox;
  const comesBack = sha256IfThere(inFolder(scene, ''));
  if (sha256IfThere(file) === comesBack) return 'new';
  return contentOf(scene, file) === scene.old.content ? 'old' : 'neither';
}

/** Whether all of it is back, sidecars too. */
export const isWholeBack = (scene: Scene): boolean =>
  ['', '-wal', '-journal'].every((suffix) => {
    const sha256 = sha256IfThere(inFolder(scene, suffix));
    const isTaken = sha256 !== null && scene.taken?.includes(sha256);
    return isTaken === true || sha256IfThere(scene.sandbox.file + suffix) === sha256;
  });

const inFolder = ({ backupPath, sandbox }: Scene, suffix: string): string =>
  path.join(backupPath ?? '', path.basename(sandbox.file) + suffix);

function changesIn({ sandbox, backupPath, tree }: Scene): string[] {
  const now = treeOf(sandbox);
  const folder = `${path.relative(sandbox.folder, backupPath ?? '')}/`;
  return [...tree.keys()]
    .filter((name) => name.startsWith(folder) && tree.get(name) !== now.get(name))
    .map((name) => `${name} was changed or removed`);
}
