import Database from 'better-sqlite3';
import { buildLegacyOdd } from '../../../support/kroma/legacy.ts';

/** Databases whose makers meant harm: each a sound Kroma file with something added. */
export interface HostileDatabase {
  /** Of the failure catalogue. */
  readonly id: 'M01' | 'M02' | 'M03' | 'M04' | 'M05' | 'M06' | 'M08';
  readonly name: string;
  build(db: Db): void;
  /** What status, plan and the check of all data answer: 'ok' or a code. */
  readonly answers: readonly [status: string, plan: string, check: string];
}
type Db = Database.Database;

/** A value of so many bytes that costs as long to make; `a` keeps SQLite from making it once only. */
const costly = (bytes: number): string => `length(printf('%.*c', ${bytes} + a % 2, 'x'))`;
const numbers = (count: number): string =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
const rows = (count: number): string => `${numbers(count)} INSERT INTO h SELECT i FROM n`;
const infinite = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)';
const many = (count: number, each: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => each(at)).join('');

/** What SQLite would refuse to create, or take too long over, is written into its schema behind its back. */
function smuggle(db: Db, name: string, sql: string): void {
  db.unsafeMode();
  db.pragma('writable_schema = 1');
  db.prepare('UPDATE sqlite_schema SET sql = ? WHERE name = ?').run(sql, name);
}
const shadow = (table: string, view: string) => (db: Db) => {
  db.pragma('legacy_alter_table = 1');
  db.exec(`ALTER TABLE ${table} RENAME TO real_${table}; CREATE VIEW ${table} AS ${view}`);
};
const index =
  (expression: string, cheap = 'min(1, a)', count = 1) =>
  (db: Db) => {
    db.exec(`CREATE TABLE h(a); ${rows(count)}; CREATE INDEX hi ON h(${cheap})`);
    smuggle(db, 'hi', `CREATE INDEX hi ON h(${expression})`);
  };
const table = (columns: string, count: number) => (db: Db) => {
  db.exec(`CREATE TABLE h(a); ${rows(count)}`);
  smuggle(db, 'h', `CREATE TABLE h(${columns})`);
};
const sql = (text: string) => (db: Db) => void db.exec(text);
const ok = ['ok', 'ok', 'ok'] as const;
const all = (code: string) => [code, code, code] as const;

/** @param marker a file that a function reached from the schema would write. */
export const hostileDatabases = (marker: string): readonly HostileDatabase[] => [
  { id: 'M01', name: 'a view in the place of the ledger', build: shadow('schema_migrations', 'SELECT * FROM real_schema_migrations'), answers: all('E_LEDGER_TAMPERED') },
  { id: 'M01', name: 'a trigger that swallows the ledger', build: sql(`CREATE TRIGGER t BEFORE INSERT ON schema_migrations BEGIN SELECT RAISE(IGNORE); END`), answers: all('E_LEDGER_TAMPERED') },
  { id: 'M01', name: 'an endless view in the place of our records', build: sql(`CREATE VIEW _phasewise_runs AS ${infinite} SELECT x AS id, x AS started_at FROM c`), answers: all('E_NAME_COLLISION') },
  { id: 'M01', name: 'triggers that wipe and skip on tables that are written', build: sql(`CREATE TRIGGER t BEFORE UPDATE ON assets BEGIN SELECT RAISE(IGNORE); END; CREATE TRIGGER u AFTER INSERT ON runs BEGIN DELETE FROM users; END`), answers: ok },
  { id: 'M01', name: 'triggers that call each other', build: sql(`CREATE TABLE h(a); CREATE TABLE k(a); CREATE TRIGGER t AFTER INSERT ON h BEGIN INSERT INTO k VALUES (new.a); END; CREATE TRIGGER u AFTER INSERT ON k BEGIN INSERT INTO h VALUES (new.a); END; CREATE VIEW v AS SELECT 1 AS x; CREATE TRIGGER w INSTEAD OF INSERT ON v BEGIN DELETE FROM users; END`), answers: ok },
  { id: 'M02', name: 'a view that calls what reaches out', build: sql(`CREATE VIEW v AS SELECT load_extension('/nowhere/x.so'), fts3_tokenizer('simple', x'00'), writefile('${marker}', 'x'), edit('x'), readfile('/etc/passwd')`), answers: ok },
  { id: 'M02', name: 'an index that calls what reaches out', build: index(`writefile('${marker}', a)`, 'abs(a)'), answers: ['ok', 'ok', 'E_HOSTILE_SCHEMA'] },
  { id: 'M02', name: 'a generated column that calls what reaches out', build: table(`a, g AS (load_extension('/nowhere/x'))`, 1), answers: all('E_HOSTILE_SCHEMA') },
  { id: 'M02', name: 'a CHECK and a default that call what reaches out', build: table(`a CHECK(load_extension('/nowhere/x')), b DEFAULT (writefile('${marker}', 'x'))`, 1), answers: ok },
  { id: 'M02', name: 'a virtual table of a module that reads files', build: (db) => { db.unsafeMode(); db.pragma('writable_schema = 1'); db.exec(`INSERT INTO sqlite_schema VALUES ('table', 'z', 'z', 0, 'CREATE VIRTUAL TABLE z USING zipfile(''/etc/passwd'')')`); }, answers: ok },
  { id: 'M03', name: 'an endless view', build: sql(`CREATE VIEW v AS ${infinite} SELECT x FROM c`), answers: ok },
  { id: 'M03', name: 'an endless view in the place of a table', build: shadow('users', `${infinite} SELECT x AS id, x AS username, x AS display_name, x AS email, x AS is_active, x AS created_at, x AS updated_at FROM c`), answers: ok },
  { id: 'M03', name: 'a cross join of a view with itself', build: sql('CREATE VIEW v AS SELECT count(*) AS n FROM assets a, assets b, assets c, assets d'), answers: ok },
  { id: 'M03', name: 'a bomb of views', build: sql(`CREATE VIEW b0 AS SELECT 1 AS x;${many(30, (at) => `CREATE VIEW b${at + 1} AS SELECT x + x AS x FROM b${at};`)}`), answers: all('E_TIMEOUT') },
  { id: 'M03', name: 'a generated column of 20 ms a row', build: table(`a, g NOT NULL AS (${costly(30_000_000)})`, 20_000), answers: all('E_TIMEOUT') },
  { id: 'M03', name: 'an index of 20 ms a row', build: index(`min(1, ${costly(30_000_000)})`, 'min(1, a)', 20_000), answers: ['ok', 'ok', 'E_TIMEOUT'] },
  { id: 'M03', name: 'a value larger than any', build: index(`length(printf('%.*c', 2000000000, 'x') || a)`), answers: ['ok', 'ok', 'E_SCHEMA_TOO_COMPLEX'] },
  { id: 'M04', name: 'a CHECK of 20 ms a row', build: table(`a CHECK(${costly(30_000_000)} > 0)`, 20_000), answers: ok },
  { id: 'M05', name: 'ten thousand triggers', build: (db) => { db.exec('CREATE TABLE h(a)'); db.unsafeMode(); db.pragma('writable_schema = 1'); db.exec(`${numbers(10_000)} INSERT INTO sqlite_schema SELECT 'trigger', 't' || i, 'h', 0, 'CREATE TRIGGER t' || i || ' AFTER INSERT ON h BEGIN SELECT 1; END' FROM n`); }, answers: all('E_SCHEMA_TOO_COMPLEX') },
  { id: 'M05', name: 'tables of 2,000 columns', build: sql(many(5, (at) => `CREATE TABLE w${at}(${many(1_999, (column) => `c${column} TEXT, `)}last);`)), answers: ok },
  { id: 'M05', name: 'a schema of 20 MB', build: sql(many(20, (at) => `CREATE TABLE w${at}(a /* ${'x'.repeat(1_000_000)} */);`)), answers: all('E_SCHEMA_TOO_COMPLEX') },
  { id: 'M05', name: 'an expression too deep to be read', build: table(`a CHECK(${'('.repeat(5_000)}1${')'.repeat(5_000)})`, 1), answers: all('E_SCHEMA_TOO_COMPLEX') },
  { id: 'M06', name: 'names of a megabyte', build: sql(many(1, (at) => `CREATE TABLE "${at}${'n'.repeat(1_000_000)}"("${'c'.repeat(300_000)}");`)), answers: ok },
  { id: 'M08', name: 'columns that are called like what objects have', build: sql(`CREATE TABLE "__proto__"("__proto__", "constructor", "toString"); INSERT INTO "__proto__" VALUES (1, 2, 3); CREATE TABLE "constructor"(x); ALTER TABLE users ADD COLUMN "__proto__"; ALTER TABLE assets ADD COLUMN "constructor"; CREATE VIEW twice AS SELECT 1 AS a, 2 AS a`), answers: ok },
]; // prettier-ignore

export function writeHostile(file: string, { build }: Pick<HostileDatabase, 'build'>): void {
  const db = new Database(file);
  try {
    buildLegacyOdd(db);
    build(db);
  } finally {
    db.close();
  }
}

/** A file that wants 8 GB of memory at once when its index is checked. */
export const greedy: Pick<HostileDatabase, 'build'> = {
  build: index(
    `length(min(${Array.from({ length: 80 }, (_, at) => `printf('%.*c', ${100_000_000 + at} + a, 'x')`).join(', ')}))`,
  ),
};
