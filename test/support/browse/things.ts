import Database from 'better-sqlite3';

/** Lines of the long text in row 2, which is 10 MB. */
export const LINES = 900_000;

/** Makes the table `things`: JSON, a long text, a picture and markup, each beside a password. */
export function makeThings(file: string): void {
  const db = new Database(file);
  db.pragma('foreign_keys = 0'); // one leads nowhere
  db.exec(
    'CREATE TABLE things(id INTEGER PRIMARY KEY, v, password TEXT, created_at INTEGER, other INTEGER REFERENCES things(id))',
  );
  const add = db.prepare('INSERT INTO things(v, password, created_at, other) VALUES (?, ?, 1773478800, ?)');
  add.run('{"big": 9007199254740993, "list": [1, {"deep": true}]}', 'hunter-one', null);
  add.run(Array.from({ length: LINES }, (_, at) => `line ${at + 1}\n`).join(''), 'hunter-two', 1);
  add.run(Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'), 'hunter-three', 1); // prettier-ignore
  add.run('<img src=x onerror="document.title=1">', 'hunter-four', 99);
  db.close();
}
