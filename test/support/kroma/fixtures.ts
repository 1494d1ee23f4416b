import Database from 'better-sqlite3';
import { buildKromaSample } from '../../../migrations/kroma/sample/build.ts';
import { conversationTables } from '../../../migrations/kroma/sample/schema-conversations.ts';
import { coreTables } from '../../../migrations/kroma/sample/schema-core.ts';
import { buildBaseline } from './baseline.ts';
import { addDualColumns, buildDual, buildDualAgreeing, createDualIndexes, createDualTables } from './dual.ts';
import { addUserObjects } from './extras.ts';
import { insertRows } from './insert.ts';
import {
  buildInterruptedAmongColumns,
  buildInterruptedBaseline,
  buildInterruptedBeforeBackfill,
  buildInterruptedBeforeColumns,
} from './interrupted.ts';
import { buildEmptyLegacy, buildLegacyOdd } from './legacy.ts';
import { baselineMarkers } from './schema-baseline.ts';
import { buildScaled } from './scaled.ts';
import { assetReferencesMarker, dualMarkers } from './schema-dual.ts';
import { legacyMarkers } from '../../../migrations/kroma/sample/schema.ts';

type Db = Database.Database;

export interface Fixture {
  readonly name: string;
  /** How the pack must recognise it. */
  readonly variantId: string;
  build(db: Db): void;
  /** Pragmas before the first table: page size, encoding, journal mode. */
  readonly pragmas?: readonly string[];
  /** The original itself gives up on this one, so there is no result of its own to compare with. */
  readonly originalAborts?: boolean;
}

/** Every shape of Kroma database that an upgrade must cope with, written from the facts alone. */
export const fixtures: readonly Fixture[] = [
  { name: 'empty', variantId: 'empty', build: buildEmptyLegacy },
  { name: 'sample', variantId: 'legacy', build: (db) => buildKromaSample(db, { seed: 1 }) },
  { name: 'legacy with every odd case', variantId: 'legacy', build: (db) => buildLegacyOdd(db), originalAborts: true },
  { name: 'legacy that the original can upgrade', variantId: 'legacy', build: (db) => buildLegacyOdd(db, { isHopeless: false }) },
  { name: 'legacy, write-ahead log', variantId: 'legacy', build: (db) => buildLegacyOdd(db), pragmas: ['journal_mode = WAL'], originalAborts: true },
  { name: 'legacy, UTF-16 in small pages', variantId: 'legacy', build: (db) => buildLegacyOdd(db), pragmas: ["encoding = 'UTF-16le'", 'page_size = 1024'], originalAborts: true },
  { name: 'legacy with the user\'s own objects', variantId: 'legacy', build: (db) => (buildLegacyOdd(db), addUserObjects(db)), originalAborts: true },
  { name: 'legacy, 4,000 candidates', variantId: 'legacy', build: (db) => buildScaled(db, { candidates: 4_000 }) },
  { name: 'baseline with wrong columns', variantId: 'baseline', build: (db) => buildBaseline(db), originalAborts: true },
  { name: 'baseline that the original can upgrade', variantId: 'baseline', build: (db) => buildBaseline(db, { isHopeless: false }) },
  { name: 'dual, both halves agree', variantId: 'dual', build: (db) => buildDualAgreeing(db) },
  { name: 'dual, both halves disagree', variantId: 'dual', build: buildDual },
  { name: 'dual with asset references', variantId: 'dual', build: (db) => buildDualAgreeing(db, { version: '2a0432d' }) },
  { name: 'dual without voice', variantId: 'dual', build: buildDualWithoutVoice },
  { name: 'interrupted before the columns', variantId: 'interrupted', build: buildInterruptedBeforeColumns, originalAborts: true },
  { name: 'interrupted among the columns', variantId: 'interrupted', build: (db) => buildInterruptedAmongColumns(db), originalAborts: true },
  { name: 'interrupted before the backfill', variantId: 'interrupted', build: buildInterruptedBeforeBackfill, originalAborts: true },
  { name: 'interrupted baseline', variantId: 'interrupted', build: buildInterruptedBaseline, originalAborts: true },
]; // prettier-ignore

/** Writes the fixture to `file`, which must not exist. A write-ahead log is merged when the connection closes. */
export function writeFixture(file: string, { build, pragmas = [] }: Pick<Fixture, 'build' | 'pragmas'>): void {
  const db = new Database(file);
  for (const pragma of pragmas) db.pragma(pragma);
  build(db);
  db.close();
}

/** A new file of the last program version: no voice table, no voice column, storage defaults moved. */
function buildDualWithoutVoice(db: Db): void {
  for (const statement of [...coreTables, ...conversationTables]) {
    if (statement.includes('TABLE voice_requests')) continue;
    db.exec(statement.replace(/ *voice_asset_id TEXT,\n/, '').replace(/,\n *FOREIGN KEY\(voice_asset_id\)[^\n]*/, ''));
  }
  createDualTables(db);
  addDualColumns(db);
  createDualIndexes(db);
  const applied_at = '2026-03-01T00:00:00Z';
  const markers = [...legacyMarkers, ...baselineMarkers, ...dualMarkers, assetReferencesMarker];
  insertRows(
    db,
    'schema_migrations',
    markers.map(([version, note]) => ({ version, note, applied_at })),
  );
  insertRows(db, 'users', [
    { id: 'u', username: 'u', display_name: 'U', created_at: applied_at, updated_at: applied_at },
  ]);
  insertRows(db, 'app_users', [
    { id: 'u', username: 'u', display_name: 'U', created_at: applied_at, updated_at: applied_at },
  ]);
}
