import { columnExists, expectNone, type Db, type ExitCriterion, type Finding } from '@engine/migration.ts';
import { knowledgeTables } from '../schema/canonical-knowledge.ts';
import { countPlainKeys } from '../plain-keys.ts';

/**
 * Phase 4, by data: nothing is left behind in an old column, every JSON text can be read, every link is there and makes
 * sense. Written without the migrations' own SQL; rows with an issue are the only exception, and they are counted.
 */

const number = (value: number): string => value.toLocaleString('en-US');
const count = (db: Db, sql: string): number => db.prepare<[], number>(`SELECT count(*) FROM ${sql}`).pluck().get() ?? 0;
/** Keys of rows that are among the issue rows for one of these reasons. */
const noted = (table: string, ...reasons: readonly string[]): string =>
  `SELECT source_key FROM _phasewise_quarantine WHERE source_table = '${table}' AND source_key IS NOT NULL
     AND reason IN (${reasons.map((reason) => `'${reason}'`).join(', ')})`;

interface Pair {
  readonly table: string;
  readonly legacy: string;
  readonly canonical: string;
  /** A value that says nothing, beside ''. */
  readonly nothing?: string;
  /** A newer program may empty the new column on purpose, and the old one stays beside it. */
  readonly mayPart?: boolean;
}
const pairs: readonly Pair[] = [
  { table: 'provider_accounts', legacy: 'meta_json', canonical: 'config_json', nothing: '{}' },
  { table: 'style_guides', legacy: 'specs_json', canonical: 'rules_json', nothing: '{}' },
  { table: 'reference_sets', legacy: 'title', canonical: 'name' },
];
const notes: Pair = {
  table: 'reference_sets',
  legacy: 'notes',
  canonical: 'metadata_json',
  nothing: '{}',
  mayPart: true,
};

const nothingLeftBehind: ExitCriterion = {
  id: 'knowledge-filled',
  title: 'Nothing is left behind in an old column of knowledge',
  cost: 'data',
  check(db, _schema, proof) {
    // Beside title, notes is the old form of metadata_json; alone, it is a field of its own.
    const all = columnExists(db, 'reference_sets', 'title') ? [...pairs, notes] : pairs;
    const present = all.filter(
      ({ table, legacy, canonical, mayPart }) =>
        columnExists(db, table, legacy) && columnExists(db, table, canonical) && !(mayPart && proof?.mayBeEdited),
    );
    const findings = present.flatMap(({ table, legacy, canonical, nothing = '' }) =>
      expectNone(
        db,
        `rows of ${table} with ${legacy} but without ${canonical}`,
        `SELECT id FROM ${table} WHERE id IS NOT NULL AND ${legacy} NOT IN ('', '${nothing}')
           AND coalesce(${canonical}, '') IN ('', '${nothing}')`,
      ),
    );
    const whenMet =
      present.length === 0
        ? 'The old columns are gone.'
        : `${present.length} pairs of an old and a new column were compared.`;
    return verdict(findings, whenMet);
  },
};

/** Every JSON column of phase 4 with its table. */
const jsonColumns = knowledgeTables.flatMap(({ name: table, columns }) =>
  columns.filter(({ name }) => name.endsWith('_json')).map(({ name: column }) => ({ table, column })),
);

const jsonReadable: ExitCriterion = {
  id: 'knowledge-json',
  title: 'Every JSON text of knowledge can be read, or is among the issue rows',
  cost: 'data',
  check(db) {
    const findings = jsonColumns.flatMap(({ table, column }) => unreadable(db, table, column));
    const rows = jsonColumns.reduce((sum, { table }) => sum + count(db, table), 0);
    const aside = new Set(jsonColumns.map(({ table }) => table));
    const issues = [...aside].reduce((sum, table) => sum + count(db, `(${noted(table, 'json-unreadable')})`), 0);
    return verdict(findings, `${number(rows)} JSON texts were read; ${number(issues)} malformed ones are noted.`);
  },
};

/** Read by another parser than the backfill's. The program reads JSON as Python does, which knows NaN and Infinity. */
function unreadable(db: Db, table: string, column: string): Finding[] {
  const sql = `SELECT id, CAST(${column} AS TEXT) AS text FROM ${table} WHERE id IS NOT NULL AND coalesce(${column}, '') <> '{}'
      AND id NOT IN (${noted(table, 'json-unreadable', 'project-missing')})`;
  const keys: string[] = [];
  for (const { id, text } of db.prepare<[], { id: unknown; text: string | null }>(sql).iterate()) {
    // SQLite's functions end at a NUL, so nobody who asks them ever sees what stands behind it.
    if (!canBeRead((text ?? '').replace(/\0.*/s, ''))) keys.push(String(id));
  }
  const what = `rows of ${table} whose ${column} is no JSON and not noted`;
  return keys.length === 0 ? [] : [{ what, count: keys.length, sampleKeys: keys.slice(0, 5), sql }];
}

function canBeRead(text: string): boolean {
  const parses = (json: string): boolean => {
    try {
      JSON.parse(json);
      return true;
    } catch {
      return false;
    }
  };
  return parses(text) || parses(text.replace(/-?\b(?:NaN|Infinity)\b/g, '0'));
}

/** A reference of '' says nothing, whatever file may be called so. */
const isOfRun = (asset: string) =>
  `length(${asset}) > 0 AND EXISTS (SELECT 1 FROM assets AS f WHERE f.id = ${asset} AND f.project_id = r.project_id)`;
const isLinked = (parent: string, child: string) =>
  `EXISTS (SELECT 1 FROM asset_links AS k WHERE k.parent_asset_id = ${parent} AND k.child_asset_id = ${child} AND k.link_type = 'derived_from')`;
const project = `r.project_id IN (SELECT id FROM projects)`;

const linksDerived: ExitCriterion = {
  id: 'links-derived',
  title: 'Every file that was made from another one is linked to it',
  cost: 'data',
  check(db) {
    const first = `CASE WHEN coalesce(c.final_asset_id, '') <> '' THEN c.final_asset_id ELSE c.output_asset_id END`;
    const findings = [
      ...expectNone(
        db,
        'candidates whose two files are not linked',
        `SELECT c.id FROM run_candidates AS c CROSS JOIN run_jobs AS j ON j.id = c.job_id CROSS JOIN runs AS r ON r.id = j.run_id
         WHERE c.output_asset_id <> c.final_asset_id AND NOT ${isLinked('c.output_asset_id', 'c.final_asset_id')}
           AND ${isOfRun('c.output_asset_id')} AND ${isOfRun('c.final_asset_id')} AND ${project}`,
      ),
      ...expectNone(
        db,
        'jobs whose final file is not linked to the chosen one',
        `SELECT j.id FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id
           JOIN run_candidates AS c ON c.job_id = j.id AND c.candidate_index = j.selected_candidate_index
         WHERE ${first} <> j.final_asset_id AND NOT ${isLinked(first, 'j.final_asset_id')}
           AND ${isOfRun(first)} AND ${isOfRun('j.final_asset_id')} AND ${project}`,
      ),
    ];
    return verdict(
      findings,
      `${number(count(db, 'asset_links'))} links; every candidate and every chosen file with two files of its project has its own.`,
    );
  },
};

const linkReasons = ['link-to-itself', 'link-type-unknown', 'link-across-projects', 'project-missing', 'file-missing'];

const linksSound: ExitCriterion = {
  id: 'links-sound',
  title: 'Every link joins two files of one project by a known type, or is among the issue rows',
  cost: 'data',
  check(db) {
    const quiet = `coalesce(k.id, '') NOT IN (${noted('asset_links', ...linkReasons)})`;
    const links = (what: string, where: string) =>
      expectNone(
        db,
        what,
        `SELECT coalesce(k.id, '') FROM asset_links AS k LEFT JOIN assets AS p ON p.id = k.parent_asset_id LEFT JOIN assets AS c ON c.id = k.child_asset_id
         WHERE k.id IS NOT NULL AND (${where}) AND ${quiet}`,
      );
    const findings = [
      ...links('links from a file to itself', 'k.parent_asset_id IS k.child_asset_id'),
      ...links(
        'links of an unknown type',
        `CASE k.link_type WHEN 'derived_from' THEN 0 WHEN 'variant_of' THEN 0 WHEN 'mask_for' THEN 0 WHEN 'reference_of' THEN 0 ELSE 1 END`,
      ),
      ...links('links between projects', 'p.project_id <> k.project_id OR c.project_id <> k.project_id'),
      ...links('links of a file that is not registered', 'p.id IS NULL OR c.id IS NULL'),
    ];
    const aside = count(db, `asset_links WHERE id IN (${noted('asset_links', ...linkReasons)})`);
    return verdict(
      findings,
      `${number(count(db, 'asset_links'))} links were followed; ${number(aside)} odd ones are noted.`,
    );
  },
};

const plainKeys: ExitCriterion = {
  id: 'plain-keys',
  title: 'Keys in plain text are known',
  cost: 'data',
  check(db) {
    const keys = countPlainKeys(db);
    const summary =
      keys === 0
        ? 'No provider account keeps a key in plain text.'
        : `Warning: ${number(keys)} provider ${keys === 1 ? 'account keeps its key' : 'accounts keep their keys'} in plain text. Whoever has this file, or a backup of it, can read ${keys === 1 ? 'it' : 'them'}. Nothing removes a key without being asked to.`;
    return {
      met: true,
      summary,
      evidence: [{ label: 'Keys in provider_accounts.api_key', text: number(keys) }],
    };
  },
};

/** Met when nothing was found; the queries are the evidence either way. */
function verdict(findings: readonly Finding[], whenMet: string) {
  return {
    met: findings.length === 0,
    summary:
      findings.length === 0
        ? whenMet
        : findings.map(({ what, count: rows }) => `${number(rows)} ${what}`).join('; ') + '.',
    evidence: [
      { label: 'Result', text: findings.length === 0 ? whenMet : `${findings.length} findings` },
      ...findings.flatMap(({ what, count: rows, sampleKeys, sql }) => [
        { label: what, text: `${number(rows)} rows, e.g. ${sampleKeys.join(', ')}` },
        { label: 'SQL', text: sql.trim() },
      ]),
    ],
  };
}

export const knowledgeDataCriteria: readonly ExitCriterion[] = [
  nothingLeftBehind,
  jsonReadable,
  linksDerived,
  linksSound,
  plainKeys,
];
