import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { buildEmptyLegacy, buildLegacyOdd } from '../../support/kroma/legacy.ts';
import { fixtures } from '../../support/kroma/fixtures.ts';

/** A sound database with whatever lies beside it, as bytes to be damaged. */
export interface SeedFile {
  readonly name: string;
  readonly main: Buffer;
  readonly wal: Buffer | null;
  readonly journal: Buffer | null;
}

type Db = Database.Database;
type Build = (db: Db) => void;

/** Small ones: what is damaged is a structure, and a few dozen pages have all of them. */
const builds: readonly { name: string; pragmas: readonly string[]; build: Build; leave?: 'wal' | 'journal' }[] = [
  { name: 'empty', pragmas: ['page_size = 512'], build: buildEmptyLegacy },
  {
    name: 'empty-utf16-vacuum',
    pragmas: ['page_size = 1024', "encoding = 'UTF-16le'", 'auto_vacuum = FULL'],
    build: withFreePages(buildEmptyLegacy),
  },
  { name: 'odd', pragmas: ['page_size = 1024'], build: withFreePages((db) => buildLegacyOdd(db)) },
  {
    name: 'odd-wal',
    pragmas: ['page_size = 1024', 'journal_mode = WAL', 'wal_autocheckpoint = 0'],
    build: (db) => buildLegacyOdd(db),
    leave: 'wal',
  },
  { name: 'odd-journal', pragmas: ['page_size = 1024'], build: (db) => buildLegacyOdd(db), leave: 'journal' },
  { name: 'interrupted', pragmas: ['page_size = 4096'], build: fixtureNamed('interrupted among the columns') },
];

/** Builds all of them below `folder`. */
export function buildSeeds(folder: string): SeedFile[] {
  mkdirSync(folder, { recursive: true });
  return builds.map(({ name, pragmas, build, leave }) => {
    const file = path.join(folder, `${name}.db`);
    const copy = path.join(folder, `${name}-left.db`);
    const db = new Database(file);
    for (const pragma of pragmas) db.pragma(pragma);
    build(db);
    if (leave === 'journal') leaveJournal(db);
    // While the connection is open: closing it would tidy up what a killed program leaves behind.
    for (const suffix of ['', '-wal', '-journal']) {
      if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
    }
    db.close();
    const bytesOf = (suffix: string): Buffer | null => (existsSync(copy + suffix) ? readFileSync(copy + suffix) : null);
    const seed = { name, main: readFileSync(copy), wal: bytesOf('-wal'), journal: bytesOf('-journal') };
    if (leave !== undefined && (seed[leave]?.length ?? 0) < 512) throw new Error(`${name} left no ${leave}`);
    return seed;
  });
}

/** A transaction so large for its cache that pages went to the file before it ended. */
function leaveJournal(db: Db): void {
  db.pragma('cache_size = 5');
  db.exec(`BEGIN; UPDATE assets SET rel_path = rel_path || '-half-written';
    UPDATE run_job_candidates SET output_path = output_path || '-half-written'`);
}

/** Deletes rows and a large cell, so that there are free pages, and long cells that run over into other pages. */
function withFreePages(build: Build): Build {
  return (db) => {
    build(db);
    db.exec(`CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT);
      INSERT INTO notes(body) VALUES (printf('%.*c', 5000, 'a')), (printf('%.*c', 9000, 'b')), (printf('%.*c', 3000, 'c'));
      DELETE FROM notes WHERE id = 2`);
  };
}

function fixtureNamed(name: string): Build {
  const found = fixtures.find((fixture) => fixture.name === name);
  if (!found) throw new Error(`there is no fixture ${name}`);
  return found.build;
}
