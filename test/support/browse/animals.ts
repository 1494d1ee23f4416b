import Database from 'better-sqlite3';

export const LONG_TEXT = `a long text, ${'word '.repeat(2_000)}end`;
export const MARKUP = '<img src=x onerror="document.title=1">';

/** Adds two tables to a file: `animals`, whose values a file format or a spreadsheet could take wrong, and `many`. */
export function addAnimals(file: string, many: number): void {
  const db = new Database(file);
  db.exec(`CREATE TABLE animals(id INTEGER PRIMARY KEY, name TEXT, weight, api_token TEXT);
    CREATE TABLE many(id INTEGER PRIMARY KEY, text TEXT);`);
  const add = db.prepare('INSERT INTO animals(name, weight, api_token) VALUES (?, ?, ?)');
  add.run('=1+1', 9_007_199_254_740_993n, 'geheim');
  add.run(LONG_TEXT, 0.5, 'geheim');
  add.run(MARKUP, null, 'geheim');
  add.run('tab\tand "quote"', Buffer.from('00ff', 'hex'), null);
  db.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO many SELECT i, 'some text of row ' || i FROM n WHERE i <= ?`,
  ).run(Math.max(many, 1), many);
  db.close();
}
