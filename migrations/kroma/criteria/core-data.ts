import { columnExists, expectNone, tableExists, type Db, type ExitCriterion, type Finding } from '@engine/migration.ts';
import { accountsCriterion } from './accounts.ts';
import { isFilledByOriginal } from '../ledger.ts';

/**
 * Phase 1, by data: nothing that the old columns say is missing in the new ones. Written without the migrations' own
 * SQL, over the tables as they are now; rows with an issue are the only exception, and they are counted.
 */

/** Every character that Python's str.strip() removes, written out instead of built with char(). */
const outer = `'${String.fromCodePoint(9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201, 8202, 8232, 8233, 8239, 8287, 12288)}'`;
const clean = (path: string) => `rtrim(ltrim(replace(coalesce(${path}, ''), '\\', '/'), ${outer}), ${outer})`;

/** Keys of rows that have an issue; rows that were placed all the same are left out unless asked for. */
const issues = (table: string, withPlaced: boolean) =>
  `SELECT source_key FROM _phasewise_quarantine WHERE source_table = '${table}' AND source_key IS NOT NULL${withPlaced ? '' : ' AND is_placed = 0'}`;

interface Pair {
  readonly table: string;
  readonly canonical: string;
  readonly legacy: string;
  /** Values of the new column that say nothing. */
  readonly nothing?: string;
}
const pairs: readonly Pair[] = [
  { table: 'projects', canonical: 'owner_user_id', legacy: 'user_id' },
  { table: 'project_api_secrets', canonical: 'kms_key_ref', legacy: 'key_ref' },
  { table: 'assets', canonical: 'kind', legacy: 'asset_kind' },
  { table: 'assets', canonical: 'storage_uri', legacy: 'rel_path' },
  { table: 'assets', canonical: 'metadata_json', legacy: 'meta_json', nothing: '{}' },
  { table: 'runs', canonical: 'run_mode', legacy: 'mode' },
  { table: 'runs', canonical: 'model_name', legacy: 'model' },
  { table: 'runs', canonical: 'settings_snapshot_json', legacy: 'meta_json', nothing: '{}' },
  { table: 'run_jobs', canonical: 'selected_candidate_index', legacy: 'selected_candidate' },
  { table: 'run_jobs', canonical: 'final_asset_id', legacy: 'final_output' },
  { table: 'project_exports', canonical: 'export_asset_id', legacy: 'export_path' },
  { table: 'project_exports', canonical: 'sha256', legacy: 'export_sha256' },
];

const nothingLost: ExitCriterion = {
  id: 'core-filled',
  title: 'No new column is empty where the old one says something',
  cost: 'data',
  check(db) {
    const present = pairs.filter(
      ({ table, canonical, legacy }) => columnExists(db, table, canonical) && columnExists(db, table, legacy),
    );
    const findings = present.flatMap(({ table, canonical, legacy, nothing }) =>
      expectNone(
        db,
        `rows of ${table} with ${legacy} but without ${canonical}`,
        `
        SELECT id FROM ${table} WHERE id IS NOT NULL AND ${clean(legacy)} NOT IN ('', '${nothing ?? ''}')
          AND coalesce(${canonical}, '') IN ('', '${nothing ?? ''}') AND id NOT IN (${issues(table, true)})`,
      ),
    );
    return verdict(
      findings,
      present.length === 0
        ? 'No old column is left to compare with.'
        : `${present.length} pairs of an old and a new column were compared.`,
    );
  },
};

const usersAccounted: ExitCriterion = {
  id: 'users-accounted',
  title: 'Every user is in the new table or among the issue rows',
  cost: 'data',
  check: (db) => accounted(db, 'users', 'app_users'),
};
const candidatesAccounted: ExitCriterion = {
  id: 'candidates-accounted',
  title: 'Every candidate is in the new table or among the issue rows',
  cost: 'data',
  check: (db) => accounted(db, 'run_job_candidates', 'run_candidates'),
};

function accounted(db: Db, legacy: string, canonical: string) {
  if (!tableExists(db, legacy)) return verdict([], `${legacy} is no longer there.`);
  const count = (sql: string) => db.prepare<[], number>(sql).pluck().get() ?? 0;
  const rows = count(`SELECT count(*) FROM ${legacy}`);
  const aside = count(
    `SELECT count(*) FROM ${legacy} WHERE id IS NULL OR (id IN (${issues(legacy, false)}) AND id NOT IN (SELECT id FROM ${canonical} WHERE id IS NOT NULL))`,
  );
  const findings = expectNone(
    db,
    `rows of ${legacy} that are neither in ${canonical} nor among the issue rows`,
    `
    SELECT id FROM ${legacy} WHERE id IS NOT NULL
      AND id NOT IN (SELECT id FROM ${canonical} WHERE id IS NOT NULL) AND id NOT IN (${issues(legacy, false)})`,
  );
  return verdict(
    findings,
    `${number(rows)} ${rows === 1 ? 'row' : 'rows'}: ${number(rows - aside)} in ${canonical}, ${number(aside)} noted and in ${legacy} only.`,
  );
}

const storageComplete: ExitCriterion = {
  id: 'storage-complete',
  title: 'Every project says where its files lie',
  cost: 'data',
  check: (db) =>
    verdict(
      expectNone(
        db,
        'projects without exactly one row in project_storage',
        `
        SELECT p.id FROM projects AS p WHERE p.id IS NOT NULL
          AND (SELECT count(*) FROM project_storage AS d WHERE d.project_id = p.id) <> 1`,
      ),
      'Every project has exactly one row in project_storage.',
    ),
};

const pathsResolved: ExitCriterion = {
  id: 'paths-resolved',
  title: 'Every path of a candidate leads to a registered file of that path',
  cost: 'data',
  check(db, _schema, proof) {
    if (!tableExists(db, 'run_job_candidates')) return verdict([], 'There are no paths any more, only files.');
    // In the middle of the last phase the files have lost their old name already.
    const hasOldPath = columnExists(db, 'assets', 'rel_path');
    // Where the original had filled the new columns, or newer programs edited them since, a reference may differ from
    // the old path on purpose.
    const mayDiffer = isFilledByOriginal(db) || proof?.mayBeEdited === true;
    const differs = (asset: string, path: string) =>
      mayDiffer
        ? '0'
        : `(${clean(`${asset}.storage_uri`)} <> ${path}${hasOldPath ? ` AND ${clean(`${asset}.rel_path`)} <> ${path}` : ''})`;
    // What is equal as it stands is equal cleaned: nearly all rows end at the first comparison.
    const isAstray = (asset: string, column: string) =>
      `(${column} IS NOT ${asset}.storage_uri AND ${clean(column)} <> '' AND (${asset}.id IS NULL OR ${differs(asset, clean(column))}))`;
    // One walk for both paths, in the order of the new table: finding the rows is what takes the time.
    const findings = expectNone(
      db,
      'candidates with a path that leads to no such file',
      `
        SELECT s.id FROM run_candidates AS t CROSS JOIN run_job_candidates AS s ON s.id = t.id
          LEFT JOIN assets AS o ON o.id = t.output_asset_id LEFT JOIN assets AS f ON f.id = t.final_asset_id
        WHERE (${isAstray('o', 's.output_path')} OR ${isAstray('f', 's.final_output_path')})
          AND s.id NOT IN (${issues('run_job_candidates', true)})`,
    );
    return verdict(findings, 'Every path of every placed candidate leads to its file.');
  },
};

const accountsClose = accountsCriterion('accounts-close', 'Every row is accounted for', [
  '0001',
  '0002',
  '0003',
  '0005',
  '0007',
  '0009',
  '0010',
  '0011',
  '0015',
]);

const referencesClean: ExitCriterion = {
  id: 'references-clean',
  title: 'References of the new tables and columns',
  cost: 'data',
  check(db) {
    const missing = (what: string, table: string, column: string, parent: string) =>
      expectNone(
        db,
        what,
        `SELECT id FROM ${table} WHERE coalesce(${column}, '') <> ''
        AND ${column} NOT IN (SELECT id FROM ${parent} WHERE id IS NOT NULL) AND coalesce(id, '') NOT IN (${issues(table, true)})${
          // An issue of a candidate is recorded under the table that it comes from, and its id is the same.
          table === 'run_candidates' ? ` AND coalesce(id, '') NOT IN (${issues('run_job_candidates', true)})` : ''
        }`,
      );
    const findings = [
      ...missing('candidates below a job that does not exist', 'run_candidates', 'job_id', 'run_jobs'),
      ...missing('candidates whose output file does not exist', 'run_candidates', 'output_asset_id', 'assets'),
      ...missing('candidates whose final file does not exist', 'run_candidates', 'final_asset_id', 'assets'),
      ...strayStorage(db),
      ...missing('jobs whose final file does not exist', 'run_jobs', 'final_asset_id', 'assets'),
      ...missing('exports whose file does not exist', 'project_exports', 'export_asset_id', 'assets'),
      ...missing('projects whose owner does not exist', 'projects', 'owner_user_id', 'app_users'),
    ];
    const left = orphanStorage(db);
    return verdict(
      findings,
      `Seven kinds of references were followed, and ${left === 0 ? 'none leads nowhere' : `only storage (${number(left)}) is left of projects that are gone`}.`,
    );
  },
};

const leadsToNoProject = `coalesce(d.project_id, '') <> '' AND d.project_id NOT IN (SELECT id FROM projects WHERE id IS NOT NULL)`;

/**
 * Storage that bears the name of a project which is there, as rows of the backfill and the triggers do, and leads to
 * none. Any other was an orphan before, or became one when a program without references deleted its project.
 */
const strayStorage = (db: Db): Finding[] =>
  expectNone(
    db,
    'storage of projects that do not exist',
    `SELECT d.id FROM project_storage AS d WHERE ${leadsToNoProject}
       AND EXISTS (SELECT 1 FROM projects AS p WHERE d.id IN (p.id, p.id || ':storage'))`,
  );

const orphanStorage = (db: Db): number =>
  db.prepare<[], number>(`SELECT count(*) FROM project_storage AS d WHERE ${leadsToNoProject}`).pluck().get() ?? 0;

const number = (value: number): string => value.toLocaleString('en-US');

/** Met when nothing was found; the queries are the evidence either way. */
function verdict(findings: readonly Finding[], whenMet: string) {
  return {
    met: findings.length === 0,
    summary: findings.length === 0 ? whenMet : findings.map(({ what, count }) => `${count} ${what}`).join('; ') + '.',
    evidence: [
      { label: 'Result', text: findings.length === 0 ? whenMet : `${findings.length} findings` },
      ...findings.flatMap(({ what, count, sampleKeys, sql }) => [
        { label: what, text: `${count} rows, e.g. ${sampleKeys.join(', ')}` },
        { label: 'SQL', text: sql.trim() },
      ]),
    ],
  };
}

export const dataCriteria: readonly ExitCriterion[] = [
  nothingLost,
  usersAccounted,
  candidatesAccounted,
  storageComplete,
  pathsResolved,
  accountsClose,
  referencesClean,
];
