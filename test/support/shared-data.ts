import { existsSync } from 'node:fs';
import path from 'node:path';

/** Databases made by the original programs. They lie beside the repository, not in it: absent in a bare clone. */
const folder = path.resolve(import.meta.dirname, '../../../shared/data');

/** @returns the file's path, or null where the folder does not exist; tests then skip and say so. */
export function sharedFile(pack: string, name: string): string | null {
  const file = path.join(folder, pack, name);
  return existsSync(file) ? file : null;
}

export const SHARED_DATA_MISSING = 'skipped: ../shared/data does not exist here';
