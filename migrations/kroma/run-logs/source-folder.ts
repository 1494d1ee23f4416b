import type { Db, SourceFolder } from '@engine/migration.ts';
import { parseRunLog } from './run-log.ts';
import { disagreementOf } from './run-log-match.ts';

/** The run logs that lie beside a database: runs.run_log_path names them. */
export const sourceFolder: SourceFolder = {
  id: 'run-logs',
  title: 'Run logs',
  question: 'Where are the run logs of this database?',
  explanation:
    'Run logs tell when a run started, what the checks of its images found and what it cost. Without them the upgrade is complete too; these details then stay empty.',
  phase: 2,
  // The database usually lies in generated/backend below the folder that the paths of the logs start from.
  guesses: ['run-logs', '.', 'runs', '..', '../..', '../../..'],

  paths: (db, limit) =>
    db
      .prepare<[number], { key: string; path: string }>(
        `SELECT id AS key, run_log_path AS path FROM runs WHERE ${namesLog} ORDER BY id LIMIT ?`,
      )
      .all(limit),

  countPaths: (db) => db.prepare<[], number>(`SELECT count(*) FROM runs WHERE ${namesLog}`).pluck().get() ?? 0,

  compare(db: Db, key, text) {
    const parsed = parseRunLog(text);
    if (!parsed.ok) return 'unreadable';
    return disagreementOf(db, key, parsed.log) === null ? 'agrees' : 'differs';
  },
};

const namesLog = `typeof(id) = 'text' AND typeof(run_log_path) = 'text' AND trim(run_log_path) <> ''`;
