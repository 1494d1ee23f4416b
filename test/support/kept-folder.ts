import { cpSync, rmSync } from 'node:fs';

/**
 * Keeps a prepared folder, so that it need not be prepared again for every case.
 * @returns what puts it back, as often as it is called: at the same place, because notes and manifests name files by their
 * whole path. The files are new ones with the old bytes, and their times are not the same to the nanosecond.
 */
export function keepFolder(folder: string): () => void {
  const kept = `${folder} as it was`;
  cpSync(folder, kept, { recursive: true, preserveTimestamps: true });
  return () => {
    rmSync(folder, { recursive: true, force: true });
    cpSync(kept, folder, { recursive: true, preserveTimestamps: true });
  };
}
