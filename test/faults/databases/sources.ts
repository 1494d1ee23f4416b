import { chmodSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { legacyRows, legacySchema } from '../../support/engine/shop-pack.ts';
import { buildBaseline } from '../../support/kroma/baseline.ts';
import { buildDual } from '../../support/kroma/dual.ts';
import { addUserObjects } from '../../support/kroma/extras.ts';
import { buildLegacyOdd } from '../../support/kroma/legacy.ts';
import { addScaledRows } from '../../support/kroma/scaled.ts';
import { fingerprint } from '../oracles/content.ts';
import { sha256Of } from '../sandbox.ts';
import type { Source } from './source.ts';

interface Recipe {
  readonly family: Source['family'];
  /** Before the first table: page size, encoding, journal mode. */
  readonly pragmas: readonly string[];
  build(db: Database.Database): void;
}

/** Small, but with every odd row that we know; the shop is made up and cheap, its second step not idempotent. */
const recipes: Readonly<Record<string, Recipe>> = {
  kroma: { family: 'kroma', pragmas: [], build: (db) => buildLegacyOdd(db) },
  'kroma-wal': {
    family: 'kroma',
    pragmas: ['journal_mode = WAL'],
    build: (db) => (buildLegacyOdd(db), addUserObjects(db)),
  },
  'kroma-dual': { family: 'kroma', pragmas: ['page_size = 8192', 'auto_vacuum = INCREMENTAL'], build: buildDual },
  'kroma-utf16': {
    family: 'kroma',
    pragmas: ["encoding = 'UTF-16le'", 'page_size = 16384', 'journal_mode = WAL'],
    build: (db) => buildBaseline(db),
  },
  /** Large enough for several chunks in one step. */
  'kroma-chunks': {
    family: 'kroma',
    pragmas: ['journal_mode = WAL'],
    build: (db) => (buildLegacyOdd(db), addScaledRows(db, { candidates: 2_600, metaBytes: 80 })),
  },
  shop: { family: 'shop', pragmas: ['page_size = 512'], build: buildShop },
  'shop-wal': { family: 'shop', pragmas: ['journal_mode = WAL', 'page_size = 1024'], build: buildShop },
  'shop-utf16': {
    family: 'shop',
    pragmas: ["encoding = 'UTF-16be'", 'page_size = 65536', 'auto_vacuum = FULL'],
    build: buildShop,
  },
};

function buildShop(db: Database.Database): void {
  db.exec(legacySchema + legacyRows(60, 4));
}

export const sourceNames = Object.keys(recipes);

/** Writes the database below `folder` and looks at it once. */
export function writeSource(folder: string, name: string): Source {
  const recipe = recipes[name];
  if (recipe === undefined) throw new Error(`${name} is not one of ${sourceNames.join(', ')}`);
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.db`);
  const db = new Database(file);
  for (const pragma of recipe.pragmas) db.pragma(pragma);
  recipe.build(db);
  db.close();
  chmodSync(file, 0o400);
  const copy = new Database(file, { readonly: true });
  const content = fingerprint(copy);
  copy.close();
  return {
    name,
    family: recipe.family,
    file,
    bytes: statSync(file).size,
    sha256: sha256Of(file),
    content,
    fileName: 'project.db',
  };
}
