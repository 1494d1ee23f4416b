import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';

/**
 * Copies a database with its sidecars as they lie on the disk, as a power cut would leave them, so that looking at the
 * copy (which recovers it) does not touch the file itself. Nobody may have the file open.
 * @returns the copy's path.
 */
export function snapshotOf(file: string, folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const copy = path.join(folder, path.basename(file));
  for (const end of ['', '-journal', '-wal']) if (existsSync(file + end)) copyFileSync(file + end, copy + end);
  return copy;
}
