import { cpSync, lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { sandboxAt, type Sandbox } from '../sandbox.ts';

/**
 * Keeps a prepared sandbox, so that it need not be prepared again for every trial. Put back at the same place, because
 * manifests and notes of restores name files by their whole path.
 */
export interface Template {
  putBack(): Sandbox;
}

export function keepTemplate(sandbox: Sandbox, fileName: string): Template {
  const kept = `${sandbox.folder}-templates/${(count += 1)}`;
  cpSync(sandbox.folder, kept, { recursive: true });
  const inode = lstatSync(sandbox.file, { throwIfNoEntry: false })?.ino;
  return {
    putBack() {
      rmSync(sandbox.folder, { recursive: true, force: true });
      cpSync(kept, sandbox.folder, { recursive: true });
      if (inode !== undefined) renameLocks(sandbox, inode);
      return sandboxAt(sandbox.folder, fileName);
    },
  };
}
let count = 0;

/** Locks are named after the file's inode; the copy has another one, and a stale lock must stay its lock. */
function renameLocks({ file, lockFolder }: Sandbox, inode: number): void {
  const now = lstatSync(file).ino;
  for (const name of readdirSync(lockFolder))
    renameSync(path.join(lockFolder, name), path.join(lockFolder, name.replace(`-${inode}.`, `-${now}.`)));
}
