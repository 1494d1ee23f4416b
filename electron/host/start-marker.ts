import { rmSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ensureFolder } from './data-folder.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';

const Started = z.object({ version: z.string(), failed: z.number().int(), isSoftware: z.boolean() });
type Started = z.infer<typeof Started>;

export interface Start {
  /** Draw without the graphics card: with it, this version did not get as far as a window. */
  readonly isSoftware: boolean;
  /** The window is there. */
  done(): void;
}

/** One start may have been ended by its user; so many in a row were not. */
const ENOUGH = 2;

/**
 * A graphics driver can take the whole app along before there is anything to see. So each start leaves a mark, and
 * takes it away when its window is there; after two marks in a row this version draws in software. Never throws.
 */
export function beginStart(dataFolder: string, version: string): Start {
  const file = path.join(dataFolder, 'start.json');
  const last = readJsonFile<Started | null>(file, Started.nullable(), null);
  const known = last?.version === version ? last : { version, failed: 0, isSoftware: false };
  const isSoftware = known.isSoftware || known.failed >= ENOUGH;
  note(dataFolder, file, { version, failed: known.failed + 1, isSoftware });
  return {
    isSoftware,
    done: () => note(dataFolder, file, isSoftware ? { version, failed: 0, isSoftware } : null),
  };
}

function note(dataFolder: string, file: string, started: Started | null): void {
  try {
    if (started === null) return rmSync(file, { force: true });
    ensureFolder(dataFolder);
    writeJsonFile(file, started);
  } catch {
    // a read-only data folder: then nothing is remembered between starts
  }
}
