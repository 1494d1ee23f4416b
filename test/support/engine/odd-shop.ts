import { readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { newPlace } from './ends-well.ts';
import { legacyRows, legacySchema } from './shop-pack.ts';

export interface OddShop {
  /** Before the first table: page size, encoding, auto_vacuum. */
  readonly pragmas?: readonly string[];
  /** Bytes at the end of every page that SQLite leaves to others: a checksum, or the nonce of an encryption. */
  readonly reservedBytes?: number;
  /** What somebody else has done to it since. */
  readonly sql?: string;
  /** Definitions that today's SQLite would not take any more, put into the schema as an older one left them. */
  readonly definitions?: Readonly<Record<string, string>>;
  readonly members?: number;
  readonly schema?: string;
}

/** A small legacy shop in a folder of its own, awkward in one way. @returns its path. */
export function oddShop(parent: string, odd: OddShop = {}): string {
  const { pragmas = [], reservedBytes = 0, sql = '', definitions = {}, members = 20, schema = legacySchema } = odd;
  const file = newPlace(parent, 'shop.db');
  if (reservedBytes > 0) reserve(file, reservedBytes);
  const db = new Database(file).unsafeMode();
  for (const pragma of pragmas) db.pragma(pragma);
  db.pragma('foreign_keys = 0');
  db.exec(schema + legacyRows(members, 2));
  db.exec(sql);
  if (Object.keys(definitions).length > 0) {
    db.pragma('writable_schema = 1');
    for (const [name, text] of Object.entries(definitions))
      db.prepare('UPDATE sqlite_schema SET sql = ? WHERE name = ?').run(text, name);
    db.pragma('writable_schema = RESET');
  }
  db.close();
  return file;
}

/** Only an empty database can be given them: its one page begins to fill before those bytes. */
function reserve(file: string, bytes: number): void {
  const db = new Database(file);
  db.pragma('user_version = 1');
  db.pragma('user_version = 0');
  db.close();
  const page = readFileSync(file);
  page.writeUInt8(bytes, 20);
  page.writeUInt16BE(page.length - bytes, 105);
  writeFileSync(file, page);
}
