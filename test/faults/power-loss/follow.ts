import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { bytesOf, bytesOfVector, type Call } from './calls.ts';
import {
  flushFile,
  flushFolder,
  newFile,
  newFolder,
  rename,
  setLength,
  write,
  type FileNode,
  type FolderNode,
  type Node,
} from './disk.ts';

/** What just happened to the disk, or what the process just told its parent. */
export type Step =
  | {
      readonly kind: 'changed';
      readonly call: string;
      readonly file: string;
      /** Flushes so far. */
      readonly flush: number;
      /** Offset and length of what was written; null for everything but writes. */
      readonly written: { readonly at: number; readonly length: number } | null;
    }
  | { readonly kind: 'said'; readonly bytes: Buffer };

/**
 * A folder as the disk has it, everything in it durable: what was there before the recording began.
 * @returns makes it anew each time, so that a recording can be lived through more than once.
 */
export function snapshotFolder(real: string): () => FolderNode {
  const entries = readdirSync(real).map((name): [string, () => Node] => {
    const full = path.join(real, name);
    if (lstatSync(full).isDirectory()) return [name, snapshotFolder(full)];
    const content = readFileSync(full);
    return [name, () => newFile(content)];
  });
  return () => {
    const folder = newFolder();
    for (const [name, make] of entries) {
      const node = make();
      folder.durable.set(name, node);
      folder.current.set(name, node);
    }
    return folder;
  };
}

interface Descriptor {
  readonly node: Node;
  position: number;
  readonly isAppending: boolean;
}

/** The shared memory of a WAL database: rebuilt at every start, and the one file that is written through memory. */
const isSharedMemory = (name: string): boolean => name.endsWith('-shm');

/**
 * Lives through a trace again. `root` is changed call by call, and what lies outside of `rootPath` is left out.
 * @param lies true for a flush (counted from 0) that does nothing.
 * @throws Error at a call that this model does not know: nothing is guessed.
 */
export function* follow(
  calls: Iterable<Call>,
  root: FolderNode,
  rootPath: string,
  lies: (flush: number) => boolean = () => false,
): Generator<Step> {
  const open = new Map<number, Descriptor>();
  let flush = 0;
  let programs = 0;
  const inside = (file: string): boolean => file === rootPath || file.startsWith(`${rootPath}/`);

  function find(file: string): Node | undefined {
    let node: Node | undefined = root;
    for (const name of path.relative(rootPath, file).split('/').filter(Boolean))
      node = node?.kind === 'folder' ? node.current.get(name) : undefined;
    return node;
  }
  function parentOf(file: string): FolderNode {
    const folder = find(path.dirname(file));
    if (folder?.kind !== 'folder') throw new Error(`no folder for ${file}`);
    return folder;
  }
  const changed = (call: Call, file: string, written: { at: number; length: number } | null = null): Step => ({
    ...{ kind: 'changed', call: call.name, file, flush, written },
  });
  const placeOf = (file: string) => ({ folder: parentOf(file), name: path.basename(file) });

  function opened(call: Call, file: string, flags: string): Step | null {
    let step: Step | null = null;
    let node = flags.includes('O_TMPFILE') ? newFile() : find(file); // without a name, and gone with the process
    if (node === undefined) {
      if (!flags.includes('O_CREAT')) throw new Error(`${file} was opened, but is not known`);
      node = newFile();
      rename({ removed: [], added: [{ ...placeOf(file), node }] });
      step = changed(call, file);
    }
    if (flags.includes('O_TRUNC') && node.kind === 'file' && node.current.length > 0) {
      setLength(node, 0);
      step = changed(call, file);
    }
    open.set(call.result, { node, position: 0, isAppending: flags.includes('O_APPEND') });
    return step;
  }

  function fileOf(call: Call, place = 0): { file: FileNode; descriptor: Descriptor; name: string } | null {
    const name = call.notes[place] ?? '';
    const descriptor = open.get(Number(call.args[place]));
    if (descriptor === undefined) {
      if (inside(name)) throw new Error(`${call.name} to ${name}, which was never opened`);
      return null;
    }
    if (descriptor.node.kind !== 'file') throw new Error(`${call.name} to a folder`);
    return { file: descriptor.node, descriptor, name };
  }

  function written(call: Call, bytes: Buffer, at: number | null, place = 0): Step | null {
    const target = fileOf(call, place);
    if (target === null) return null;
    const { file, descriptor, name } = target;
    const where = at ?? (descriptor.isAppending ? file.current.length : descriptor.position);
    write(file, where, bytes.subarray(0, call.result));
    if (at === null) descriptor.position = where + call.result;
    return changed(call, name, { at: where, length: call.result });
  }

  /** A path argument at `place`, behind a folder descriptor where there is one. */
  function pathAt(call: Call, place: number, isAt: boolean): string {
    const given = bytesOf(call.args[isAt ? place + 1 : place] ?? '').toString();
    return path.resolve(isAt ? (call.notes[place] ?? '/') : '/', given);
  }

  function interpret(call: Call): Step | null {
    const { name, args, result } = call;
    const isAt = name.includes('at') && name !== 'creat' && !name.includes('trunc');
    switch (name) {
      case 'open':
      case 'openat':
      case 'creat': {
        const file = pathAt(call, 0, name === 'openat');
        if (!inside(file)) return (open.delete(result), null);
        if (isSharedMemory(file)) return null;
        return opened(call, file, name === 'creat' ? 'O_CREAT|O_TRUNC' : (args[name === 'openat' ? 2 : 1] ?? ''));
      }
      case 'close':
        return (open.delete(Number(args[0])), null);
      case 'dup':
      case 'dup2':
      case 'dup3': {
        const from = open.get(Number(args[0]));
        if (from) open.set(result, from);
        else open.delete(result);
        return null;
      }
      case 'lseek': {
        const descriptor = open.get(Number(args[0]));
        if (descriptor) descriptor.position = result;
        return null;
      }
      case 'write':
      case 'writev':
      case 'sendmsg': {
        const text = args[1] ?? '';
        const isOurs = open.has(Number(args[0])) || inside(call.notes[0] ?? '');
        if (isSharedMemory(call.notes[0] ?? '')) return null;
        if (!isOurs && !(Number(args[0]) === CHANNEL && /^(socket|UNIX)/.test(call.notes[0] ?? ''))) return null;
        const bytes = name === 'write' ? bytesOf(text) : bytesOfVector(text);
        return isOurs ? written(call, bytes, null) : { kind: 'said', bytes: bytes.subarray(0, result) };
      }
      case 'pwrite64':
        return isSharedMemory(call.notes[0] ?? '') || !inside(call.notes[0] ?? '')
          ? null
          : written(call, bytesOf(args[1] ?? ''), Number(args[3]));
      case 'pwritev':
      case 'pwritev2':
        return inside(call.notes[0] ?? '') ? written(call, bytesOfVector(args[1] ?? ''), Number(args[3])) : null;
      case 'copy_file_range':
      case 'sendfile':
        return copied(call);
      case 'ioctl':
        if (!/FICLONE|BTRFS_IOC_CLONE/.test(args[1] ?? '') || !inside(call.notes[0] ?? '')) return null;
        throw new Error('a file was cloned, which this model does not know: record on another file system');
      case 'ftruncate': {
        const target = isSharedMemory(call.notes[0] ?? '') ? null : fileOf(call);
        if (target === null) return null;
        setLength(target.file, Number(args[1]));
        return changed(call, target.name);
      }
      case 'fallocate': {
        const target = fileOf(call);
        if (target === null) return null;
        if (args[1] !== '0') throw new Error(`fallocate ${args[1]}`);
        setLength(target.file, Math.max(target.file.current.length, Number(args[2]) + Number(args[3])));
        return changed(call, target.name);
      }
      case 'fsync':
      case 'fdatasync': {
        const descriptor = open.get(Number(args[0]));
        if (descriptor === undefined) return null;
        if (!lies(flush)) {
          if (descriptor.node.kind === 'file') flushFile(descriptor.node);
          else flushFolder(descriptor.node);
        }
        flush += 1;
        return changed(call, call.notes[0] ?? '');
      }
      case 'mkdir':
      case 'mkdirat': {
        const folder = pathAt(call, 0, isAt);
        if (!inside(folder)) return null;
        rename({ removed: [], added: [{ ...placeOf(folder), node: newFolder() }] });
        return changed(call, folder);
      }
      case 'unlink':
      case 'unlinkat':
      case 'rmdir': {
        const file = pathAt(call, 0, isAt);
        if (!inside(file) || isSharedMemory(file)) return null;
        rename({ removed: [placeOf(file)], added: [] });
        return changed(call, file);
      }
      case 'link':
      case 'rename':
      case 'renameat':
      case 'renameat2': {
        const [from, to] = [pathAt(call, 0, isAt), pathAt(call, isAt ? 2 : 1, isAt)];
        if (!inside(from) || !inside(to)) throw new Error(`${name} across the edge: ${from} -> ${to}`);
        const node = find(from);
        if (node === undefined) throw new Error(`${name} of ${from}, which is not there`);
        rename({ removed: name === 'link' ? [] : [placeOf(from)], added: [{ ...placeOf(to), node }] });
        return changed(call, to);
      }
      case 'mmap': {
        const file = call.notes[4] ?? '';
        const isWritten = (args[2] ?? '').includes('PROT_WRITE') && (args[3] ?? '').includes('MAP_SHARED');
        if (isWritten && inside(file) && !isSharedMemory(file)) throw new Error(`${file} is written through memory`);
        return null;
      }
      case 'execve':
        programs += 1;
        if (programs > 1) throw new Error('the recorded process started another program');
        return null;
      case 'io_uring_setup':
        // libuv's other ring only waits for events; this one would write files behind our back.
        if ((args[1] ?? '').includes('IORING_SETUP_SQPOLL')) throw new Error('io_uring is not known to this model');
        return null;
      case 'truncate':
      case 'symlink':
      case 'linkat':
      case 'symlinkat':
        if (inside(pathAt(call, 0, isAt))) throw new Error(`${name} is not known to this model`);
        return null;
      case 'splice':
      case 'sync_file_range':
      case 'msync':
        if (!inside(call.notes[0] ?? '') && !inside(call.notes[2] ?? '')) return null;
        throw new Error(`${name} is not known to this model`);
      default:
        return null;
    }
  }

  /** copy_file_range(in, at, out, at, …) and sendfile(out, in, at, …). */
  function copied(call: Call): Step | null {
    const isSendfile = call.name === 'sendfile';
    const [fromPlace, toPlace] = isSendfile ? [1, 0] : [0, 2];
    const target = fileOf(call, toPlace);
    if (target === null || call.result === 0) return null;
    const source = fileOf(call, fromPlace);
    const content = source?.file.current ?? readFileSync(call.notes[fromPlace] ?? '');
    const given = call.args[isSendfile ? 2 : 1] ?? 'NULL';
    const at = given === 'NULL' ? (source?.descriptor.position ?? 0) : Number(/\d+/.exec(given)?.[0]);
    if (given === 'NULL' && source) source.descriptor.position = at + call.result;
    const toGiven = isSendfile ? 'NULL' : (call.args[3] ?? 'NULL');
    const to = toGiven === 'NULL' ? null : Number(/\d+/.exec(toGiven)?.[0]);
    return written(call, Buffer.from(content.subarray(at, at + call.result)), to, toPlace);
  }

  for (const call of calls) {
    if (call.error !== null) continue;
    const step = interpret(call);
    if (step !== null) yield step;
  }
}

/** Where a forked Node process finds its parent. */
const CHANNEL = 3;
