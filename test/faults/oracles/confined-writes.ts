import path from 'node:path';
import { treeOf, type Sandbox, type Tree } from '../sandbox.ts';

/**
 * Confined writes: nothing but the database, what carries its name, and our own folders has changed; backups that were
 * there are as they were, and what is new in their folder is ours.
 */
export function confinedWrites(sandbox: Sandbox, before: Tree): string[] {
  const after = treeOf(sandbox);
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .filter(
      (name) => before.get(name) !== after.get(name) && !isOurs(sandbox, name) && !isOfBackups(sandbox, name, before),
    )
    .map((name) => `${name} was ${before.has(name) ? (after.has(name) ? 'changed' : 'removed') : 'added'}`);
}

/** The database with everything that carries its name, our folders of locks and of temporary files. */
function isOurs(sandbox: Sandbox, name: string): boolean {
  const project = path.relative(sandbox.folder, sandbox.file);
  const isOfTheDatabase = name === project || name.startsWith(`${project}-`) || name.startsWith(`${project}.restore-`);
  return (
    isOfTheDatabase ||
    (name.startsWith(project) && /^ repla(ced|cing)-/.test(name.slice(project.length))) ||
    /^(locks|tmp)\//.test(name)
  );
}

/** Named as backups are and new, or never finished, or the note of a check, which is renewed. */
function isOfBackups({ file }: Sandbox, name: string, before: Tree): boolean {
  const stem = path.basename(file).replace(/\.[^.]*$/, '');
  const mayChange = !before.has(name) || name.endsWith('.check.json') || /\.db\.partial| before recovery/.test(name);
  return name.startsWith(`backups/${stem} `) && mayChange;
}
