import type Database from 'better-sqlite3';

/** What migrations, their tools and the engine hand each other. */
export type Db = Database.Database;
export type SqlValue = string | number | bigint | Uint8Array | null;

/** A half-open key range `key > after AND key <= upTo`; `after` is null in the first chunk. */
export interface KeyRange {
  readonly after: SqlValue;
  readonly upTo: SqlValue;
}

export interface ChunkCount {
  moved: number;
  alreadyRight: number;
  issueRows: number;
}

/** A violated expectation: what it means, how many rows, a few keys, and the query that shows it. */
export interface Finding {
  readonly what: string;
  readonly count: number;
  readonly sampleKeys: readonly string[];
  readonly sql: string;
}
