import { isDeepStrictEqual } from 'node:util';
import { type AppError, appError } from '@shared/errors.ts';
import type { FileRun } from '@shared/status.ts';
import { askFolders } from './backup-place.ts';
import { askPlacesOf, openRunsIn } from './file-runs.ts';
import { type OpenWork, openWork } from './open-work.ts';
import { readWorks, wasLeftElsewhere, type Work } from './works.ts';

/** What a look has found unfinished, and where that is noted. `open` null: only the file itself knows of the run. */
export interface Found {
  readonly runId: string;
  readonly folder: string;
  readonly open: OpenWork | null;
  /** What the journals of the path said. null: nothing is unfinished by them. */
  readonly inJournal: Work | null;
  /** The file itself named it, and no journal of the path. */
  readonly isInFile: boolean;
  /** All that the file names; none where it could not be looked at. */
  readonly runs: readonly FileRun[];
}

/**
 * What the journals of a path say is open. What a person has left as it is while this very file had another name is noted
 * among the works of that name; it is closed all the same, with all before it. A copy never got that answer.
 */
export function openAt(dataFolder: string, file: string): OpenWork | null {
  const works = readWorks(dataFolder, file);
  const open = openWork(works);
  const left = open?.work.runId;
  if (left === undefined || !wasLeftElsewhere(dataFolder, file, left)) return open;
  return openWork(works.map((work) => (work.runId === left ? { ...work, isClosed: true } : work)));
}

/**
 * Asks the drives of all that `whyNoLonger` and a new look compare at once, whether they answer: the file, those that its
 * runs were begun on, and the folders of backups that journals name.
 */
export async function askDrivesOf(dataFolder: string, file: string, runs: readonly FileRun[] = []): Promise<void> {
  await askPlacesOf(dataFolder, file, runs);
  await askFolders(
    readWorks(dataFolder, file).flatMap(({ backupPath, started }) => [backupPath ?? [], started.restores ?? []].flat()),
  );
}

/**
 * Why what was found is not what is unfinished any more: another program has gone on with it since, put a backup back, has
 * answered it, or checked it. By the journals alone, which takes no time. null = it is.
 */
export function whyNoLonger(dataFolder: string, file: string, found: Found): AppError | null {
  const now = openAt(dataFolder, file)?.work ?? null;
  if (found.inJournal !== null) {
    if (now === null) return nothingOpen();
    return isAsItWas(now, found.inJournal) ? null : anotherOne();
  }
  if (now !== null) return anotherOne();
  if (!found.isInFile) return null;
  const last = openRunsIn(dataFolder, file, found.runs).at(-1);
  if (last?.run.runId !== found.runId) return nothingOpen();
  return isAsItWas(last.work, found.open?.work ?? null) ? null : anotherOne();
}

/** The same work, and nothing was noted of it since. Whether its process lives may be known less surely by now. */
const isAsItWas = (now: Work | null, then: Work | null): boolean => isDeepStrictEqual(noted(now), noted(then));

function noted(work: Work | null): object | null {
  if (work === null) return null;
  const { isAlive: _, isSurelyAlive: __, ...told } = work;
  return told;
}

export const nothingOpen = (): AppError =>
  appError('E_NOTHING_TO_DO', 'Nothing is unfinished in this database any more.', undefined, {
    nextStep: 'Nothing has to be left or gone on with.',
  });

export const anotherOne = (): AppError =>
  appError('E_STATE_CHANGED', 'By now something else is unfinished in this database than what was shown.', undefined, {
    nextStep: 'Look at what is shown now, then choose again.',
  });
