import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { causeFacts, type Facts, logLine } from './log-words.ts';

/** What happened, one line per event, for support. Whatever goes wrong with it, nothing else does. */
export interface Log {
  readonly folder: string;
  /** The one that is written now; older ones are `phasewise.1.log` and so on. */
  readonly file: string;
  /** @param event past tense, with hyphens: `window-opened`. */
  write(event: string, facts?: Facts): void;
  /** Something was thrown that should not have been. */
  failed(event: string, cause: unknown, facts?: Facts): void;
}

export interface LogOptions {
  readonly folder: string;
  /** File stem: doors that share a folder have a log each. */
  readonly stem?: string;
  /** A file that would grow beyond it is put aside. */
  readonly maxBytes?: number;
  /** How many files there are at most, the one in use included. */
  readonly files?: number;
  readonly now?: () => Date;
}

/** Nothing is created before the first line. Each line is appended whole, so several processes may write one log. */
export function openLog(options: LogOptions): Log {
  const { folder, stem = 'phasewise', maxBytes = 1_000_000, files = 5, now = () => new Date() } = options;
  const nameOf = (age: number): string => path.join(folder, age === 0 ? `${stem}.log` : `${stem}.${age}.log`);
  const file = nameOf(0);
  const write = (event: string, facts: Facts = {}): void => {
    try {
      const line = `${logLine(now(), event, facts)}\n`;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (size > 0 && size + Buffer.byteLength(line) > maxBytes) rotate(nameOf, files);
      appendFileSync(file, line, { mode: 0o600 });
    } catch {
      // a full or read-only disk: the log is the least that matters then
    }
  };
  return {
    folder,
    file,
    write,
    failed: (event, cause, facts = {}) => write(event, { ...facts, ...causeFacts(cause) }),
  };
}

/** The oldest goes, each other one becomes one older. */
function rotate(nameOf: (age: number) => string, files: number): void {
  rmSync(nameOf(files - 1), { force: true });
  for (let age = files - 2; age >= 0; age -= 1) {
    if (statSync(nameOf(age), { throwIfNoEntry: false })) renameSync(nameOf(age), nameOf(age + 1));
  }
}

/** For where nothing is to be written. */
export const noLog: Log = { folder: '', file: '', write: () => {}, failed: () => {} };
