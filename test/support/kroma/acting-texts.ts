import Database from 'better-sqlite3';

/** Everything that acts when it is shown carelessly: as a page, on a terminal, in a line of a log, in the eye of a reader. */
export const actingTexts = [
  '<img src=x onerror="document.title=1;alert(1)">',
  '</script><script>alert(1)</script>',
  'javascript:alert(1)',
  '\u001b[2J\u001b]0;owned\u0007',
  '\u009b31mred',
  '\u202egnp.exe',
  'zero\u200bwidth\ufeff',
  '__proto__',
  'constructor',
  'two\nlines\r\nE_FORGED',
  "'; DROP TABLE users; --",
] as const;

/** Tables, columns, a trigger and cells that are called so, and a name of a megabyte. */
export function addActingNames(db: Database.Database): void {
  for (const text of actingTexts) {
    const quoted = text.replaceAll('"', '""');
    db.exec(`CREATE TABLE "t ${quoted}"("${quoted}")`);
  }
  db.exec(`CREATE TABLE "${'long'.repeat(250_000)}"(a)`);
  db.exec(`CREATE TRIGGER "<b onclick=alert(1)> \u001b[2J\u202e\u009b" AFTER UPDATE ON assets BEGIN SELECT 1; END`);
  db.prepare('UPDATE projects SET name = ?').run(actingTexts[0]);
}

/** A copy of `file` as `target`, with all of it added. */
export function writeActingCopy(file: string, target: string): void {
  const db = new Database(file);
  addActingNames(db);
  db.prepare('VACUUM INTO ?').run(target);
  db.close();
}
