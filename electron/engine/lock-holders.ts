import fs from 'node:fs';
import path from 'node:path';
import { readText } from './fsync.ts';

/** A program that has the database or a file beside it open. */
export interface FileHolder {
  readonly pid: number;
  /** "name (process 123)"; it may begin a sentence only through `asSubject`. */
  readonly name: string;
  /** One of the processes that this very Phasewise consists of: its host, or an engine that the same host has started. */
  readonly isOwn: boolean;
}

/**
 * Who has the database or a file beside it open. Best effort: only Linux tells, and only about processes of the same
 * user. The own process is left out.
 */
export function fileHolders(file: string): FileHolder[] {
  if (process.platform !== 'linux') return [];
  const wanted = new Set([file, `${file}-wal`, `${file}-shm`, `${file}-journal`]);
  return list('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => list(`/proc/${pid}/fd`).some((fd) => wanted.has(linkTarget(`/proc/${pid}/fd/${fd}`))))
    .map((pid) => holder(pid));
}

/** The same by name. */
export const holdersOf = (file: string): string[] => fileHolders(file).map(({ name }) => name);

/** Whom a person would have to close: what this Phasewise itself has open it closes before it begins. */
export const othersHolding = (file: string): string[] =>
  fileHolders(file)
    .filter(({ isOwn }) => !isOwn)
    .map(({ name }) => name);

/** Names of holders at the beginning of a sentence. */
export const asSubject = (holders: readonly string[]): string => holders.join(', ').replace(/^another /, 'Another ');

function holder(pid: string): FileHolder {
  const args = commandLineOf(pid);
  const isPhasewise = isEngine(pid, args);
  const isOwn = Number(pid) === process.ppid || (isPhasewise && parentOf(pid) === process.ppid);
  const name = isOwn ? 'Phasewise itself' : isPhasewise || isApp(pid) ? 'another Phasewise' : nameOf(pid, args);
  return { pid: Number(pid), name: `${name} (process ${pid})`, isOwn };
}

/** Under Node its bundle is an argument; under Electron an engine is a utility process of the same program. */
function isEngine(pid: string, args: readonly string[]): boolean {
  const [, script] = process.argv;
  if (args.some((each) => each === script || /[\\/]\.vite[\\/]build[\\/]engine\.cjs$/.test(each))) return true;
  const isUtility = args.some((each) => each.startsWith('--utility-sub-type=node.mojom.NodeService'));
  return isUtility && (isApp(pid) || linkTarget(`/proc/${pid}/exe`) === linkTarget('/proc/self/exe'));
}

/** The packaged app is a program of its own. */
const isApp = (pid: string): boolean => /^phasewise$/i.test(path.basename(linkTarget(`/proc/${pid}/exe`)));

/** Its parent as the system counts; null where it does not tell. The name before it may hold anything, a ")" too. */
function parentOf(pid: string): number | null {
  const stat = textOf(`/proc/${pid}/stat`);
  const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return parent === undefined ? null : Number(parent);
}

function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return []; // gone, or not ours to look at
  }
}

function linkTarget(link: string): string {
  try {
    return fs.readlinkSync(link);
  } catch {
    return '';
  }
}

function textOf(file: string): string {
  try {
    return readText(file);
  } catch {
    return '';
  }
}

const commandLineOf = (pid: string): string[] => textOf(`/proc/${pid}/cmdline`).split('\0').filter(Boolean);

/** The program's file name: the kernel's own name for a process may be that of its first thread. */
const nameOf = (pid: string, [program = '']: readonly string[]): string =>
  path.basename(program) || textOf(`/proc/${pid}/comm`).trim() || 'a program';
