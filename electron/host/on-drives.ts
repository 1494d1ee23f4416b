import type { BigIntStats, Stats } from 'node:fs';
import { constants, lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { err, ok, type Result } from '@shared/errors.ts';
import { doesNotAnswer, isAnswered, lookOnDrives, type Unseen } from './drives.ts';

/**
 * Questions about files of people, which may lie on a drive that does not answer: nobody waits for it for long, and no
 * window does. An answer is what is there, or why nobody says so. What must be known at once asks `stats.ts`.
 */

/** What lies under a name itself, a link as a link. */
export const ownStatsOn = (file: string): Promise<Stats | Unseen> =>
  lookOnDrives.ask(file, (asked) => lstat(asked), true);

/** As `ownStatsOn`, with times and numbers as the disk has them. */
export const exactStatsOn = (file: string): Promise<BigIntStats | Unseen> =>
  lookOnDrives.ask(file, (asked) => lstat(asked, { bigint: true }), true);

/** As `fileIdOf`; null also where its drive does not answer. */
export async function fileIdOn(file: string): Promise<string | null> {
  const stats = await lookOnDrives.ask(file, (asked) => stat(asked, { bigint: true }), true);
  return typeof stats === 'object' ? fileIdIn(stats) : null;
}

/** See `fileIdOf`. */
export const fileIdIn = ({ ino, birthtimeNs }: BigIntStats): string | null =>
  birthtimeNs <= 0n ? null : `${ino} ${birthtimeNs}`;

/** 'unknown': there may be one, but nobody can say so just now. */
export async function isFolderOn(folder: string): Promise<boolean | 'unknown'> {
  const seen = await lookOnDrives.ask(insideOf(folder), () => stat(folder), true);
  return isAnswered(seen) ? typeof seen === 'object' && seen.isDirectory() : 'unknown';
}

/** What is in a folder, or what the system says of it. */
export const namesOn = (folder: string): Promise<{ names: string[] } | { cause: unknown } | Unseen> =>
  lookOnDrives.ask(insideOf(folder), () => readdir(folder).then((names) => ({ names }), whatWasSaid), true);

/** Links resolved; as it is named where there is none, or its drive does not answer. */
export async function realFolderOn(folder: string): Promise<string> {
  const seen = await lookOnDrives.ask(insideOf(folder), async () => ({ place: await realpath(folder) }), true);
  return typeof seen === 'object' ? seen.place : folder;
}

/** As `readText`, or what the system says of it. */
export const textOn = (file: string): Promise<{ text: string } | { cause: unknown } | Unseen> =>
  lookOnDrives.ask(file, () => textOf(file).then((text) => ({ text }), whatWasSaid), true);

/** For whoever then has to look at once, see `stats.ts`: not where its drive is known not to answer. Error: E_TIMEOUT. */
export const whatAnswers = async (file: string): Promise<Result<string>> =>
  (await lookOnDrives(file, true)) === 'silent' ? err(doesNotAnswer(file)) : ok(file);

/** By what was seen last: E_TIMEOUT for the first of these folders that hangs; null = none is known to. */
export function silentAmong(folders: readonly (string | null)[]): Result<never> | null {
  const silent = folders.find((folder) => folder !== null && lookOnDrives.isSilent(insideOf(folder)));
  return typeof silent === 'string' ? err(doesNotAnswer(silent)) : null;
}

const whatWasSaid = (cause: unknown): { cause: unknown } => ({ cause });

/** So that it is the folder that is called silent, where it is a link to what hangs, and not the one that it is in. */
export const insideOf = (folder: string): string => path.join(folder, '*');

async function textOf(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // a pipe would wait for a writer
  try {
    if (!(await handle.stat()).isFile())
      throw Object.assign(new Error(`EINVAL: no file, read '${file}'`), { code: 'EINVAL' });
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
