import type { IdentifiedMigration, Pack } from './migration.ts';
import type { Removal } from './removal.ts';

/** Something that somebody else made, and why it would not outlive the steps. */
export interface Loss {
  /** "view by_city" */
  readonly object: string;
  readonly why: string;
  /** Of a step or phase of ours, which would not succeed. */
  readonly isOurs?: true;
}

/** An object of the file that could not be made in the rehearsal, with SQLite's reason. */
export interface Unmade {
  readonly kind: 'table' | 'index' | 'view' | 'trigger';
  readonly name: string;
  readonly sql: string;
  readonly reason: string;
}

export interface Comparison {
  readonly pack: Pack;
  readonly removal: Removal;
  readonly steps: readonly IdentifiedMigration[];
  /** What could not be made in memory. */
  readonly unmade: ReadonlyMap<string, Unmade>;
  /** As `readContent`. */
  readonly content: ReadonlyMap<string, readonly string[]>;
}
