import { mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { buildSample } from '@engine/sample.ts';
import type { Pack } from '@engine/migration.ts';

/** Changes a database as another tool could, whatever its rules say. */
export function changeByHand(file: string, sql: string): void {
  const db = new Database(file).unsafeMode();
  db.pragma('foreign_keys = 0');
  db.exec(sql);
  db.close();
}

/** By the packs that made it. */
const samples = new WeakMap<readonly Pack[], Buffer>();

/** A sample below `parent`, changed by hand. @returns its path. */
export function changedSample(parent: string, packs: readonly Pack[], sql: string): string {
  const file = path.join(mkdtempSync(path.join(realpathSync(parent), 'kroma-')), 'sample.db');
  const made = samples.get(packs);
  if (made === undefined) {
    buildSample({ path: file, packId: 'kroma', seed: 5 }, packs);
    samples.set(packs, readFileSync(file));
  } else writeFileSync(file, made);
  changeByHand(file, sql);
  return file;
}
