import { z } from 'zod';
import { BackupRecord } from './run.ts';
import { AppError } from './error-schema.ts';

/**
 * What is written beside every backup, last of all: a backup without its manifest does not exist for us. The file is
 * found by its place beside the manifest, so a moved folder of backups stays usable.
 */
export const Manifest = BackupRecord.omit({
  path: true,
  folder: true,
  lastCheck: true,
  state: true,
  verified: true,
}).extend({
  format: z.literal('phasewise-backup 1'),
  /** Of the ids by which the database is told from others of its family; absent or empty = it has none. */
  identity: z.array(z.string()).optional(),
  packId: z.string(),
  appVersion: z.string(),
  sqliteVersion: z.string(),
  /** Of the original; the backup itself always has a rollback header. */
  journalMode: z.enum(['wal', 'rollback']),
  pageSizeBytes: z.number().int(),
  encoding: z.string(),
  /** SHA-256 of the schema's text. */
  schemaSha256: z.string(),
  /** Rows per table, all tables. */
  tableRows: z.record(z.string(), z.number().int()),
  /** SHA-256 over everything above: shows accidental edits. Whoever can write here can also fake it. */
  seal: z.string(),
});
export type Manifest = z.infer<typeof Manifest>;

/** The last time somebody read the whole backup again; kept beside the manifest, which never changes. */
export const BackupCheck = z.object({ at: z.string(), ok: z.boolean(), error: AppError.nullable() });
export type BackupCheck = z.infer<typeof BackupCheck>;
