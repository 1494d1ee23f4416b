import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { readText } from './json-file.ts';

/** 'silent': its drive does not answer, so nobody knows what is there. */
export type Seen = Stats | 'nothing' | 'silent';

/** What a path leads to, also where that is a network or a drive that may not answer. Never throws, never waits for long. */
export type Drives = (file: string) => Promise<Seen>;

export interface DrivesOptions {
  readonly ask?: (file: string) => Promise<Stats>;
  readonly driveOf?: (file: string) => string;
  readonly limitMs?: number;
}

/** A drive that has to wake up first takes longer: it is there at the next look. */
const LIMIT_MS = 1_500;
/** A question without an answer keeps one of the four threads that Node has for files: two are left to everybody else. */
const MOST_SILENT = 2;

/**
 * Asks one after the other. A drive that was too slow to answer counts as silent, and is asked nothing else, until it does.
 * Where too many are, only those are asked that have answered before.
 */
export function createDrives({
  ask = (file) => stat(file),
  driveOf = driveHolding,
  limitMs = LIMIT_MS,
}: DrivesOptions = {}): Drives {
  const silent = new Set<string>();
  const answered = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  const look = async (file: string): Promise<Seen> => {
    const drive = driveOf(file);
    if (silent.has(drive) || (silent.size >= MOST_SILENT && !answered.has(drive))) return 'silent';
    const answer = Promise.resolve(file).then(ask).catch(whatItMeans);
    const seen = await Promise.race([answer, afterMs(limitMs, answer)]);
    if (seen !== 'late') {
      answered.add(drive);
      return seen;
    }
    silent.add(drive);
    void answer.then(() => silent.delete(drive));
    return 'silent';
  };
  return (file) => {
    const seen = last.then(() => look(file));
    last = seen;
    return seen;
  };
}

/** The one for the whole process, whose threads they are. */
export const lookOnDrives: Drives = createDrives();

const afterMs = (ms: number, answer: Promise<unknown>): Promise<'late'> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve('late'), ms);
    void answer.then(() => clearTimeout(timer));
  });

/** Said by a drive that is there no more, not of the file. */
const SILENT = ['EIO', 'ENXIO', 'ESTALE', 'ENOTCONN', 'ETIMEDOUT', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENETUNREACH'];
const whatItMeans = (cause: unknown): Seen => (SILENT.includes(errorCode(cause)) ? 'silent' : 'nothing');

/** What answers or not as a whole; found out without asking it. */
function driveHolding(file: string): string {
  const { root } = path.parse(file); // on Windows a letter, or a server and what it shares
  if (process.platform === 'darwin') return /^\/Volumes\/[^/]+/.exec(file)?.[0] ?? root;
  if (process.platform !== 'linux') return root.toLowerCase();
  const holding = mountPoints().filter((point) => `${file}/`.startsWith(point === '/' ? '/' : `${point}/`));
  return holding.reduce((longest, point) => (point.length > longest.length ? point : longest), root);
}

/** Read so seldom, ms: a list of files asks for it once. */
const MOUNTS_FOR_MS = 1_000;
let mounts: { readonly points: string[]; readonly at: number } | null = null;

function mountPoints(): string[] {
  if (mounts !== null && performance.now() - mounts.at < MOUNTS_FOR_MS) return mounts.points;
  mounts = { points: readMounts(), at: performance.now() };
  return mounts.points;
}

function readMounts(): string[] {
  try {
    const lines = readText('/proc/self/mounts').split('\n');
    return lines.flatMap((line) => line.split(' ')[1]?.replaceAll(/\\(\d{3})/g, byOctal) ?? []);
  } catch {
    return []; // then all is one drive
  }
}

/** As the kernel writes spaces, tabs, line ends and backslashes in a name. */
const byOctal = (_: string, digits: string): string => String.fromCharCode(Number.parseInt(digits, 8));
