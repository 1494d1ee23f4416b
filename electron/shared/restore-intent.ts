import { z } from 'zod';
import { isReplacedFolder } from './beside.ts';

/**
 * Lies beside a database from before the first byte of it is replaced until the new content is proven: whoever finds it
 * knows that a restore was interrupted, and how to carry it through. Names only, so that a moved folder keeps its sense.
 */
export const RestoreIntent = z.object({
  format: z.literal('phasewise-restore 1'),
  startedAt: z.string(),
  /** The file that is being replaced, without its folder. */
  databaseName: z.string(),
  way: z.enum(['in-place', 'by-file']),
  /** backup: a verified backup; replaced: files that an earlier restore set aside, as they were. */
  source: z.enum(['backup', 'replaced']),
  /** The backup file, or the folder with the files that were set aside. */
  backupPath: z.string(),
  /** Of the database file that is put in place. */
  sha256: z.string(),
  /** By file: what is put in place, the database ('') and its sidecars. */
  files: z.array(z.object({ suffix: z.enum(['', '-wal', '-journal', '-shm']), sha256: z.string() })),
  /**
   * By file: the folder beside the database where the old files go; null = there was nothing. In place: the one with the
   * damaged file that is overwritten; null = there is a backup of it.
   */
  quarantine: z.string().nullable(),
  /** In place: the backup of what is replaced; null = none can be made of it. */
  beforePath: z.string().nullable(),
});
export type RestoreIntent = z.infer<typeof RestoreIntent>;

/** What lies where such a note would lie. */
export type FoundIntent =
  | { readonly isReadable: true; readonly intent: RestoreIntent }
  /** `why` completes "…, but …"; `since`: when it was written, ISO. */
  | { readonly isReadable: false; readonly why: string; readonly since: string };

export interface IntentStats {
  readonly size: number;
  readonly nlink: number;
  readonly mtime: Date;
  isFile(): boolean;
}

const MAX_BYTES = 65_536;

/**
 * Reads such a note as strictly as it is obeyed: what one side of Phasewise offers to finish, the other must not refuse.
 * @param databaseName of the file beside which it lies.
 * @param text gives its content; what it throws makes it unreadable. Not called for what cannot be a note of ours.
 */
export function readRestoreIntent(databaseName: string, stats: IntentStats, text: () => string): FoundIntent {
  const unreadable = (why: string): FoundIntent => ({ isReadable: false, why, since: stats.mtime.toISOString() });
  if (!stats.isFile() || stats.nlink > 1) return unreadable('it is not an ordinary file');
  if (stats.size > MAX_BYTES) return unreadable('it is too large');
  const intent = parse(text);
  if (intent === null || !isMeant(intent)) return unreadable('its content is not what Phasewise writes');
  if (intent.databaseName !== databaseName) return unreadable('it speaks of another database');
  const folders = [intent.quarantine, intent.source === 'replaced' ? lastPart(intent.backupPath) : null];
  if (folders.some((folder) => folder !== null && !isReplacedFolder(databaseName, folder)))
    return unreadable('it names a strange folder');
  const paths = [intent.backupPath, intent.beforePath ?? intent.backupPath];
  if (!paths.every(isWholePath)) return unreadable('it names a strange file');
  return { isReadable: true, intent };
}

function parse(text: () => string): RestoreIntent | null {
  try {
    return RestoreIntent.safeParse(JSON.parse(text())).data ?? null;
  } catch {
    return null;
  }
}

/** Of the two ways, what each of them writes: a note that names nothing to be done would pass for one that is done. */
function isMeant({ way, source, sha256, files }: RestoreIntent): boolean {
  if (way === 'in-place') return isSha256(sha256) && source === 'backup' && files.length === 0;
  const main = files.find(({ suffix }) => suffix === '');
  const isOnceEach = new Set(files.map(({ suffix }) => suffix)).size === files.length;
  return main?.sha256 === sha256 && isOnceEach && files.every((file) => isSha256(file.sha256));
}

const isSha256 = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

const lastPart = (path: string): string => path.split(/[\\/]/).at(-1) ?? '';

/** From the root, and without what some layer below reads as another name. */
const isWholePath = (path: string): boolean =>
  /^([\\/]|[A-Za-z]:[\\/])/.test(path) && !/[\u0000-\u001f\u007f]/.test(path);
