import { errorWords } from '@shared/error-code.ts';
import type { Manifest } from '@shared/manifest.ts';
import { openEngine } from './connection.ts';
import { markConnected } from './fsync.ts';
import type { Db, Pack } from './migration.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { isReadFailure } from './sqlite-error.ts';

/**
 * Leaves an event of the restore in the restored database's own list, where its family has one and the restored content
 * has it in its final shape. In a transaction of its own, after the restore was proven: that stays good whatever
 * happens here.
 * @returns why it could not be noted; null = it is, or there is no such list.
 */
export function noteRestore(target: string, manifest: Manifest, packs: readonly Pack[], now: Date): string | null {
  let unmark = (): void => {};
  try {
    unmark = markConnected(target);
    const db = openEngine(target);
    try {
      const pack = recognisedPack(db, packs);
      if (!pack?.audit?.isReady(db)) return null;
      const createdAt = now.toISOString().replace(/\.\d+Z$/, 'Z');
      db.exec('BEGIN IMMEDIATE');
      pack.audit.record(db, {
        id: idAt(now.toISOString()),
        code: CODE,
        projectId: null,
        payload: { backup_created_at: manifest.createdAt },
        createdAt,
      });
      db.exec('COMMIT');
      return null;
    } finally {
      db.close(); // an open transaction is rolled back
    }
  } catch (error) {
    return errorWords(error);
  } finally {
    unmark();
  }
}

/**
 * When the backup was made that was last put back between two moments (ISO, UTC), by the file's own list: an event in it
 * was noted only after that restore had been proven. null = none is noted, or there is no such list.
 */
export function notedRestore(db: Db, packs: readonly Pack[], since: string, until: string): string | null {
  const pack = recognisedPack(db, packs);
  if (!pack?.audit?.isReady(db)) return null;
  const noted = pack.audit.between(db, idAt(since), idAt(until)).findLast(({ code }) => code === CODE);
  const createdAt = noted?.payload['backup_created_at'];
  return typeof createdAt === 'string' ? createdAt : null;
}

const CODE = 'phasewise.restored';
/** Sorts by time. */
const idAt = (at: string): string => `phasewise:restored:${at}`;

/** A file of an unknown family, or one that must not be touched, gets nothing. */
function recognisedPack(db: Db, packs: readonly Pack[]): Pack | null {
  try {
    return recogniseOrRefuse(db, packs).pack;
  } catch (error) {
    if (isReadFailure(error)) throw error;
    return null;
  }
}
