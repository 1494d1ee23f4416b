import { z } from 'zod';
import { errorCodes } from './errors.ts';
import { BackupRecord } from './run.ts';

/** What a person is told, and may choose, after something was interrupted: by a kill, a power cut, a crash, a full disk. */

export const WorkKind = z.enum(['upgrade', 'backup', 'restore', 'ingest', 'retry', 'clear']);
export type WorkKind = z.infer<typeof WorkKind>;

/**
 * continue: go on from the last whole step (upgrade); check: ask for the verdict that is missing; finish: roll an
 * interrupted restore forward; stay: leave the file as it is and be asked no more; restore: put the backup back; put-back: put files back that a
 * restore set aside; look: ask again, because the file could not be looked at.
 */
export const RecoveryChoiceId = z.enum(['continue', 'check', 'finish', 'look', 'stay', 'restore', 'put-back']);
export type RecoveryChoiceId = z.infer<typeof RecoveryChoiceId>;

export const Recovery = z.object({
  kind: WorkKind,
  /** interrupted: it ended without a word; unproven: every step is there, but the final check is missing or said no. */
  state: z.enum(['interrupted', 'unproven']),
  runId: z.string(),
  startedAt: z.string(),
  /** The last thing that was written down about it. */
  lastSignAt: z.string(),
  toPhase: z.number().int().nullable(),
  stepsDone: z.number().int(),
  stepsTotal: z.number().int(),
  /** "An upgrade to phase 4 was running." */
  what: z.string(),
  /** "It stopped after step 12 of 25: copying the candidates." */
  where: z.string(),
  /** False only where a look at the file says so, or where no look was possible. */
  isSafe: z.boolean(),
  /** Why the data is safe (or what is known), as sentences, each from something that was looked at just now. */
  reasons: z.array(z.string()),
  /** Of the state before it began, read again just now; null = none was finished. */
  backup: BackupRecord.nullable(),
  /** Of an upgrade that was gone on with: which of its backups that is. */
  partOf: z.enum(['original', 'half-upgraded']).optional(),
  /** Where its backups go, when that is not the folder that any upgrade would choose. */
  backupFolder: z.string().optional(),
  /** The files (run logs) that a person told it to read, or to do without. */
  source: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('folder'), folder: z.string() }),
      z.object({ kind: z.literal('none') }),
    ])
    .optional(),
  /** Folder with the files that 'put-back' puts back. */
  setAside: z.string().optional(),
  /** For support: what it ended with, or E_INTERRUPTED. */
  code: z.enum(errorCodes),
  /** In the order in which they are offered; the first is the advised one. */
  choices: z.array(z.object({ id: RecoveryChoiceId, title: z.string(), consequence: z.string() })),
});
export type Recovery = z.infer<typeof Recovery>;

/** One line per database with something unfinished, for the first page; nothing was opened to learn it. */
export const RecoveryNotice = z.object({
  recentId: z.string(),
  name: z.string(),
  folder: z.string(),
  kind: WorkKind,
  what: z.string(),
  lastSignAt: z.string(),
});
export type RecoveryNotice = z.infer<typeof RecoveryNotice>;
