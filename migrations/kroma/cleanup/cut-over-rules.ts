import { columnExists, columnNames, tableExists, type CanonicalTable, type Db } from '@engine/migration.ts';
import { canonical } from '../schema/canonical.ts';
import { oldValuesOf } from './cut-over-values.ts';
import { finalColumns, wordList } from './final-schema.ts';

/**
 * What the final definition of a table asks of a row, as conditions over the alias `s`, most serious first. Part of the
 * cut-over and as immutable as it is.
 */
export interface Rule {
  /** null = put right without a word: nothing of what the row says changes. */
  readonly reason: string | null;
  readonly isPlaced: boolean;
  /** Never NULL. */
  readonly when: string;
  /** SQL for what is wrong, in words. */
  readonly detail: string;
  /** Assignment that puts the row right, for rows of `when`; null = it stays as it is. */
  readonly set: string | null;
}

export const cutOverId = '20260221_0025_cut_over';
export const backfillOf = (table: string): string => `${cutOverId}/${table}`;

/** Parents before children, by their references. */
export const tablesInOrder: readonly CanonicalTable[] = inOrder();

function inOrder(): CanonicalTable[] {
  const done = new Map<string, CanonicalTable>();
  const visit = (table: CanonicalTable) => {
    if (done.has(table.name)) return;
    for (const { references } of table.columns) {
      const parent = canonical.find(({ name }) => name === references?.table);
      if (parent && parent !== table) visit(parent);
    }
    done.set(table.name, table);
  };
  canonical.forEach(visit);
  return [...done.values()];
}

/** @param shared tables whose rows claim one place between them, see `sharedPlaces`. */
export function rulesOf(db: Db, table: CanonicalTable, shared: readonly string[]): Rule[] {
  return [
    ...parentRules(db, table),
    ...(table.name === 'asset_links' ? linkRules() : []),
    ...(shared.includes(table.name) ? placeRules(db, table) : []),
    ...valueRules(db, table),
    ...missingValueRules(db, table),
    ...referenceRules(db, table),
    ...wordRules(db, table),
  ];
}

/** Text of a value for a sentence; long ones are cut. */
const shown = (value: string) =>
  `CASE WHEN ${value} IS NULL THEN 'nothing' ELSE '“' || substr(CAST(${value} AS TEXT), 1, 80) || '”' END`;

/** True when the column refers to no row, or to one that is set aside by this migration. */
export function leadsNowhere(db: Db, column: string, parent: string): string {
  if (!tableExists(db, parent)) return '1';
  const isGone = `NOT EXISTS (SELECT 1 FROM ${parent} AS p WHERE p.id = ${column})`;
  return hasSetAside(db, parent) ? `(${isGone} OR ${isSetAside(column, parent)})` : isGone;
}

/** True of the key of a row that is set aside by this migration: it is there until the direction turns. */
export const isLeaving = (db: Db, key: string, table: string): string =>
  hasSetAside(db, table) ? isSetAside(key, table) : '0';

const isSetAside = (key: string, table: string) =>
  `EXISTS (SELECT 1 FROM _phasewise_quarantine AS q WHERE q.backfill_id = '${backfillOf(table)}' AND q.source_key = ${key} AND q.is_placed = 0)`;
const hasSetAside = (db: Db, table: string): boolean =>
  db
    .prepare(
      `SELECT 1 FROM _phasewise_quarantine WHERE backfill_id = ? AND is_placed = 0 AND source_key IS NOT NULL LIMIT 1`,
    )
    .get(backfillOf(table)) !== undefined;

/** A row below one that is not there has no place in the final table. Projects are the exception: see `ownerRule`. */
function parentRules(db: Db, table: CanonicalTable): Rule[] {
  if (table.name === 'projects') return [];
  return finalColumns(db, table)
    .filter(({ name, notNull, references }) => notNull && references && columnExists(db, table.name, name))
    .map(({ name, references }) => ({
      reason: missingReasons[references?.table ?? ''] ?? 'parent-missing',
      isPlaced: false,
      when: leadsNowhere(db, `s.${name}`, references?.table ?? ''),
      detail: `'${name} names ' || ${shown(`s.${name}`)} || ', which is not in ${references?.table}'`,
      set: null,
    }));
}
const missingReasons: Readonly<Record<string, string>> = {
  projects: 'project-gone',
  runs: 'run-gone',
  run_jobs: 'job-gone',
};

const linkRules = (): Rule[] => {
  const rule = (when: string, detail: string): Rule => ({
    ...{ reason: 'link-impossible', isPlaced: false, when, detail, set: null },
  });
  const projectOf = (asset: string) => `(SELECT a.project_id FROM assets AS a WHERE a.id = s.${asset})`;
  const types = canonical.find(({ name }) => name === 'asset_links')?.columns.find(({ name }) => name === 'link_type');
  return [
    rule('s.parent_asset_id = s.child_asset_id', `'both ends are ' || ${shown('s.parent_asset_id')}`),
    rule(
      `(${projectOf('parent_asset_id')} IS NOT s.project_id OR ${projectOf('child_asset_id')} IS NOT s.project_id)`,
      `'the files are of the projects ' || ${shown(projectOf('parent_asset_id'))} || ' and ' || ${shown(projectOf('child_asset_id'))}`,
    ),
    rule(types ? `s.link_type NOT IN (${wordList(types)})` : '0', `'its type is ' || ${shown('s.link_type')}`),
  ];
};

/** Of rows that claim one place, the first by time and id has it. */
const placeRules = (db: Db, table: CanonicalTable): Rule[] =>
  openUniques(db, table).map((columns) => {
    const others = `FROM ${table.name} AS o WHERE ${columns.map((name) => `o.${name} = s.${name}`).join(' AND ')} AND o.id IS NOT s.id`;
    const isFirst = columnNames(db, table.name).includes('created_at')
      ? '(o.created_at, o.id) < (s.created_at, s.id)'
      : 'o.id < s.id';
    return {
      reason: 'place-taken',
      isPlaced: false,
      when: `EXISTS (SELECT 1 ${others} AND ${isFirst})`,
      detail: `'the same ${columns.join(' and ')} as ' || ${shown(`(SELECT o.id ${others} AND ${isFirst} LIMIT 1)`)}`,
      set: null,
    };
  });

/** Unique rules of the final table that nothing enforces yet. */
export function openUniques(db: Db, table: CanonicalTable): (readonly string[])[] {
  const present = new Set(columnNames(db, table.name).map((name) => name.toLowerCase()));
  const enforced = db
    .prepare<[string], string>(
      `SELECT (SELECT group_concat(lower(name)) FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY lower(name)))
       FROM pragma_index_list(?) AS l WHERE l."unique" = 1`,
    )
    .pluck()
    .all(table.name);
  return table.uniques.filter(
    (columns) => columns.every((name) => present.has(name)) && !enforced.includes(columns.toSorted().join()),
  );
}

/** Tables of which some rows claim one place. Asked once: it reads whole tables, though only where no index helps. */
export const sharedPlaces = (db: Db): string[] =>
  tablesInOrder
    .filter(
      (table) =>
        tableExists(db, table.name) &&
        openUniques(db, table).some(
          (columns) =>
            db
              .prepare(
                `SELECT 1 FROM ${table.name} WHERE ${columns.map((name) => `${name} IS NOT NULL`).join(' AND ')}
                 GROUP BY ${columns.join(', ')} HAVING count(*) > 1 LIMIT 1`,
              )
              .get() !== undefined,
        ),
    )
    .map(({ name }) => name);

const valueRules = (db: Db, table: CanonicalTable): Rule[] =>
  oldValuesOf(db, table.name).map(({ legacy, canonical: column, differs, isSecret, now }) => ({
    reason: 'old-value-differs',
    isPlaced: true,
    when: differs,
    detail: isSecret
      ? `'${legacy} and ${column} differ'`
      : `'${legacy} says ' || ${shown(`s.${legacy}`)} || ', ${column} says ' || ${shown(now)}`,
    set: null,
  }));

/** A column that must be filled and that nothing has made so. */
function missingValueRules(db: Db, table: CanonicalTable): Rule[] {
  const open = db
    .prepare<[string], string>(`SELECT lower(name) FROM pragma_table_xinfo(?) WHERE "notnull" = 0`)
    .pluck()
    .all(table.name);
  return finalColumns(db, table)
    .filter(({ name, notNull, references }) => notNull && !references && open.includes(name))
    .map(({ name, defaultSql, type }) => ({
      reason: 'value-missing',
      isPlaced: true,
      when: `s.${name} IS NULL`,
      detail: `'${name} was not filled'`,
      // Two rows of '' would claim one place.
      set: `${name} = ${table.uniques.flat().includes(name) ? `'missing:' || coalesce(s.id, lower(hex(randomblob(8))))` : (defaultSql ?? (type === 'TEXT' ? `''` : '0'))}`,
    }));
}

/** References that may be empty: those to nothing become so. A '' says nothing and needs no word. */
function referenceRules(db: Db, table: CanonicalTable): Rule[] {
  return finalColumns(db, table)
    .filter(({ name, notNull, references }) => !notNull && references && columnExists(db, table.name, name))
    .flatMap(({ name, references }) => [
      {
        reason: 'reference-cleared',
        isPlaced: true,
        when: `(s.${name} <> '' AND ${leadsNowhere(db, `s.${name}`, references?.table ?? '')})`,
        detail: `'${name} named ' || ${shown(`s.${name}`)} || ', which is not in ${references?.table}'`,
        set: `${name} = NULL`,
      },
      {
        // Unless a row is really called so.
        ...{ reason: null, isPlaced: true, detail: `''`, set: `${name} = NULL` },
        when: `(s.${name} = '' AND ${leadsNowhere(db, `s.${name}`, references?.table ?? '')})`,
      },
    ])
    .map((rule) => ({ ...rule, when: `ifnull(${rule.when}, 0)` }))
    .toSorted((a, b) => Number(a.reason === null) - Number(b.reason === null));
}

const wordRules = (db: Db, table: CanonicalTable): Rule[] =>
  finalColumns(db, table)
    .filter(({ name, allowed }) => allowed !== undefined && columnExists(db, table.name, name))
    .filter(() => table.name !== 'asset_links')
    .map((column) => ({
      reason: 'word-not-listed',
      isPlaced: true,
      when: `ifnull(s.${column.name} NOT IN (${wordList(column)}), 0)`,
      detail: `'${column.name} is ' || ${shown(`s.${column.name}`)}`,
      set: null,
    }));
