import { accessSync, chmodSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';

const MEMORY = '/dev/shm';
const ENOUGH_BYTES = 6 * 1024 ** 3;

/**
 * The specs write thousands of small databases: where the system has a place in memory, and room in it, they are there.
 * What a disk may do to a file is the matter of the fault harness, which plays disks. A soak writes gigabytes.
 */
export function setup(): (() => void) | undefined {
  if (process.env['PHASEWISE_SOAK'] !== undefined || !hasRoom()) return undefined;
  const folder = mkdtempSync(path.join(MEMORY, 'phasewise-specs-'));
  chmodSync(folder, 0o1777); // like any folder for temporary files: some specs become another user
  process.env['TMPDIR'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

function hasRoom(): boolean {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return Math.min(bavail * bsize, process.availableMemory()) >= ENOUGH_BYTES;
  } catch {
    return false; // another system, or a small container
  }
}
