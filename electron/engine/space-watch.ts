import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { appError, type AppError, coded } from '@shared/errors.ts';
import { needAndFree, sizeText } from '@shared/sizes.ts';
import { freeBytes } from './file-system.ts';
import { existingParent } from './space.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * Looks at what the disks have while an upgrade runs. Too little pauses it at a safe boundary: nothing has failed, and
 * it goes on from there by itself once there is room.
 */
export interface SpaceWatch {
  /** Why not to go on now; null when there is room. */
  low(): AppError | null;
  /**
   * A step, or a backup, met a full disk and was taken back: what it takes to try it again.
   * @throws CodedError as `Shortage.look`
   */
  after(error: AppError): Shortage;
}

/** A want of space that is measured again and again, until there is room or a person decides. */
export interface Shortage {
  readonly found: AppError;
  /**
   * As it is now; null when there is room.
   * @throws CodedError E_BACKUP_FOLDER | E_TEMP_UNAVAILABLE | E_IO when the disk is gone: no room will come there.
   */
  readonly look: () => AppError | null;
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
      const places = placesOf(error, folder, spareBytes, statFree);
      const look = (): AppError | null => {
        const now = places.map((place) => ({ ...place, free: freeIn(place, statFree) }));
        // Which of several disks was full nobody has said: room on any of them is worth another try.
        const [place] = now.every(({ free, needBytes }) => free < needBytes) ? now : [];
        return place ? fullError(error, place, place.free) : null;
      };
      return { found: look() ?? { ...error, ...pausedWords() }, look };
    },
  };
}

interface Place {
  readonly where: string;
  readonly role: 'backups' | 'database' | 'temporary files';
  readonly needBytes: number;
}

/**
 * Where room is wanted after a step that met a full disk, and how much; the disk with the least first. What is free there
 * now was not enough: without more the same would happen again and again.
 */
function placesOf(
  { code, details }: AppError,
  folder: string,
  spareBytes: number,
  statFree: typeof freeBytes,
): Place[] {
  const { folder: named, needBytes } = details ?? {};
  const isBackup = code === 'E_BACKUP_NO_SPACE';
  if (typeof named === 'string' && (typeof needBytes === 'number' || isBackup)) {
    const place = isBackup
      ? placeOfBackup(named, needBytes, spareBytes)
      : { where: named, role: 'database' as const, needBytes: Number(needBytes) };
    const free = freeIn(place, statFree);
    return [free < place.needBytes ? place : { ...place, needBytes: free + spareBytes }];
  }
  const temporary = temporaryFolder();
  return [
    { where: folder, role: 'database' } as const,
    ...(temporary === null ? [] : [{ where: temporary, role: 'temporary files' } as const]),
  ]
    .map((place) => ({ ...place, free: freeIn(place, statFree) }))
    .toSorted((a, b) => a.free - b.free)
    .map(({ free, ...place }) => ({ ...place, needBytes: free < spareBytes ? spareBytes : free + spareBytes }));
}

/** Without a number not even the folder, or a name in it, could be made. */
const placeOfBackup = (named: string, needBytes: unknown, spareBytes: number): Place =>
  typeof needBytes === 'number'
    ? { where: named, role: 'backups', needBytes }
    : { where: existingParent(named), role: 'backups', needBytes: spareBytes };

/**
 * Whether the disk of the backups is not what was full for one: the system has set a limit of its own (a quota), or that
 * disk has what was asked for and to spare. Room on it would be waited for without end, with numbers that say there is.
 * @returns what the person is to be told, and whether no other try can help; null where it is that disk.
 * @throws CodedError E_BACKUP_FOLDER when it is gone.
 */
export function fullElsewhere(
  { code, details }: AppError,
  spareBytes: number,
  statFree: typeof freeBytes = freeBytes,
): { error: AppError; isSure: boolean } | null {
  const { folder, needBytes } = details ?? {};
  if (code !== 'E_BACKUP_NO_SPACE' || typeof folder !== 'string') return null;
  const place = placeOfBackup(folder, needBytes, spareBytes);
  const free = freeIn(place, statFree);
  const isQuota = details?.['code'] === 'EDQUOT';
  if (!isQuota && free < place.needBytes + spareBytes) return null;
  const temporary = temporaryFolder();
  const other = temporary === null ? '' : `, or the disk for temporary files (${temporary}) may be full`;
  const has = `its disk has ${sizeText(free)} free`;
  const message = isQuota
    ? `Your quota in ${folder} is used up, so there was no room for the backup; ${has}.`
    : `The system had no room for the backup in ${folder}, though ${has}: a quota may be used up${other}.`;
  const nextStep = `Make room there${isQuota ? '' : ' or for temporary files'}, or choose another backup folder, then start again.`;
  return { error: appError(code, message, { ...details, freeBytes: free }, { nextStep }), isSure: isQuota };
}

function fullError(error: AppError, { where, role, needBytes }: Place, freeNow: number): AppError {
  const { need, free } = needAndFree(needBytes, freeNow);
  const what =
    role === 'backups'
      ? 'There was no room for the backup, and what was begun of it is removed.'
      : 'A step found the disk full and was taken back.';
  const message = `${what} To go on, ${where} needs ${need} free; it has ${free}.`;
  const details = { ...error.details, text: error.message, folder: where, needBytes, freeBytes: freeNow };
  return { ...error, ...pausedWords(), message, details };
}

function lowError(what: string, folder: string, needBytes: number, freeBytes: number): AppError {
  const { need, free } = needAndFree(needBytes, freeBytes);
  const message = `To go on, ${what} needs ${need} free; it has ${free}.`;
  return { ...appError('E_NO_SPACE', message, { folder, needBytes, freeBytes }), ...pausedWords() };
}

const pausedWords = () => ({
  safety: 'Nothing failed: every finished step and row is kept, and a verified backup exists.',
  nextStep: 'Free some space: it goes on from here by itself as soon as there is enough.',
});

/** @throws CodedError when nothing can be found out: the disk is not full but gone, and waiting would be for ever. */
function freeIn({ where, role }: Omit<Place, 'needBytes'>, statFree: typeof freeBytes): number {
  try {
    return statFree(where);
  } catch (error) {
    const details = { folder: where, code: errorCode(error) };
    if (role === 'backups')
      throw coded('E_BACKUP_FOLDER', `The backup folder ${where} cannot be reached any more.`, details);
    const message = `${where}, the folder ${role === 'database' ? 'of the database' : 'for temporary files'}, cannot be reached any more.`;
    throw coded(role === 'database' ? 'E_IO' : 'E_TEMP_UNAVAILABLE', message, details);
  }
}

function freeOrNull(folder: string, statFree: typeof freeBytes): number | null {
  try {
    return statFree(folder);
  } catch {
    return null; // the step itself will say what is wrong with the folder
  }
}
