import type Database from 'better-sqlite3';
import { addDualColumns, createDualIndexes, createDualTables } from './dual.ts';
import { buildBaseline } from './baseline.ts';
import { buildLegacyOdd } from './legacy.ts';
import { dualTables } from './schema-dual.ts';

/** The original was stopped while it upgraded a legacy file: all tables are made, no canonical column yet. */
export function buildInterruptedBeforeColumns(db: Database.Database): void {
  buildLegacyOdd(db);
  createDualTables(db);
}

/** Stopped while it added columns: some are there. */
export function buildInterruptedAmongColumns(db: Database.Database, columns = 13): void {
  buildLegacyOdd(db);
  createDualTables(db);
  addDualColumns(db, columns);
}

/** Stopped before its backfill: every column and index is there, nothing is filled, no marker tells. */
export function buildInterruptedBeforeBackfill(db: Database.Database): void {
  buildLegacyOdd(db);
  createDualTables(db);
  addDualColumns(db);
  createDualIndexes(db);
}

/** The same from a file that had the later tables in their first shape, with rows. */
export function buildInterruptedBaseline(db: Database.Database): void {
  buildBaseline(db);
  for (const statement of dualTables) db.exec(statement);
  addDualColumns(db);
  createDualIndexes(db);
}
