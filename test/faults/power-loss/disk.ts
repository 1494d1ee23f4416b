/**
 * What a disk may hold after a power cut. Of a file: the bytes that were flushed, and the writes since; of a folder: the
 * names that were flushed, and the changes since. Whatever was not flushed may be there, or not, or in part.
 */

/** Bytes written at an offset, or a new length. */
export type PendingWrite = { readonly at: number; readonly bytes: Buffer } | { readonly length: number };

export interface FileNode {
  readonly kind: 'file';
  readonly id: number;
  /** What certainly survives. */
  durable: Buffer;
  readonly pending: PendingWrite[];
  /** As a reader sees it now. */
  current: Buffer;
  /** Grows with every change of `durable` and `current`. */
  durableVersion: number;
  currentVersion: number;
}

export interface FolderNode {
  readonly kind: 'folder';
  readonly id: number;
  durable: Map<string, Node>;
  pending: NameChange[];
  current: Map<string, Node>;
}
export type Node = FileNode | FolderNode;

/** A rename between two folders is one change that stands in both lists: it survives in both, or in neither. */
export interface NameChange {
  readonly removed: readonly { folder: FolderNode; name: string }[];
  readonly added: readonly { folder: FolderNode; name: string; node: Node }[];
}

/** Where a lying disk says "flushed" and has flushed nothing. */
export type FlushesTruly = (flush: number) => boolean;

let ids = 0;
export function newFile(content: Buffer = Buffer.alloc(0)): FileNode {
  return {
    kind: 'file',
    id: (ids += 1),
    durable: content,
    pending: [],
    current: content,
    durableVersion: 0,
    currentVersion: 0,
  };
}

export const newFolder = (): FolderNode => ({
  kind: 'folder',
  id: (ids += 1),
  durable: new Map(),
  pending: [],
  current: new Map(),
});

export function write(file: FileNode, at: number, bytes: Buffer): void {
  change(file, { at, bytes });
}

export function setLength(file: FileNode, length: number): void {
  if (file.current.length !== length) change(file, { length });
}

function change(file: FileNode, pending: PendingWrite): void {
  // The two share their memory until the first write after a flush.
  if (file.current === file.durable) file.current = Buffer.from(file.durable);
  file.pending.push(pending);
  file.current = applied(file.current, pending);
  file.currentVersion += 1;
}

/** @returns the same buffer, changed in place, where it is long enough. */
export function applied(content: Buffer, pending: PendingWrite): Buffer {
  if ('length' in pending) return resized(content, pending.length);
  const whole = pending.at + pending.bytes.length > content.length;
  const grown = whole ? resized(content, pending.at + pending.bytes.length) : content;
  pending.bytes.copy(grown, pending.at);
  return grown;
}

const SPARE = 1.25;
/** Cuts, or fills up with zeros; room is kept so that a file that grows page by page is not copied each time. */
function resized(content: Buffer, length: number): Buffer {
  if (length <= content.length) return content.subarray(0, length);
  const room = content.buffer.byteLength - content.byteOffset;
  if (length <= room && content.buffer instanceof ArrayBuffer && isOwn(content)) {
    const grown = Buffer.from(content.buffer, content.byteOffset, length);
    return grown.fill(0, content.length);
  }
  const roomy = new ArrayBuffer(Math.ceil(length * SPARE));
  own.add(roomy);
  const copy = Buffer.from(roomy, 0, length);
  content.copy(copy);
  return copy;
}
/** Memory made by `resized`: no other buffer has a part of it. */
const own = new WeakSet<ArrayBufferLike>();
const isOwn = (content: Buffer): boolean => own.has(content.buffer);

export function flushFile(file: FileNode): void {
  if (file.pending.length === 0) return;
  file.durable = Buffer.from(file.current);
  file.pending.length = 0;
  file.durableVersion += 1;
}

/** Also makes those changes durable that a rename shares with another folder, and what came before them there. */
export function flushFolder(folder: FolderNode): void {
  while (folder.pending.length > 0) settle(folder.pending[0] as NameChange);
}

function settle(change: NameChange): void {
  for (const { folder } of [...change.removed, ...change.added]) {
    while (folder.pending.length > 0 && folder.pending[0] !== change && folder.pending.includes(change))
      settle(folder.pending[0] as NameChange);
  }
  for (const { folder, name } of change.removed) folder.durable.delete(name);
  for (const { folder, name, node } of change.added) folder.durable.set(name, node);
  for (const { folder } of [...change.removed, ...change.added])
    folder.pending = folder.pending.filter((each) => each !== change);
}

export function rename(change: NameChange): void {
  for (const { folder, name } of change.removed) folder.current.delete(name);
  for (const { folder, name, node } of change.added) folder.current.set(name, node);
  for (const folder of new Set([...change.removed, ...change.added].map((each) => each.folder)))
    folder.pending.push(change);
}
