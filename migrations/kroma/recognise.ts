import { tableExists, type Db, type Recognition, type Schema, type Variant } from '@engine/migration.ts';
import { findNameCollision, legacyColumns } from './schema/shapes.ts';
import { assetBackfillMarker, coreBackfillMarker, hasMarker } from './ledger.ts';

/** The shapes in which Kroma project databases are found. */
export const variants: readonly Variant[] = [
  {
    id: 'empty',
    title: 'Legacy version, empty',
    description: 'The tables of the first version, without a single row in them.',
  },
  { id: 'legacy', title: 'Legacy version', description: 'The 15 tables of the first version, with their old names.' },
  {
    id: 'baseline',
    title: 'Legacy version with early tables',
    description: 'The first version plus tables of a later one whose columns are not the final ones.',
  },
  {
    id: 'dual',
    title: 'Version with old and new names',
    description:
      'The program that made it was moving to new names: most rows are in it twice, under their old and their new name.',
  },
  {
    id: 'interrupted',
    title: 'Interrupted upgrade',
    description: "The program's own upgrade was stopped: new tables or columns exist but were never filled.",
  },
  { id: 'canonical', title: 'Canonical version', description: 'Only the new names; nothing is left to upgrade.' },
  {
    id: 'upgraded',
    title: 'Upgraded by Phasewise',
    description:
      'Phasewise has applied migrations to this file. Before the last phase, old and new names are kept in step; the last phase removes the old ones.',
  },
];

/** Tables that only a later generation of the program, written in another language, makes. */
const laterGeneration = ['api_tokens', 'project_secrets', 'reference_set_items'];

/**
 * Decides by columns, never by markers alone, what the database is. Markers only tell an upgraded file from one whose
 * upgrade was stopped after its tables were made: the original writes them in one transaction with its backfill.
 */
export function recognise(db: Db, schema: Schema): Recognition {
  if (!looksLikeKroma(schema)) return { kind: 'not-mine' };
  const later = laterGeneration.filter((name) => schema.table(name));
  if (later.length > 0) {
    const message = `The file has the table ${later.join(', ')}, which a later generation of the program makes.`;
    return { kind: 'refused', code: 'E_NEWER_SCHEMA', message };
  }
  const collision = findNameCollision(schema);
  if (collision) return { kind: 'refused', code: 'E_NAME_COLLISION', message: collision };
  const gap = missingCore(schema);
  if (gap) return { kind: 'refused', code: 'E_FOREIGN_DATABASE', message: gap };
  return { kind: 'recognised', ...classify(db, schema) };
}

/** Users, and projects with a slug and settings: the family. Other programs have users and projects, too. */
function looksLikeKroma(schema: Schema): boolean {
  const has = (table: string, column: string) => schema.column(table, column) !== undefined;
  if (!schema.table('users') && !schema.table('app_users')) return false;
  if (!has('projects', 'slug') || !has('projects', 'settings_json')) return false;
  if (!has('projects', 'user_id') && !has('projects', 'owner_user_id')) return false;
  return ['runs', 'run_jobs', 'project_exports', 'project_api_secrets'].some((table) => schema.table(table));
}

/** In words, a table or column of the core that every version has and this file has not. */
function missingCore(schema: Schema): string | null {
  for (const [table, columns] of Object.entries(legacyColumns)) {
    if (!schema.table(table)) return `It looks like a Kroma database, but its table ${table} is missing.`;
    const gaps = columns.filter((either) => !either.some((name) => schema.column(table, name)));
    if (gaps[0]) return `It looks like a Kroma database, but ${table} has no column ${gaps[0].join(' or ')}.`;
  }
  return null;
}

function classify(db: Db, schema: Schema): { variantId: string; evidence: string[] } {
  const ours = appliedByUs(db);
  if (ours > 0) return { variantId: 'upgraded', evidence: [`Phasewise has recorded ${ours} migrations in this file`] };

  const canonical = canonicalSigns.filter(([table, column]) => schema.column(table, column));
  const legacy = legacySigns.filter(([table, column]) => schema.column(table, column));
  const evidence = [
    `${canonical.length} of ${canonicalSigns.length} new columns looked for are there`,
    `${legacy.length} of ${legacySigns.length} old columns looked for are there`,
  ];
  if (legacy.length === 0) return { variantId: 'canonical', evidence };
  if (canonical.length === canonicalSigns.length) {
    const isFilled = hasMarker(db, coreBackfillMarker);
    const marker = hasMarker(db, assetBackfillMarker) ? assetBackfillMarker : coreBackfillMarker;
    evidence.push(isFilled ? `the program recorded ${marker}` : `the program never recorded ${coreBackfillMarker}`);
    return { variantId: isFilled ? 'dual' : 'interrupted', evidence };
  }
  if (canonical.length > 0) return { variantId: 'interrupted', evidence };
  if (schema.table('project_storage') || schema.column('assets', 'storage_backend')) {
    return { variantId: 'baseline', evidence: [...evidence, 'project_storage has its first columns only'] };
  }
  if (isEmpty(db, schema)) return { variantId: 'empty', evidence: [...evidence, 'no table has a row'] };
  return { variantId: 'legacy', evidence };
}

/** The canonical columns and tables of the core that neither the first version nor its early tables have. */
const canonicalSigns: readonly (readonly [string, string])[] = [
  ['app_users', 'username'],
  ['run_candidates', 'output_asset_id'],
  ['projects', 'owner_user_id'],
  ['project_storage', 'local_base_dir'],
  ['assets', 'kind'],
  ['assets', 'storage_uri'],
  ['assets', 'metadata_json'],
  ['runs', 'run_mode'],
  ['runs', 'model_name'],
  ['runs', 'settings_snapshot_json'],
  ['run_jobs', 'selected_candidate_index'],
  ['run_jobs', 'final_asset_id'],
  ['project_exports', 'export_asset_id'],
  ['project_exports', 'sha256'],
  ['project_api_secrets', 'kms_key_ref'],
];

const legacySigns: readonly (readonly [string, string])[] = [
  ['users', 'username'],
  ['run_job_candidates', 'output_path'],
  ['projects', 'user_id'],
  ['assets', 'asset_kind'],
  ['assets', 'rel_path'],
  ['assets', 'meta_json'],
  ['runs', 'mode'],
  ['runs', 'model'],
  ['runs', 'meta_json'],
  ['run_jobs', 'selected_candidate'],
  ['run_jobs', 'final_output'],
  ['project_exports', 'export_path'],
  ['project_exports', 'export_sha256'],
  ['project_api_secrets', 'key_ref'],
];

function appliedByUs(db: Db): number {
  if (!tableExists(db, '_phasewise_migrations')) return 0;
  return db.prepare<[], number>('SELECT count(*) FROM _phasewise_migrations').pluck().get() ?? 0;
}

/** Nobody has put anything in yet: only the ledger has rows. */
function isEmpty(db: Db, schema: Schema): boolean {
  return [...schema.tables.values()].every(
    (table) =>
      table.kind !== 'table' ||
      /^(schema_migrations|sqlite_.*|_phasewise_.*)$/i.test(table.name) ||
      db.prepare(`SELECT 1 FROM "${table.name.replaceAll('"', '""')}" LIMIT 1`).get() === undefined,
  );
}
