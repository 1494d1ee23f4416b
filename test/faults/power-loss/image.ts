import { createHash } from 'node:crypto';
import type { Random } from '../../../migrations/kroma/sample/random.ts';
import { applied, type FileNode, type FolderNode, type NameChange, type Node, type PendingWrite } from './disk.ts';

/** What a disk may hold after a power cut: files by their path below the root, and the folders. */
export interface Image {
  readonly files: ReadonlyMap<string, Content>;
  readonly folders: readonly string[];
  /** Equal for images with equal names and bytes. */
  readonly key: string;
}

export interface Content {
  readonly bytes: Buffer;
  /** SHA-1: only tells contents apart. */
  readonly sha: string;
}

/**
 * none: only what was flushed. all: everything, as a killed process leaves it. random: of every unflushed write
 * something between nothing and all of it, of every folder's changes the first few.
 */
export type Choice = 'none' | 'all' | 'random';

const SECTOR = 512;

/** Anything that a power cut could still take away? */
export function hasPending(folder: FolderNode): boolean {
  return foldersOf(folder).some(
    (each) =>
      each.pending.length > 0 ||
      [...each.current.values()].some((node) => node.kind === 'file' && node.pending.length > 0),
  );
}

export function imageOf(root: FolderNode, choice: Choice, random: Random): Image {
  const style = styleOf(choice, random);
  const taken = takenChanges(root, style, random);
  const files = new Map<string, Content>();
  const folders: string[] = [];
  const walk = (folder: FolderNode, place: string): void => {
    for (const [name, node] of namesOf(folder, taken)) {
      const at = place === '' ? name : `${place}/${name}`;
      if (node.kind === 'file') files.set(at, contentOf(node, style, random));
      else {
        folders.push(at);
        walk(node, at);
      }
    }
  };
  walk(root, '');
  const list = [...folders, ...[...files].map(([name, { sha }]) => `${name}\0${sha}`)];
  return { files, folders, key: list.toSorted().join('\n') };
}

interface Style {
  readonly choice: Choice;
  /** Chances of a write to be there whole, to be there in part; of new space to hold what lay on the disk before. */
  readonly keep: number;
  readonly tear: number;
  readonly noise: number;
  /** Names too may come in any order: more than a journalling file system does, and no more than POSIX allows. */
  readonly isUnordered: boolean;
  readonly keepsName: number;
}

/** Each image has a temper of its own: a disk that lost nearly everything, or only the odd write. */
function styleOf(choice: Choice, random: Random): Style {
  if (choice !== 'random') return { choice, keep: 0, tear: 0, noise: 0, isUnordered: false, keepsName: 0 };
  return {
    choice,
    keep: random.pick([0.05, 0.3, 0.5, 0.8, 0.97, 1]),
    tear: random.pick([0, 0, 0.1, 0.5]),
    noise: random.pick([0, 0, 0, 0.3]),
    isUnordered: random.chance(0.25),
    keepsName: random.pick([0.2, 0.5, 0.8]),
  };
}

/**
 * The changes of names that the disk has kept: of each folder the first ones, or, on a disk that keeps no order, any. A
 * rename between two folders counts in both or not at all.
 */
function takenChanges(root: FolderNode, style: Style, random: Random): ReadonlySet<NameChange> {
  const changed = foldersOf(root).filter(({ pending }) => pending.length > 0);
  const all = new Set(changed.flatMap(({ pending }) => pending));
  if (style.choice !== 'random') return style.choice === 'all' ? all : new Set();
  if (style.isUnordered) return new Set([...all].filter(() => random.chance(style.keepsName)));
  const taken = new Map(changed.map((folder) => [folder, random.int(0, folder.pending.length)]));
  const isTaken = (change: NameChange): boolean =>
    [...change.added, ...change.removed].every(
      ({ folder }) => folder.pending.indexOf(change) < (taken.get(folder) ?? 0),
    );
  for (let isSettled = false; !isSettled;) {
    isSettled = true;
    for (const [folder, count] of taken) {
      const broken = folder.pending.slice(0, count).findIndex((change) => !isTaken(change));
      if (broken === -1) continue;
      taken.set(folder, broken);
      isSettled = false;
    }
  }
  return new Set([...all].filter(isTaken));
}

function namesOf(folder: FolderNode, taken: ReadonlySet<NameChange>): ReadonlyMap<string, Node> {
  const kept = folder.pending.filter((change) => taken.has(change));
  if (kept.length === 0) return folder.durable;
  if (kept.length === folder.pending.length) return folder.current;
  const names = new Map(folder.durable);
  for (const change of kept) {
    for (const each of change.removed) if (each.folder === folder) names.delete(each.name);
    for (const each of change.added) if (each.folder === folder) names.set(each.name, each.node);
  }
  return names;
}

function contentOf(file: FileNode, style: Style, random: Random): Content {
  if (style.choice === 'none' || file.pending.length === 0) return known(file, 'durable');
  if (style.choice === 'all') return known(file, 'current');
  let bytes: Buffer = Buffer.from(file.durable);
  for (const write of file.pending) bytes = survived(bytes, write, style, random);
  return { bytes, sha: shaOf(bytes) };
}

/** The write as the disk has it: whole, not at all, or some of its sectors. */
function survived(bytes: Buffer, write: PendingWrite, style: Style, random: Random): Buffer {
  if (random.chance(style.keep)) return applied(bytes, write);
  if ('length' in write) return bytes;
  if (write.at + write.bytes.length > bytes.length && random.chance(style.noise))
    return withNoise(bytes, write, random);
  if (!random.chance(style.tear)) return bytes;
  let torn = bytes;
  for (let start = 0; start < write.bytes.length;) {
    const end = Math.min(write.bytes.length, start + SECTOR - ((write.at + start) % SECTOR));
    if (random.chance(0.5)) torn = applied(torn, { at: write.at + start, bytes: write.bytes.subarray(start, end) });
    start = end;
  }
  return torn;
}

/** The file has grown, but the new place holds what was there before. */
function withNoise(bytes: Buffer, write: { at: number; bytes: Buffer }, random: Random): Buffer {
  const noise = Buffer.alloc(write.bytes.length, Math.floor(random.next() * 256));
  for (let at = 0; at + 4 <= noise.length; at += 64) noise.writeUInt32LE(Math.floor(random.next() * 2 ** 32), at);
  return applied(bytes, { at: write.at, bytes: noise });
}

export const shaOf = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('base64');

const hashes = new Map<string, string>();
/** Hashed once per state of a file. */
function known(file: FileNode, which: 'durable' | 'current'): Content {
  const bytes = file[which];
  const version = which === 'durable' ? file.durableVersion : file.currentVersion;
  const key = `${file.id} ${which} ${version}`;
  let sha = hashes.get(key);
  if (sha === undefined) {
    if (hashes.size > 50_000) hashes.clear();
    sha = shaOf(bytes);
    hashes.set(key, sha);
  }
  return { bytes, sha };
}

/** Of now and of the last flush: a folder may be gone in one of the two. */
function foldersOf(root: FolderNode): FolderNode[] {
  const found = new Set<FolderNode>([root]);
  for (const folder of found)
    for (const node of [...folder.durable.values(), ...folder.current.values()])
      if (node.kind === 'folder') found.add(node);
  return [...found];
}
