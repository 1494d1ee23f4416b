import { z } from 'zod';

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
  /** By file: the folder beside the database where the old files go; null = there was nothing. */
  quarantine: z.string().nullable(),
  /** In place: the backup of what is replaced. */
  beforePath: z.string().nullable(),
});
export type RestoreIntent = z.infer<typeof RestoreIntent>;
