import { lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type AppError, toAppError } from '@shared/errors.ts';
import { doingOwn } from './fs-errors.ts';
import { journalFiles } from './journal-lines.ts';
import { readText } from './json-file.ts';
import { lifeOf } from './process-identity.ts';
import { journalFolder } from './run-journal.ts';
import { fileIdOf } from './stats.ts';
import { toldIn, type ToldWork } from './told-work.ts';

/** One work on a database, and whether somebody is at it right now. */
export interface Work extends ToldWork {
  /** Another process, which began it, still exists. What this one is doing its host knows. */
  readonly isAlive: boolean;
  /** It is that very process, and not just one of the same id. */
  readonly isSurelyAlive: boolean;
}

/** Works of a database from its journals, newest first. A journal that cannot be read is left out. */
export function readWorks(dataFolder: string, databasePath: string): Work[] {
  return worksIn(journalFolder(dataFolder, databasePath));
}

/**
 * Whether all that is noted of a database can be read: who cannot read it must not say that nothing is open. What is not
 * there says nothing; whatever else lies in the place of a journal may hide one.
 * @throws CodedError of doingOwn.
 */
export function requireReadableJournals(dataFolder: string, databasePath: string): void {
  const folder = journalFolder(dataFolder, databasePath);
  const look = (file: string) => doingOwn(file, () => lstatSync(file, { throwIfNoEntry: false }));
  if (look(folder) === undefined) return; // nothing was ever begun
  for (const name of doingOwn(folder, () => readdirSync(folder)).filter((each) => each.endsWith('.jsonl'))) {
    const file = path.join(folder, name);
    if (look(file) !== undefined) doingOwn(file, () => readText(file));
  }
}

/**
 * The same as a value; null = all of it can be read. What to do next is to make it readable: with another data folder
 * nothing would seem to be open.
 */
export function unreadableJournals(dataFolder: string, databasePath: string): AppError | null {
  try {
    requireReadableJournals(dataFolder, databasePath);
    return null;
  } catch (thrown) {
    return { ...toAppError(thrown), nextStep: 'Let Phasewise read that again, then try again.' };
  }
}

export const worksIn = (folder: string): Work[] =>
  journalFiles(folder)
    .flatMap((file) => workIn(file) ?? [])
    .sort(byAge);

/**
 * The same where there may be very many. @param pause is waited for behind every journal.
 * @returns `isWhole` false: some cannot be read, which may be over in a moment. `left`: what a person left as it is, of
 * which file, see `leftKey`.
 */
export async function worksInSlices(
  folder: string,
  pause: () => Promise<void>,
): Promise<{ works: Work[]; left: string[]; isWhole: boolean }> {
  const works: Work[] = [];
  const left: string[] = [];
  let isWhole = true;
  for (const file of journalFiles(folder)) {
    const told = toldIn(file);
    if (told?.work) works.push(asOfNow(told.work));
    left.push(...(told?.leftFiles ?? []).map((id) => leftKey(path.basename(file, '.jsonl'), id)));
    isWhole &&= told !== null;
    await pause();
  }
  return { works: works.sort(byAge), left, isWhole };
}

/** @param file as fileIdOf says. */
export const leftKey = (runId: string, file: string | null): string => `${path.basename(runId)} ${file}`;

/**
 * Newest first: by their count. Journals of an older version have none, so they are older than all that have one,
 * whatever the clock said then; among themselves the clock has to do.
 */
function byAge(a: Work, b: Work): number {
  if (a.order > 0 !== b.order > 0) return a.order > 0 ? -1 : 1;
  const counted = a.order > 0 && b.order > 0 ? b.order - a.order : 0;
  return counted || (a.startedAt < b.startedAt ? 1 : -1);
}

/** When the next work after this one began. null: there is none, or the clock was set back in between. @param works newest first. */
export function nextStart(works: readonly Work[], { runId, startedAt }: Work): string | null {
  const next = works[works.findIndex((work) => work.runId === runId) - 1];
  return next !== undefined && next.startedAt > startedAt ? next.startedAt : null;
}

/** The folders of all databases that anything was ever noted of. */
export function journalFolders(dataFolder: string): string[] {
  try {
    return readdirSync(path.join(dataFolder, 'runs')).map((name) => path.join(dataFolder, 'runs', name));
  } catch {
    return []; // nothing was ever begun
  }
}

/** A run by its id, whatever the file was called then. */
export function findWork(dataFolder: string, runId: string): Work | null {
  for (const folder of journalFolders(dataFolder)) {
    const work = workIn(path.join(folder, `${path.basename(runId)}.jsonl`));
    if (work) return work;
  }
  return null;
}

/**
 * Of which runs the file at a path has its answer by now: proven, or left as it is by a person. Also of runs that were
 * begun elsewhere, or under another name. That another file lies in its place, a look may have said of a journal once;
 * what names the run is not another file.
 */
export const answeredAt = (dataFolder: string, databasePath: string): ReadonlySet<string> =>
  new Set(
    journalFiles(journalFolder(dataFolder, databasePath)).flatMap((file) => {
      const { work = null, isAnswered = false } = toldIn(file) ?? {};
      const hasAnswer = work === null ? isAnswered : isProven(work) || (work.isClosed && !work.isSettled);
      return hasAnswer ? [path.basename(file, '.jsonl')] : [];
    }),
  );

export const isProven = ({ report, verdict }: ToldWork): boolean =>
  report?.verified === true || verdict?.verified === true;

/**
 * Whether a person left this very file as it is, whatever it was called then: what was said of its path is `answeredAt`. By
 * what lies there at once, as whoever asks goes on with an answer; false where its drive is known not to answer.
 */
export function wasLeftElsewhere(dataFolder: string, databasePath: string, runId: string): boolean {
  const file = fileIdOf(databasePath);
  const own = journalFolder(dataFolder, databasePath);
  const others = journalFolders(dataFolder).filter((folder) => folder !== own);
  const name = `${path.basename(runId)}.jsonl`;
  return file !== null && others.some((folder) => toldIn(path.join(folder, name))?.leftFiles.includes(file));
}

function workIn(journal: string): Work | null {
  const work = toldIn(journal)?.work ?? null;
  return work && asOfNow(work);
}

/** A journal does not tell when the process that writes it is killed. */
function asOfNow(work: ToldWork): Work {
  const { started } = work;
  const hasEnded = work.report !== null || work.isOver !== null;
  const isOther = !hasEnded && started.pid !== process.pid;
  const life = isOther ? lifeOf(started.pid, started.process, started.at) : 'gone';
  return { ...work, isAlive: life !== 'gone', isSurelyAlive: life === 'living' };
}
