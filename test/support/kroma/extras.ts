import type Database from 'better-sqlite3';

/** What people add to their databases themselves; an upgrade that only adds must leave all of it as it is. */
export function addUserObjects(db: Database.Database): void {
  db.exec(`
    CREATE TABLE my_notes (n INTEGER PRIMARY KEY AUTOINCREMENT, note TEXT, weight REAL, picture BLOB, big INTEGER);
    INSERT INTO my_notes(note, weight, picture, big) VALUES ('Merkzettel 🦊', 0.1, x'00ff10', 9007199254740993), (NULL, NULL, NULL, NULL);
    CREATE TABLE my_tags (tag TEXT PRIMARY KEY, project TEXT) WITHOUT ROWID;
    INSERT INTO my_tags VALUES ('favourite', 'p-odd');
    ALTER TABLE runs ADD COLUMN my_rating INTEGER;
    UPDATE runs SET my_rating = 5 WHERE rowid % 2;
    ALTER TABLE assets ADD COLUMN my_flag TEXT DEFAULT 'x';
    CREATE INDEX my_runs_by_model ON runs(model, lower(stage)) WHERE model IS NOT NULL;
    CREATE VIEW my_candidates AS
      SELECT c.id, c.output_path, j.job_key FROM run_job_candidates c JOIN run_jobs j ON j.id = c.job_id;
    CREATE VIEW my_users AS SELECT username FROM users;
  `);
}
