import type { Db } from './migration-values.ts';

/**
 * What a pack may offer or be given beyond its migrations: files beside the database, notes in its own list of events,
 * files to be taken in. They reach the packs through migration.ts.
 */

export type SourceFile =
  | { readonly state: 'read'; readonly text: string; readonly file: string }
  | { readonly state: 'missing' }
  /** Too large, not readable, not UTF-8: why, in words. */
  | { readonly state: 'unreadable'; readonly reason: string; readonly file: string };

/** Reads files below the chosen folder by the path that a row gives; never leaves that folder. Read only. */
export interface SourceFiles {
  /** Below the folder by the whole path, then by its shorter and shorter ends. A path of one name alone needs `isIts`. */
  read(path: string, isIts?: (text: string) => boolean): SourceFile;
}

/** A kind of files beside the database from which a phase can take more. Asked once. */
export interface SourceFolder {
  readonly id: string;
  /** "Run logs" */
  readonly title: string;
  /** "Where are the run logs of this database?" */
  readonly question: string;
  /** What they give and what happens without them: one or two sentences. */
  readonly explanation: string;
  /** The phase that reads them. */
  readonly phase: number;
  /** Folders to guess, relative to the folder of the database, best first. */
  readonly guesses: readonly string[];
  /** Paths that rows name, with the key of the row; ordered, at most `limit`. */
  paths(db: Db, limit: number): { readonly key: string; readonly path: string }[];
  countPaths(db: Db): number;
  /** Is the content of the file what the row says? */
  compare(db: Db, key: string, text: string): 'agrees' | 'differs' | 'unreadable';
}

/** What an operation of ours leaves in the database's own list of events, once that list has its final shape. */
export interface AuditTrail {
  readonly table: string;
  /** False before the table has its final shape: then nothing is written. */
  isReady(db: Db): boolean;
  /** Inserts one event; one with this id that is there already stays. Supplies old columns where they still exist. */
  record(db: Db, event: AuditEvent): void;
  /** What was recorded under ids from `firstId` to `lastId`, both included, in their order. */
  between(db: Db, firstId: string, lastId: string): Pick<AuditEvent, 'id' | 'code' | 'payload'>[];
}
export interface AuditEvent {
  readonly id: string;
  /** e.g. 'phasewise.phase_reached', 'phasewise.restored' */
  readonly code: string;
  readonly projectId: string | null;
  readonly payload: Readonly<Record<string, string | number | boolean | null>>;
  /** UTC, whole seconds. */
  readonly createdAt: string;
}

/** One file to be taken in, as read from disk. */
export interface IngestFile {
  /** Absolute, slashes only. */
  readonly path: string;
  readonly text: string;
}
export type IngestVerdict =
  /** new: nothing of it is there; known: everything is; changed: something is missing or differs. */
  | { readonly state: 'new' | 'known' | 'changed'; readonly project: string; readonly counts: IngestCounts }
  | { readonly state: 'refused'; readonly reason: string };
export interface IngestCounts {
  readonly runs: number;
  readonly jobs: number;
  readonly candidates: number;
  readonly files: number;
  readonly links: number;
  readonly qualityReports: number;
  readonly costEvents: number;
  /** Rows that were there and got newer values. */
  readonly updated: number;
}
/** Takes files of a program into an upgraded database. */
export interface Ingest {
  /** "run log" */
  readonly title: string;
  /** The phase from which it is possible. */
  readonly fromPhase: number;
  /** ".json" */
  readonly extension: string;
  /** Inside the caller's transaction, one per file. Idempotent. With `isTrial` the caller rolls back. Never throws for what a file says. */
  take(db: Db, file: IngestFile, options: { now: string; project: string | null }): IngestVerdict;
}
