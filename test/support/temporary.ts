import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll } from 'vitest';

/** A folder of its own for the specs of one file, removed after them. Call it at the top of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'phasewise-test-'));
  afterAll(() => {
    makeWritable(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

let count = 0;
/** A database file with a name of its own, made by `sql`. @returns its path. */
export function makeDatabase(folder: string, sql: string, name = `database-${(count += 1)}.db`): string {
  const file = path.join(folder, name);
  const db = new Database(file);
  db.exec(sql);
  db.close();
  return file;
}

function makeWritable(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(path.join(folder, entry.name));
  }
}

/** True when `file` is there, without following links. */
export const isThere = (file: string): boolean => statSync(file, { throwIfNoEntry: false }) !== undefined;
