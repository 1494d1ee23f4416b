import fs from 'node:fs';
import path from 'node:path';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import type { BackupRecord } from '@shared/run.ts';

/**
 * So that what has no manifest can be spoken of like a backup: a file that was set aside, which nobody ever found good,
 * and a backup that is away by now.
 * @param place where it is, or was.
 */
export function recordOfUnknown(
  target: string,
  { source, startedAt, sha256 }: RestoreIntent,
  place: string,
): BackupRecord {
  return {
    id: path.basename(place),
    path: place,
    folder: path.dirname(place),
    databaseName: path.basename(target),
    databasePath: target,
    createdAt: startedAt,
    reason: source === 'replaced' ? 'what a restore replaced' : 'unknown',
    phase: null,
    variantTitle: '',
    sizeBytes: fs.statSync(target).size,
    sha256,
    pages: 0,
    runId: null,
    verified: false,
    checks: [],
    lastCheck: null,
    state: source === 'replaced' ? 'broken' : 'missing',
  };
}
