import path from 'node:path';
import type { EngineWork } from './events.ts';
import type { GatedFile } from './gate.ts';
import { lockForMaintenance, type MaintenanceLock } from './lock.ts';
import { marginFor } from './space.ts';
import { withSpaceFigures } from './space-figures.ts';

/** What the small changes to an upgraded database have in common: taking files in, trying issue rows again, clearing keys. */
export type OnWork = (work: EngineWork) => void;

/**
 * Works under the maintenance lock, and lets go of it whatever happens.
 * @throws CodedError of the lock; whatever `work` throws.
 */
export async function underMaintenanceLock<T>(
  { path: file, identity }: GatedFile,
  lockFolder: string,
  onWork: OnWork,
  work: (lock: MaintenanceLock) => Promise<T>,
): Promise<T> {
  const onWait = (): void => onWork({ stage: 'waiting', fraction: null, canCancel: true });
  const lock = await lockForMaintenance({ path: file, identity, lockFolder, onWait });
  try {
    return await work(lock);
  } catch (error) {
    throw withSpaceFigures(error, path.dirname(file), marginFor(identity.sizeBytes));
  } finally {
    lock.release();
  }
}

/** Each part is a transaction of its own: to be ended between two, or in the middle of one, leaves whole ones. */
export const tellWriting = (onWork: OnWork, done: number, all: number): void =>
  onWork({ stage: 'writing', fraction: all === 0 ? null : done / all, canCancel: true });

/** The change is in; to stop now would only leave it unproven. */
export const tellChecking = (onWork: OnWork): void => onWork({ stage: 'checking', fraction: null, canCancel: false });
