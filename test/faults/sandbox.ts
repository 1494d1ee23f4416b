import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/** A small world of its own for one trial: the database among things that are nobody's business, and our folders. */
export interface Sandbox {
  readonly folder: string;
  readonly file: string;
  readonly backupFolder: string;
  readonly lockFolder: string;
  /** TMPDIR of every engine that works here. */
  readonly temporaryFolder: string;
}

/** Files beside the database and elsewhere that no work of ours may touch. */
const BYSTANDERS = ['project/notes.txt', 'project/other.db', 'project/copy of project.db-wal', 'elsewhere/letter.txt'];

export function sandboxAt(folder: string, fileName = 'project.db'): Sandbox {
  return {
    folder,
    file: path.join(folder, 'project', fileName),
    backupFolder: path.join(folder, 'backups'),
    lockFolder: path.join(folder, 'locks'),
    temporaryFolder: path.join(folder, 'tmp'),
  };
}

/** Empties `folder` and fills it. @param source becomes the database; null = there is none. */
export function makeSandbox(folder: string, source: string | null, fileName = 'project.db'): Sandbox {
  const sandbox = sandboxAt(folder, fileName);
  rmSync(folder, { recursive: true, force: true });
  for (const each of ['project', 'elsewhere', 'backups', 'locks', 'tmp'])
    mkdirSync(path.join(folder, each), { recursive: true });
  for (const each of BYSTANDERS) writeFileSync(path.join(folder, each), `This is ${each}.\n`);
  writeFileSync(path.join(sandbox.backupFolder, 'holiday.db'), 'Not a backup of ours.\n');
  if (source !== null) placeFile(source, sandbox.file);
  return sandbox;
}

/** @returns where the copy lies. */
export function placeFile(from: string, to: string): string {
  copyFileSync(from, to);
  chmodSync(to, 0o600);
  return to;
}

/** What every file and folder is, by its path in the sandbox: kind, mode, size and content. */
export type Tree = ReadonlyMap<string, string>;

export function treeOf({ folder }: Pick<Sandbox, 'folder'>): Tree {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const described = entries.toSorted().map((name) => [name, describe(path.join(folder, name))] as const);
  return new Map(described.filter((entry): entry is readonly [string, string] => entry[1] !== null));
}

/** null = gone by now: an engine lets go of its lock after it has answered. */
function describe(file: string): string | null {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  const mode = (stats.mode & 0o7777).toString(8);
  if (!stats.isFile()) return `${stats.isDirectory() ? 'folder' : 'other'} ${mode}`;
  return `file ${mode} ${stats.size} ${stats.nlink} ${sha256Of(file)}`;
}

export const sha256Of = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
export const sha256IfThere = (file: string): string | null => (existsSync(file) ? sha256Of(file) : null);
