import { readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';

/** Damage to a database file by its structure, as failing disks and careless copies leave it. */

/** A page by its number (from 1) and its kind: 'internal', 'leaf' or 'overflow'. */
interface Page {
  readonly number: number;
  readonly kind: string;
  readonly table: string;
}

export interface Layout {
  readonly pageSize: number;
  readonly pages: readonly Page[];
}

export function layoutOf(file: string): Layout {
  const db = new Database(file, { readonly: true });
  try {
    return {
      pageSize: db.pragma('page_size', { simple: true }) as number,
      pages: db
        .prepare<[], Page>(`SELECT pageno AS number, pagetype AS kind, name AS "table" FROM dbstat ORDER BY pageno`)
        .all(),
    };
  } finally {
    db.close();
  }
}

/** A table of several levels with long values and free pages, so that every kind of page is there. */
export function addEveryKindOfPage(file: string): void {
  const db = new Database(file);
  db.exec(`
    CREATE TABLE big (id INTEGER PRIMARY KEY, text TEXT, long BLOB);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
    INSERT INTO big SELECT i, hex(randomblob(100)), CASE WHEN i % 40 = 0 THEN randomblob(20000) END FROM n;
    CREATE INDEX big_text ON big (text);
    CREATE TABLE gone AS SELECT * FROM big;
    DROP TABLE gone`);
  db.close();
}

export function edit(file: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(file);
  change(bytes);
  writeFileSync(file, bytes);
}

type Damage = (bytes: Buffer, layout: Layout) => void;

const at = ({ pageSize }: Layout, page: number): number => (page - 1) * pageSize;
function pick(layout: Layout, kind: string, nth = 0): number {
  const found = layout.pages.filter((page) => page.kind === kind && page.number > 1 && page.table.startsWith('big'))[
    nth
  ];
  if (!found) throw new Error(`no ${kind} page`);
  return found.number;
}
const copyPage = (bytes: Buffer, layout: Layout, from: number, to: number): void =>
  void bytes.copy(bytes, at(layout, to), at(layout, from), at(layout, from) + layout.pageSize);

export const structuralDamage: Readonly<Record<string, Damage>> = {
  'two leaves swapped between a table and its index': (bytes, layout) => {
    const [a, b] = [pick(layout, 'leaf', 1), pickOf(layout, 'big_text', 'leaf')];
    const kept = Buffer.from(bytes.subarray(at(layout, a), at(layout, a) + layout.pageSize));
    copyPage(bytes, layout, b, a);
    kept.copy(bytes, at(layout, b));
  },
  'a leaf twice': (bytes, layout) => copyPage(bytes, layout, pick(layout, 'leaf', 1), pick(layout, 'leaf', 2)),
  'an inner page that is its own child': (bytes, layout) =>
    bytes.writeUInt32BE(pick(layout, 'internal'), at(layout, pick(layout, 'internal')) + 8),
  'an inner page whose child is the root of the schema': (bytes, layout) =>
    bytes.writeUInt32BE(1, at(layout, pick(layout, 'internal')) + 8),
  'an inner page whose child lies behind the end': (bytes, layout) =>
    bytes.writeUInt32BE(0x7fffffff, at(layout, pick(layout, 'internal')) + 8),
  'a leaf that became an inner page': (bytes, layout) => bytes.writeUInt8(5, at(layout, pick(layout, 'leaf', 1))),
  'a cell that begins outside its page': (bytes, layout) =>
    bytes.writeUInt16BE(0xffff, at(layout, pick(layout, 'leaf', 1)) + 8),
  'a page with more cells than fit': (bytes, layout) =>
    bytes.writeUInt16BE(0xffff, at(layout, pick(layout, 'leaf', 1)) + 3),
  'a chain of overflow pages that is a ring': (bytes, layout) =>
    bytes.writeUInt32BE(pick(layout, 'overflow'), at(layout, pick(layout, 'overflow'))),
  'a chain of overflow pages that ends early': (bytes, layout) =>
    bytes.writeUInt32BE(0, at(layout, pick(layout, 'overflow'))),
  'a list of free pages that is a ring': (bytes, layout) => {
    const trunk = bytes.readUInt32BE(32);
    bytes.writeUInt32BE(trunk, at(layout, trunk));
  },
  'a list of free pages with a page in use': (bytes, layout) =>
    bytes.writeUInt32BE(pick(layout, 'leaf', 1), at(layout, bytes.readUInt32BE(32)) + 8),
  'a list of free pages that says it is longer': (bytes, layout) =>
    bytes.writeUInt32BE(0xffffffff, at(layout, bytes.readUInt32BE(32)) + 4),
  'a page of zeros': (bytes, layout) => {
    const start = at(layout, pick(layout, 'leaf', 1));
    bytes.fill(0, start, start + layout.pageSize);
  },
  'the schema filled with noise': (bytes) => bytes.fill(0xa5, 100, 600),
};

function pickOf(layout: Layout, table: string, kind: string): number {
  const found = layout.pages.find((page) => page.table === table && page.kind === kind);
  if (!found) throw new Error(`no ${kind} page of ${table}`);
  return found.number;
}

/** Numbers that look random and are the same each time (mulberry32). */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
