import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { type AppError, appError } from '@shared/errors.ts';
import { dataFolderPath } from './data-folder.ts';
import { readText } from './json-file.ts';
import { printable } from './printable.ts';

/**
 * 'hidden': its drive answers, but does not say what is there, e.g. since we may not look. 'silent': its drive does not
 * answer, so nobody knows what is there. 'unasked': nobody knows either, nor whether its drive would answer: others that
 * do not are in the way.
 */
export type Unseen = 'nothing' | 'hidden' | 'silent' | 'unasked';
export type Seen = Stats | Unseen;

/**
 * What a path leads to, also where that is a network or a drive that may not answer. Never throws, never waits for long.
 * @param isMeant a person wants this one, and not a list that it is in: it is asked though others are in the way.
 */
export type Drives = (file: string, isMeant?: boolean) => Promise<Seen>;

export interface KnownDrives extends Drives {
  /**
   * Any other question than what a path leads to, in the same way: what comes too late is lost, though what was begun goes
   * on. @param question must be done with one answer of the system: its drive is given the time of one.
   */
  ask<T extends object>(file: string, question: (file: string) => Promise<T>, isMeant?: boolean): Promise<T | Unseen>;
  /** It was silent when it was looked at last. Asks nobody: for whoever cannot wait for an answer. */
  isSilent(file: string): boolean;
  /** Notes that its drive has just answered somebody else. */
  answered(file: string): void;
}

export interface DrivesOptions {
  readonly ask?: (file: string) => Promise<Stats>;
  readonly driveOf?: (file: string) => string;
  /** What lies on a drive that Phasewise itself needs, so that it answers as long as Phasewise does. */
  readonly own?: () => readonly string[];
  readonly limitMs?: number;
}

/** A drive that has to wake up first takes longer: it is there at the next look. */
const LIMIT_MS = 1_500;
/**
 * A question without an answer keeps one of the four threads that Node has for files: two are left to everybody else, of
 * which one may be lost to a folder of our own drives, or to what a person wants.
 */
const MOST_SILENT = 2;
const MOST_SILENT_IN_NEED = 3;

/**
 * Asks one after the other. A drive that was too slow to answer counts as silent, and is asked nothing else, until it does.
 * Our own drives never do: there it is a folder, behind which something else hangs that cannot be told from the drive.
 * Where too many are silent, only those are asked that have answered before.
 */
export function createDrives({
  ask = (file) => stat(file),
  driveOf = driveHolding,
  own = () => [dataFolderPath(), os.homedir(), SYSTEM],
  limitMs = LIMIT_MS,
}: DrivesOptions = {}): KnownDrives {
  const silent = new Set<string>();
  const answered = new Set<string>();
  let ours: Set<string> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const placeOf = (file: string): { place: string; isOwn: boolean } => {
    const drive = driveOf(file);
    const isOwn = (ours ??= new Set(own().map(driveOf))).has(drive);
    return { place: isOwn ? path.dirname(file) : drive, isOwn };
  };
  const inquire = async <T>(file: string, isMeant: boolean, question: Question<T>): Promise<T | Unseen> => {
    const { place, isOwn } = placeOf(file);
    if (silent.has(place)) return 'silent';
    const isFull = silent.size >= (isOwn || isMeant ? MOST_SILENT_IN_NEED : MOST_SILENT);
    if (isFull && !answered.has(place)) return 'unasked';
    const answer = Promise.resolve(file).then(question).catch(whatItMeans);
    const seen = await Promise.race([answer, afterMs(limitMs, answer)]);
    if (seen !== 'late') {
      answered.add(place);
      return seen;
    }
    silent.add(place);
    void answer.then(() => silent.delete(place));
    return 'silent';
  };
  const inTurn = <T>(file: string, isMeant: boolean, question: Question<T>): Promise<T | Unseen> => {
    const seen = last.then(() => inquire(file, isMeant, question));
    last = seen;
    return seen;
  };
  const look: Drives = (file, isMeant = false) => inTurn(file, isMeant, ask);
  return Object.assign(look, {
    ask: <T extends object>(file: string, question: Question<T>, isMeant = false) => inTurn(file, isMeant, question),
    isSilent: (file: string) => silent.has(placeOf(file).place),
    answered: (file: string) => void answered.add(placeOf(file).place),
  });
}

type Question<T> = (file: string) => Promise<T>;

/** On Windows that of the drive that one is on. */
const SYSTEM = process.platform === 'win32' ? `${process.env['SystemDrive'] ?? 'C:'}\\` : '/';

/** The one for the whole process, whose threads they are. */
export const lookOnDrives: KnownDrives = createDrives();

/** Somebody has said what is there, or that nothing is. Otherwise nobody may call it gone. */
export const isAnswered = <T>(seen: T | Unseen): seen is T | 'nothing' | 'hidden' => !isUnknown(seen);
export const isUnknown = (seen: unknown): seen is 'silent' | 'unasked' => seen === 'silent' || seen === 'unasked';

export const doesNotAnswer = (file: string): AppError =>
  appError('E_TIMEOUT', `The drive that ${printable(file)} is on does not answer just now.`, undefined, {
    nextStep: 'Connect that drive, or the network that it is on, then try again.',
  });

/** An answer that has come while this process stood still, as with the computer asleep, goes before: it is not late. */
const afterMs = (ms: number, answer: Promise<unknown>): Promise<'late'> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => setImmediate(() => resolve('late')), ms);
    void answer.then(() => clearTimeout(timer));
  });

/** Said by a drive that is there no more, not of the file. */
const SILENT = ['EIO', 'ENXIO', 'ESTALE', 'ENOTCONN', 'ETIMEDOUT', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENETUNREACH'];
/** Nothing else says that there is nothing. */
const NOTHING = ['ENOENT', 'ENOTDIR'];
function whatItMeans(cause: unknown): Unseen {
  const code = errorCode(cause);
  if (SILENT.includes(code)) return 'silent';
  return NOTHING.includes(code) ? 'nothing' : 'hidden';
}

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
