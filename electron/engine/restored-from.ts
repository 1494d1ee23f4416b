import fs from 'node:fs';
import { lookAt } from './look.ts';
import type { Pack } from './migration.ts';
import type { EngineRequests } from './protocol.ts';
import { notedRestore } from './restore-audit.ts';
import { holdsBackup } from './restore-in-place.ts';

type RestoredFrom = EngineRequests['restoredFrom'];

/**
 * Which of the backups was put into the file, though nobody could write that down. By the file's own list of events,
 * where it has one, which is a short look and proof that a restore has ended well; else which of them it holds byte for
 * byte but for what every file has of its own, where another size is told without reading. Reads only.
 */
export async function restoredFrom(
  { path, since, backups, isByEvent = false }: RestoredFrom['input'],
  packs: readonly Pack[],
): Promise<RestoredFrom['output']> {
  const noted = since === null || backups.length === 0 ? null : await notedIn(path, since, packs);
  const meant = noted === null ? undefined : backups.find(({ createdAt }) => createdAt === noted);
  if (meant) return { backupPath: meant.path, proof: 'event' };
  if (noted !== null) return null; // its list has grown by that event, so it cannot be the same bytes as any other
  if (isByEvent) return null;
  const size = sizeOf(path);
  const held = backups.find(
    (backup) => size !== null && sizeOf(backup.path) === size && holdsBackup(path, backup.path),
  );
  return held ? { backupPath: held.path, proof: 'bytes' } : null;
}

/** A file that cannot be looked at says nothing. */
async function notedIn(path: string, since: string, packs: readonly Pack[]): Promise<string | null> {
  try {
    return await lookAt(path, ({ db }) => notedRestore(db, packs, since, new Date().toISOString()));
  } catch {
    return null;
  }
}

const sizeOf = (file: string): number | null => fs.statSync(file, { throwIfNoEntry: false })?.size ?? null;
