import path from 'node:path';
import { appError, type AppError } from '@shared/errors.ts';
import { freeBytes } from './file-system.ts';
import { megabytes } from './space.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * Looks at what the disks have while an upgrade runs. Too little pauses it at a safe boundary: nothing has failed, and
 * it goes on from there once there is room.
 */
export interface SpaceWatch {
  /** Why not to go on now; null when there is room. */
  low(): AppError | null;
  /** What to tell of a step that met a full disk and was taken back. */
  after(error: AppError): AppError;
}

/** More often says nothing new: a chunk takes 0.2 s. */
const LOOK_EVERY_MS = 200;

/**
 * @param spareBytes what must be free to go on: what one chunk and its journal may take.
 * @param statFree for tests.
 */
export function watchSpace(file: string, spareBytes: number, statFree: typeof freeBytes = freeBytes): SpaceWatch {
  const folder = path.dirname(file);
  let lookedAt = Number.NEGATIVE_INFINITY;
  let found: AppError | null = null;
  const look = (): AppError | null => {
    for (const [where, what] of [
      [folder, 'the disk of the database'],
      [temporaryFolder(), 'the disk for temporary files'],
    ] as const) {
      const free = where === null ? null : freeOrNull(where, statFree);
      if (free !== null && free < spareBytes) return lowError(what, where ?? '', spareBytes, free);
    }
    return null;
  };
  return {
    low() {
      // While it is low, every call looks: a person waits for the answer.
      if (found === null && performance.now() - lookedAt < LOOK_EVERY_MS) return null;
      lookedAt = performance.now();
      found = look();
      return found;
    },
    after(error) {
      const details = { ...error.details, needBytes: spareBytes, freeBytes: freeOrNull(folder, statFree) };
      const message = `A step found the disk full and was taken back: ${error.message}`;
      return { ...error, ...pausedWords(), message, details };
    },
  };
}

function lowError(what: string, folder: string, needBytes: number, free: number): AppError {
  const message = `To go on, ${what} needs ${megabytes(needBytes)} free; it has ${megabytes(free)}.`;
  return { ...appError('E_NO_SPACE', message, { folder, needBytes, freeBytes: free }), ...pausedWords() };
}

const pausedWords = () => ({
  safety: 'Nothing failed: every finished step and row is kept, and a verified backup exists.',
  nextStep: 'Free some space, then continue: it goes on from here.',
});

function freeOrNull(folder: string, statFree: typeof freeBytes): number | null {
  try {
    return statFree(folder);
  } catch {
    return null; // the step itself will say what is wrong with the folder
  }
}
