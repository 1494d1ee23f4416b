import fs from 'node:fs';
import path from 'node:path';
import { appError, type AppError } from '@shared/errors.ts';
import { manifestFile, readManifest } from './manifest.ts';

/**
 * A backup of ours is no database to be worked on: upgraded where it lies, nobody could go back to it any more. One that
 * has been written to since its manifest was, or copied without it, is one like any other.
 * @returns why it must not be written to; null when it may be.
 */
export function whyStored(file: string): AppError | null {
  if (!/\.db$/i.test(file)) return null;
  const read = readManifest(file);
  if (read === undefined) return null;
  // Where its manifest cannot be read, nobody knows; one that was changed says nothing of it any more.
  if ('error' in read) return read.error.code === 'E_BACKUP_CORRUPT' ? null : read.error;
  const [stored, noted] = [file, manifestFile(path.dirname(file), read.manifest.id)].map((each) =>
    fs.statSync(each, { throwIfNoEntry: false }),
  );
  if (stored?.size !== read.manifest.sizeBytes || noted === undefined || stored.mtimeMs > noted.mtimeMs) return null;
  return appError('E_STORED_BACKUP', `${file} is a backup of ${read.manifest.databaseName}.`);
}
