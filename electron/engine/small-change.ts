import path from 'node:path';
import { CodedError } from '@shared/errors.ts';
import type { EngineWork } from './events.ts';
import type { GatedFile } from './gate.ts';
import { letGoChanged, lockForMaintenance, type MaintenanceLock } from './lock.ts';
import { marginFor } from './space.ts';
import { withSpaceFigures } from './space-figures.ts';
import { unsure } from './sqlite-error.ts';

/** What the small changes to an upgraded database have in common: taking files in, trying issue rows again, clearing keys. */
export type OnWork = (work: EngineWork) => void;

/**
 * Awaited behind the backup, before the first byte is changed: resolves once the host knows that something may be.
 * @throws CodedError E_CANCELLED when nobody is there to know.
 */
export type BeforeChange = (work: EngineWork) => Promise<void>;

export interface Telling {
  readonly onWork: OnWork;
  readonly beforeChange: BeforeChange;
}

/** For whoever asks without waiting to be let through. */
export const onlyTell =
  (onWork: OnWork): BeforeChange =>
  (work) =>
    Promise.resolve(onWork(work));

/**
 * Works under the maintenance lock, and lets go of it whatever happens.
 * @throws CodedError of the lock; whatever `work` throws, which says of no data that it is safe when the file could not
 * be closed whole.
 */
export async function underMaintenanceLock<T>(
  { path: file, identity }: GatedFile,
  lockFolder: string,
  onWork: OnWork,
  work: (lock: MaintenanceLock) => Promise<T>,
): Promise<T> {
  const onWait = (): void => onWork({ stage: 'waiting', fraction: null, canCancel: true });
  const lock = await lockForMaintenance({ path: file, identity, lockFolder, onWait });
  let done: T;
  try {
    done = await work(lock);
  } catch (error) {
    const isReleased = letGo(lock);
    const told = withSpaceFigures(error, path.dirname(file), marginFor(identity.sizeBytes));
    throw isReleased || !(told instanceof CodedError) ? told : unsure(told);
  }
  letGoChanged(lock);
  return done;
}

/** The error of the work matters more than one of closing the file. @returns false when there was one. */
function letGo(lock: MaintenanceLock): boolean {
  try {
    lock.release();
    return true;
  } catch {
    return false;
  }
}

/** Each part is a transaction of its own: to be ended between two, or in the middle of one, leaves whole ones. */
export const writing = (done: number, all: number): EngineWork => ({
  stage: 'writing',
  fraction: all === 0 ? null : done / all,
  canCancel: true,
});

/** One short transaction: whoever stopped it could not say on which side of it. */
export const writingAtOnce: EngineWork = { stage: 'writing', fraction: null, canCancel: false };

/** The change is in; to stop now would only leave it unproven. */
export const tellChecking = (onWork: OnWork): void => onWork({ stage: 'checking', fraction: null, canCancel: false });
