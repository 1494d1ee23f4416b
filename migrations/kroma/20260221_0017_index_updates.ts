import { columnNames, defineMigration, quoteName, tableExists, type Db } from '@engine/migration.ts';

/**
 * Adds the indexes that section 6 of the specification asks for, on the tables of phase 1 and of chat, agent and voice.
 * Why: the screens list the newest first per project, run or session; without them each list reads a whole table.
 * Indexes that are there are kept, also those that only differ in direction: other programs may name them. The two
 * unique ones are added where the data allows it; that it does not is a finding for phase 5, not a failure.
 * Removes the working table of the exports' migration.
 */
const required: readonly { table: string; columns: readonly string[] }[] = [
  { table: 'projects', columns: ['owner_user_id', 'slug'] },
  { table: 'runs', columns: ['project_id', 'created_at DESC'] },
  { table: 'run_jobs', columns: ['run_id', 'status'] },
  { table: 'run_candidates', columns: ['job_id', 'candidate_index'] },
  { table: 'assets', columns: ['project_id', 'kind', 'created_at DESC'] },
  { table: 'assets', columns: ['project_id', 'sha256'] },
  { table: 'chat_sessions', columns: ['project_id', 'updated_at DESC'] },
  { table: 'chat_messages', columns: ['session_id', 'created_at'] },
  { table: 'agent_instructions', columns: ['project_id', 'status', 'priority', 'created_at DESC'] },
  { table: 'agent_instruction_events', columns: ['instruction_id', 'created_at'] },
  { table: 'voice_requests', columns: ['project_id', 'status', 'created_at DESC'] },
];

/** Only rows whose `filled` column is not NULL: it may be empty until the last phase. */
const unique = [
  { name: 'uq_projects_owner_slug', table: 'projects', columns: ['owner_user_id', 'slug'], filled: 'owner_user_id' },
  {
    name: 'uq_assets_project_storage_uri',
    table: 'assets',
    columns: ['project_id', 'storage_uri'],
    filled: 'storage_uri',
  },
] as const;

/** Columns and directions of an index that holds all rows, as in `required`; expressions appear as ''. */
function fullIndexes(db: Db, table: string): string[] {
  const names = db
    .prepare<[string], string>(`SELECT name FROM pragma_index_list(?) WHERE partial = 0`)
    .pluck()
    .all(table);
  const columns = db.prepare<[string], string>(
    `SELECT ifnull(name, '') || CASE WHEN "desc" THEN ' DESC' ELSE '' END FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno`,
  );
  return names.map((name) => columns.pluck().all(name).join().toLowerCase());
}

const plainNames = (columns: readonly string[]) => columns.map((column) => column.replace(/ DESC$/, ''));
const isPossible = (db: Db, table: string, columns: readonly string[]): boolean => {
  const present = columnNames(db, table).map((name) => name.toLowerCase());
  return tableExists(db, table) && plainNames(columns).every((column) => present.includes(column));
};
const missing = (db: Db) =>
  required.filter(
    ({ table, columns }) =>
      isPossible(db, table, columns) && !fullIndexes(db, table).includes(columns.join().toLowerCase()),
  );

const isNameFree = (db: Db, name: string): boolean =>
  db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE`).get(name) === undefined;

/** `idx_<table>_<columns>`, numbered when somebody else uses the name. */
function freeName(db: Db, table: string, columns: readonly string[]): string {
  const base = `idx_${table}_${columns.join('_').replaceAll(' DESC', '_desc')}`;
  let name = base;
  for (let number = 2; !isNameFree(db, name); number++) name = `${base}_${number}`;
  return name;
}

function addUnique(db: Db): void {
  for (const { name, table, columns, filled } of unique) {
    if (!isNameFree(db, name) || !isPossible(db, table, columns)) continue;
    const list = columns.join(', ');
    const shared = db.prepare(
      `SELECT 1 FROM ${table} WHERE ${filled} IS NOT NULL GROUP BY ${list} HAVING count(*) > 1 LIMIT 1`,
    );
    if (shared.get() === undefined)
      db.exec(`CREATE UNIQUE INDEX ${name} ON ${table} (${list}) WHERE ${filled} IS NOT NULL`);
  }
}

export default defineMigration({
  phase: 1,
  kind: 'expand',
  title: 'Add the indexes of the canonical core',
  what: [
    'Indexes are added so that lists by project, run and session open at once, newest first.',
    'No row changes, and the indexes that are there stay.',
  ],
  effect: { grows: [], changes: {} },

  up(db) {
    db.exec('DROP TABLE IF EXISTS _phasewise_claims_of_exports');
    for (const { table, columns } of missing(db)) {
      db.exec(`CREATE INDEX ${quoteName(freeName(db, table, columns))} ON ${table} (${columns.join(', ')})`);
    }
    addUnique(db);
  },

  shape: (db) => missing(db).map(({ table, columns }) => `the index on ${table}(${columns.join(', ')}) is missing`),

  // An index can't be half right: SQLite keeps it in step, and the engine's integrity check compares it with its table.
  verify: () => [],
});
