import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { deserialize, serialize } from 'node:v8';
import Database from 'better-sqlite3';
import type { Db } from '@engine/migration.ts';

let files = 0;

/**
 * Databases whose making takes longer than a test: each is made once, and everybody gets a copy.
 * @param make the same database for the same key; what it gives is closed.
 */
export function madeOnce(folder: string, make: (file: string, key: string) => Db): (key: string) => Db {
  const made = new Map<string, string>();
  return (key) => {
    const file = made.get(key) ?? path.join(folder, `made ${(files += 1)}.db`);
    if (!made.has(key)) make(file, key).close();
    made.set(key, file);
    const copy = path.join(folder, `copy ${(files += 1)}.db`);
    copyFileSync(file, copy);
    const db = new Database(copy);
    db.pragma('foreign_keys = OFF');
    db.pragma('synchronous = OFF'); // as `legacyDatabase`
    return db;
  };
}

/** The same for what is made of several values: rows, names, numbers. @param make the same database for equal values. */
export function madeOnceOf<Values extends unknown[]>(
  folder: string,
  make: (file: string, ...values: Values) => Db,
): (...values: Values) => Db {
  const copy = madeOnce(folder, (file, key) => make(file, ...(deserialize(Buffer.from(key, 'base64')) as Values)));
  return (...values) => copy(serialize(values).toString('base64'));
}
