import {
  columnExists,
  columnNames,
  expectNone,
  quoteName,
  tableExists,
  type Db,
  type Finding,
} from '@engine/migration.ts';
import { canonical } from '../schema/canonical.ts';
import { heldInAnyLetters, heldValue, keylessLost } from './carried-keyless.ts';

/**
 * What of a backup is neither in its new place nor among the issue rows: for the verdict after the old names were
 * removed. Compares value by value with the backup itself, and shares no statement with the steps that moved them.
 * @param backup the name under which the backup is attached.
 */
export function carriedOver(db: Db, backup: string): Finding[] {
  const sameTable = canonical.flatMap(({ name, legacyColumns = {} }) => {
    const hasBoth = has(db, backup, name) && tableExists(db, name);
    const pairs = Object.entries(legacyColumns).filter(
      ([legacy, successor]) =>
        hasBoth &&
        hasColumn(db, backup, name, legacy) &&
        (!columnExists(db, name, legacy) || isNew(db, backup, name, legacy, successor)),
    );
    return compare(db, backup, { before: name, after: name }, pairs);
  });
  const twins = Object.entries(movedTables).flatMap(([before, { after, columns }]) => {
    if (!has(db, backup, before)) return [];
    if (!tableExists(db, before)) return compare(db, backup, { before, after }, columns);
    const isMade = !has(db, backup, after) && tableExists(db, after);
    return isMade
      ? compare(
          db,
          backup,
          { before, after },
          columns.filter(([name]) => !name.endsWith('_path')),
        )
      : [];
  });
  return [...sameTable, ...twins];
}

/**
 * The old column is still there, and the new one was not in the backup: all that it says comes from the old one. Of
 * files a path says less than a choice does; other criteria ask for those.
 */
const isNew = (db: Db, backup: string, table: string, legacy: string, successor: string | null): boolean =>
  successor !== null &&
  !/_(output|path)$/.test(legacy) &&
  columnExists(db, table, successor) &&
  !hasColumn(db, backup, table, successor);

type Pair = readonly [legacy: string, canonical: string | null];

const movedTables: Readonly<Record<string, { after: string; columns: readonly Pair[] }>> = {
  users: {
    after: 'app_users',
    columns: (['username', 'display_name', 'email', 'is_active', 'created_at', 'updated_at'] as const).map((name) => [
      name,
      name,
    ]),
  },
  run_job_candidates: {
    after: 'run_candidates',
    columns: [
      ...['job_id', 'candidate_index', 'status', 'meta_json', 'created_at'].map((name): Pair => [name, name]),
      ...['rank_hard_failures', 'rank_soft_warnings', 'rank_avg_chroma_exceed'].map((name): Pair => [name, name]),
      ['output_path', 'output_asset_id'],
      ['final_output_path', 'final_asset_id'],
    ],
  },
};

/** The plus takes the affinity away: 1 is not '1'. The collation stays with a column unless another is named: A is not a. */
const isSame = (ours: string, theirs: string) => `+${ours} IS +${theirs} COLLATE BINARY`;

interface Context {
  readonly db: Db;
  readonly backup: string;
  /** The old column is not there any more: what the new one cannot give back is lost. */
  readonly isGone: boolean;
}

/** How a new column says what the old one did, where that is not the same value. `b` is the backup's row, `a` ours. */
const otherwise: Readonly<Record<string, (context: Context) => string>> = {
  'runs.meta_json': () => json('meta_json', 'settings_snapshot_json'),
  'assets.meta_json': () => json('meta_json', 'metadata_json'),
  'audit_events.details_json': () => json('details_json', 'payload_json'),
  'provider_accounts.meta_json': () => json('meta_json', 'config_json'),
  'style_guides.specs_json': () => json('specs_json', 'rules_json'),
  'run_jobs.final_output': (context) => file(context, 'final_output', 'final_asset_id'),
  'project_exports.export_path': (context) => file(context, 'export_path', 'export_asset_id'),
  'run_job_candidates.output_path': (context) => file(context, 'output_path', 'output_asset_id'),
  'run_job_candidates.final_output_path': (context) => file(context, 'final_output_path', 'final_asset_id'),
  'quality_reports.rating': (context) => `(b.rating = 0 OR ${isInJson(context, 'summary_json', 'rating')})`,
  'quality_reports.notes': (context) => isInJson(context, 'summary_json', 'notes'),
  'cost_events.amount_cents': (context) => amount(context),
  'cost_events.notes': (context) => isInJson(context, 'meta_json', 'notes'),
  'cost_events.event_type': () =>
    `(b.event_type = 'legacy_event' COLLATE BINARY OR ${isSame('a.operation_code', 'b.event_type')})`,
  'audit_events.action': () => `(b.action = 'legacy_event' COLLATE BINARY OR ${isSame('a.event_code', 'b.action')})`,
};

const json = (legacy: string, canonicalName: string) =>
  `(b.${legacy} = '{}' COLLATE BINARY OR ${isSame(`a.${canonicalName}`, `b.${legacy}`)})`;
/** JSON has no blobs: one is said as text, and its issue row has its bytes when the column goes. */
const isInJson = ({ isGone }: Context, column: string, key: string) =>
  isSame(
    `CASE WHEN json_valid(a.${column}) THEN json_extract(a.${column}, '$.${key}') END`,
    `CASE typeof(b.${key}) WHEN 'blob' THEN ${isGone ? `b.${key}` : `CAST(b.${key} AS TEXT)`} ELSE b.${key} END`,
  );
/**
 * The cost is the cents by the hundred, or has whole cents when it is rounded, halves either way. SQLite takes anything
 * that is no number for 0, so only numbers are asked; and a REAL has no room for the cents of an amount beyond 1e15.
 */
const amount = ({ isGone }: Context) => `(b.amount_cents = 0 OR (typeof(b.amount_cents) IN ('integer', 'real')
    AND (a.cost_usd = b.amount_cents / 100.0 OR (round(b.amount_cents) = b.amount_cents AND abs(a.cost_usd * 100 - b.amount_cents) <= 0.5))
    ${isGone ? 'AND b.amount_cents BETWEEN -1e15 AND 1e15' : ''}))`;
/** As Python's str.strip() and slashes for backslashes. */
const clean = (path: string) =>
  `trim(replace(${path}, '\\', '/'), '${String.fromCodePoint(9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201, 8202, 8232, 8233, 8239, 8287, 12288)}')`;

/**
 * The file that ours refers to has that address, or had that path: in the backup or, where that was made of a cleanup
 * on its way, which had removed old paths by then, by an issue row of the file.
 */
function file({ db, backup }: Context, legacy: string, canonicalName: string): string {
  const path = clean(`b.${legacy}`);
  const had = hasColumn(db, backup, 'assets', 'rel_path')
    ? `EXISTS (SELECT 1 FROM ${quoteName(backup)}.assets AS o WHERE o.id = a.${canonicalName} AND ${clean('o.rel_path')} = ${path})`
    : // A set of its own, made once, as below.
      `(a.${canonicalName} COLLATE BINARY, ${path}) IN (SELECT q.source_key, ${clean(heldInAnyLetters('q.row_json', 'rel_path'))}
         FROM main._phasewise_quarantine AS q WHERE q.source_table = 'assets')`;
  return `(${path} = '' OR EXISTS (SELECT 1 FROM main.assets AS f WHERE f.id = a.${canonicalName}
    AND (f.storage_uri = b.${legacy} COLLATE BINARY OR ${clean('f.storage_uri')} = ${path})) OR ${had})`;
}

interface Tables {
  readonly before: string;
  readonly after: string;
}

/** One walk over the table: rows of which some value is nowhere. Asked column by column only if there is one. */
function compare(db: Db, backup: string, { before, after }: Tables, pairs: readonly Pair[]): Finding[] {
  const lost = pairs.map(([legacy, canonicalName]) => {
    const isGone = !tableExists(db, before) || !columnExists(db, before, legacy);
    const own = otherwise[`${before}.${legacy}`]?.({ db, backup, isGone });
    const isSaid = own ?? (canonicalName === null ? '0' : isSame(`a.${canonicalName}`, `b.${legacy}`));
    const name = nameInFile(db, backup, before, legacy);
    // A set of its own, made once: asked row by row, many noted rows would take hours.
    const isNoted = `b.id IN (SELECT n.id FROM main._phasewise_quarantine AS q CROSS JOIN ${quoteName(backup)}.${before} AS n ON n.id = q.source_key
      WHERE q.source_table = '${before}' AND ${isSame(heldValue('q.row_json', name), `n.${legacy}`)})`;
    return {
      ...{ legacy, name, isSaid, isGone },
      where: `(ifnull(b.${legacy}, '') <> '' AND NOT ifnull(${isSaid}, 0) AND NOT ${isNoted})`,
    };
  });
  if (lost.length === 0) return [];
  const from = `FROM ${quoteName(backup)}.${before} AS b LEFT JOIN main.${after} AS a ON a.id = b.id WHERE b.id IS NOT NULL`;
  const any = db.prepare(`SELECT 1 ${from} AND (${lost.map(({ where }) => where).join(' OR ')}) LIMIT 1`).get();
  return lost.flatMap(({ where, isGone, ...column }) => {
    const what = `rows of ${before} whose ${column.legacy} is nowhere any more`;
    return [
      ...(any === undefined ? [] : expectNone(db, what, `SELECT b.id ${from} AND ${where}`)),
      ...(isGone ? keylessLost(db, { backup, before, after, ...column }) : []),
    ];
  });
}

/** In the letters in which issue rows name it, too. */
const nameInFile = (db: Db, backup: string, table: string, column: string): string =>
  db
    .prepare<[string, string, string], string>(
      `SELECT name FROM pragma_table_xinfo(?, ?) WHERE name = ? COLLATE NOCASE`,
    )
    .pluck()
    .get(table, backup, column) ?? column;

const has = (db: Db, schema: string, table: string): boolean =>
  db
    .prepare(`SELECT 1 FROM ${quoteName(schema)}.sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE`)
    .get(table) !== undefined;
const hasColumn = (db: Db, schema: string, table: string, column: string): boolean =>
  schema === 'main'
    ? columnNames(db, table).includes(column)
    : db.prepare(`SELECT 1 FROM pragma_table_xinfo(?, ?) WHERE name = ? COLLATE NOCASE`).get(table, schema, column) !==
      undefined;
