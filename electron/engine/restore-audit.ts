import type { Manifest } from '@shared/manifest.ts';
import { openEngine } from './connection.ts';
import { markConnected } from './fsync.ts';
import type { Pack } from './migration.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { isReadFailure } from './sqlite-error.ts';

/**
 * Leaves an event of the restore in the restored database's own list, where its family has one and the restored content
 * has it in its final shape. In a transaction of its own, after the restore was proven: that stays good whatever
 * happens here.
 * @returns why it could not be noted; null = it is, or there is no such list.
 */
export function noteRestore(target: string, manifest: Manifest, packs: readonly Pack[], now: Date): string | null {
  const unmark = markConnected(target);
  try {
    const db = openEngine(target);
    try {
      const pack = recognisedPack(db, packs);
      if (!pack?.audit?.isReady(db)) return null;
      const createdAt = now.toISOString().replace(/\.\d+Z$/, 'Z');
      db.exec('BEGIN IMMEDIATE');
      pack.audit.record(db, {
        id: `phasewise:restored:${now.toISOString()}`,
        code: 'phasewise.restored',
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
    return error instanceof Error ? error.message : String(error);
  } finally {
    unmark();
  }
}

/** A file of an unknown family, or one that must not be touched, gets nothing. */
function recognisedPack(db: Parameters<typeof recogniseOrRefuse>[0], packs: readonly Pack[]): Pack | null {
  try {
    return recogniseOrRefuse(db, packs).pack;
  } catch (error) {
    if (isReadFailure(error)) throw error;
    return null;
  }
}
