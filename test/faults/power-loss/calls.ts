import { closeSync, openSync, readSync } from 'node:fs';

/** One system call of a recorded process, as `strace -f -y -xx` wrote it down. */
export interface Call {
  readonly name: string;
  /** As written, without what -y adds in angle brackets; strings are still escaped, see `bytesOf`. */
  readonly args: readonly string[];
  /** What -y says an argument's descriptor is, by its place: a path, or `UNIX-STREAM:[…]` and the like. */
  readonly notes: readonly (string | null)[];
  readonly result: number;
  /** `ENOENT`, …; null = it succeeded. */
  readonly error: string | null;
}

/**
 * Every call that can change what a disk holds, or that says which descriptor is which file. A call that is missing here
 * would make the replayed files differ from the real ones, which every recording checks.
 */
export const recordedCalls = [
  ...['open', 'openat', 'creat', 'close', 'dup', 'dup2', 'dup3', 'lseek', 'execve'],
  ...[
    'write',
    'pwrite64',
    'writev',
    'pwritev',
    'pwritev2',
    'sendmsg',
    'copy_file_range',
    'sendfile',
    'splice',
    'ioctl',
  ],
  ...['ftruncate', 'truncate', 'fallocate', 'fsync', 'fdatasync', 'sync_file_range', 'msync', 'mmap', 'io_uring_setup'],
  ...['unlink', 'unlinkat', 'rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink', 'symlinkat'],
  ...['mkdir', 'mkdirat', 'rmdir'],
] as const;

const LINE = /^\d+\s+(\w+)\((.*)\)\s+= (-?\d+|0x[0-9a-f]+|\?)(?:<[^>]*>)?(?:\(deleted\))?(?: ([A-Z]\w*)?.*)?$/s;
const UNFINISHED = ' <unfinished ...>';
const RESUMED = /^(\d+)\s+<\.\.\. \w+ resumed>(.*)$/s;

/** The calls in the order in which they ended; only `close` counts from its beginning, as its number may be given anew. */
export function* readCalls(traceFile: string): Generator<Call> {
  const begun = new Map<string, string>();
  for (const line of readLines(traceFile)) {
    if (line.endsWith(UNFINISHED)) {
      const text = line.slice(0, -UNFINISHED.length);
      const [pid = ''] = text.split(/\s/, 1);
      begun.set(pid, text);
      if (/^\d+\s+close\(/.test(text)) yield parse(`${text}) = 0`);
      continue;
    }
    const resumed = RESUMED.exec(line);
    if (resumed === null) {
      if (/^\d+\s+\w+\(/.test(line)) yield parse(line);
      continue;
    }
    const [, pid = '', rest = ''] = resumed;
    const whole = (begun.get(pid) ?? '') + rest;
    begun.delete(pid);
    if (!/^\d+\s+close\(/.test(whole)) yield parse(whole);
  }
}

function parse(line: string): Call {
  const [, name, args, result, error] = LINE.exec(line) ?? [];
  if (name === undefined || args === undefined) throw new Error(`not a line of a trace: ${line.slice(0, 200)}`);
  const parts = splitArguments(args);
  return {
    name,
    args: parts.map((part) => part.replace(/^([A-Z_]+|-?\d+)<[^>]*>(?:\(deleted\))?/, '$1')),
    notes: parts.map((part) => {
      const note = /^(?:[A-Z_]+|\d+)<([^>]*)>/.exec(part)?.[1];
      return note === undefined ? null : unescaped(note).toString();
    }),
    result: result === '?' ? 0 : Number(result),
    error: error ?? null,
  };
}

/** At the commas of the outermost level; escaped strings hold none. */
function splitArguments(text: string): string[] {
  if (!text.includes('[') && !text.includes('{')) return text.split(', ');
  const parts: string[] = [];
  let [depth, start] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = text.indexOf('"', at + 1);
    else if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') depth -= 1;
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 2;
    }
  }
  return [...parts, text.slice(start)];
}

/** The bytes of a string argument. @throws Error when strace cut it short. */
export function bytesOf(argument: string): Buffer {
  if (!argument.startsWith('"') || !argument.endsWith('"')) throw new Error('strace cut a string short');
  return unescaped(argument.slice(1, -1));
}

/** All strings of a list of buffers (writev, sendmsg), one after the other. */
export const bytesOfVector = (argument: string): Buffer =>
  Buffer.concat([...argument.matchAll(/iov_base=("[^"]*"(?:\.\.\.)?)/g)].map(([, text = '']) => bytesOf(text)));

const unescaped = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');

function* readLines(file: string): Generator<string> {
  const handle = openSync(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(4 << 20);
    let rest: string[] = [];
    for (let bytes = readSync(handle, buffer); bytes > 0; bytes = readSync(handle, buffer)) {
      let start = 0;
      for (let end = buffer.indexOf(10, start); end !== -1 && end < bytes; end = buffer.indexOf(10, start)) {
        rest.push(buffer.toString('latin1', start, end));
        yield rest.length === 1 ? (rest[0] ?? '') : rest.join('');
        rest = [];
        start = end + 1;
      }
      if (start < bytes) rest.push(buffer.toString('latin1', start, bytes));
    }
  } finally {
    closeSync(handle);
  }
}
