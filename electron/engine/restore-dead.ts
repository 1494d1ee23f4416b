import fs from 'node:fs';
import { restoreLockFile } from '@shared/beside.ts';
import { readIntent } from './intent.ts';
import { removeMereCopies } from './raw-copy.ts';
import { removeStages } from './restore-stage.ts';
import { lockRestores, resolveTargetFile } from './restore-target.ts';

/**
 * Takes away what a restore left beside the database that is dead by now: its lock and, where nothing is begun, the copies
 * that it was making. A living one keeps its own, and so does one with a note, which may need them to be carried through.
 */
export function clearDeadRestore(given: string, lockFolder: string): void {
  try {
    const target = resolveTargetFile(given, null);
    if (!fs.existsSync(restoreLockFile(target))) return;
    const lock = lockRestores(target, lockFolder);
    try {
      if (readIntent(target) !== null) return;
      removeStages(target);
      removeMereCopies(target);
    } finally {
      lock.release();
    }
  } catch {
    // held, or not to be removed: the next restore takes it over
  }
}
