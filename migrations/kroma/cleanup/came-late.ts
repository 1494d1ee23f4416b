import { columnNames, expectNone, quoteName, tableExists, type Db, type Finding } from '@engine/migration.ts';
import { heldValue } from './carried-keyless.ts';
import { fileColumns, homelessProjects, plainColumns, storelessProjects, userColumns } from './cut-over-late.ts';
import { backfillOf, rulesOf, sharedPlaces, tablesInOrder, type Rule } from './cut-over-rules.ts';
import { candidateRules, userRules } from './cut-over-twins.ts';
import { isOther, oldValuesOf } from './cut-over-values.ts';
import { removedColumns } from './final-schema.ts';

/**
 * What a program that knows only the old names wrote after the direction was turned, when nothing carried it over any
 * more: a cleanup that was stopped leaves room for that. The rules are those of the cut-over's walks, which have
 * settled every row or noted it whole. What they would say anew is no more than what came since, so that the cut-over
 * is done again; and nothing is removed while there is any. Part of the contracting migrations.
 */
export function cameLate(db: Db): Finding[] {
  const shared = sharedPlaces(db);
  return [
    ...lateInTwin(db, 'users', userColumns, userRules),
    ...lateInTwin(db, 'run_job_candidates', [...plainColumns, ...Object.keys(fileColumns)], candidateRules),
    ...expectNone(db, 'projects of an owner who is not there', homelessProjects),
    ...expectNone(db, 'projects that do not say where their files lie', storelessProjects),
    ...tablesInOrder
      .filter(({ name }) => tableExists(db, name))
      .flatMap((table) => {
        const rules = rulesOf(db, table, shared);
        // The walk has put these right, or the row has left.
        const isSettled = ({ set, isPlaced }: Rule) => set !== null || !isPlaced;
        const settled = [
          ...rules.filter(isSettled).map(({ when }) => when),
          ...oldValuesOf(db, table.name).map(({ isLate }) => isLate),
        ];
        const noted = rules.filter((rule) => !isSettled(rule)).map(({ when }) => when);
        return late(db, table.name, removedColumns(db, table), { settled, noted });
      }),
  ];
}

/**
 * Asked before anything is removed. Nobody else could write in a run that began the walks itself.
 * @throws Error naming what came late; the next start does the cut-over again.
 */
export function assertNothingLate(db: Db, runId: string): void {
  if (begunBy(db) === runId) return;
  const [found] = cameLate(db);
  if (found === undefined) return;
  throw new Error(
    `${found.count} ${found.what}: ${found.sampleKeys.join(', ')}. Nothing was removed; start again, and they are carried over first`,
  );
}

/** The run whose walks the cut-over's accounts are of: the cut-over leaves it among their facts. */
const begunBy = (db: Db): string | undefined =>
  db
    .prepare<[string], string>(`SELECT facts_json ->> 'begunBy' FROM _phasewise_backfills WHERE id = ?`)
    .pluck()
    .get(backfillOf('direction'));

/** Rows without a place stay in these two until the tables go: all that counts is whether they were noted. */
function lateInTwin(db: Db, table: string, columns: readonly string[], rulesFor: (db: Db) => Rule[]): Finding[] {
  if (!tableExists(db, table)) return [];
  return late(db, table, columns, { settled: [], noted: rulesFor(db).map(({ when }) => when) });
}

interface Conditions {
  /** Over the alias `s`; never true of a row that the walk has seen. */
  readonly settled: readonly string[];
  /** True of a row that the walk has seen only if it was noted, with what its old columns say. */
  readonly noted: readonly string[];
}

function late(db: Db, table: string, old: readonly string[], { settled, noted }: Conditions): Finding[] {
  const any = (conditions: readonly string[]) =>
    `(${conditions.map((when) => `ifnull(${when}, 0)`).join(' OR ') || '0'})`;
  // In the letters of the file, as issue rows have them.
  const columns = columnNames(db, table).filter((name) => old.includes(name.toLowerCase()));
  const isSaid = columns.map((name) => `AND NOT (${isOther(heldValue('q.row_json', name), `s.${quoteName(name)}`)})`);
  const isNoted = `EXISTS (SELECT 1 FROM main._phasewise_quarantine AS q
    WHERE q.backfill_id = '${backfillOf(table)}' AND q.source_key = s.id ${isSaid.join(' ')})`;
  const what = `rows of ${table} that a program wrote under old names after the new ones had begun to lead`;
  const from = `FROM main.${quoteName(table)} AS s`;
  const isOpen = `${any(noted)} AND NOT ${any(settled)}`;
  return [
    ...expectNone(
      db,
      what,
      `SELECT ifnull(s.id, 'without id') AS id ${from} WHERE ${any(settled)} OR (s.id IS NOT NULL AND ${any(noted)} AND NOT ${isNoted})`,
    ),
    ...unnotedKeyless(db, { table, what, columns, open: `${from} WHERE s.id IS NULL AND ${isOpen}` }),
  ];
}

interface Keyless {
  readonly table: string;
  readonly what: string;
  /** What an issue row must say of a row. */
  readonly columns: readonly string[];
  /** FROM and WHERE of the rows `s` that must have been noted. */
  readonly open: string;
}

/**
 * Rows without an id cannot be found among the issue rows one by one: equal ones are counted on both sides, in one sort,
 * as `keylessLost` does.
 */
function unnotedKeyless(db: Db, { table, what, columns, open }: Keyless): Finding[] {
  if (db.prepare(`SELECT 1 ${open} LIMIT 1`).get() === undefined) return [];
  const names = columns.map((_, at) => `c${at}`);
  const listed = (of: (name: string) => string) => columns.map((name, at) => `${of(name)} AS c${at}, `).join('');
  const rows = `SELECT ${listed((name) => `+s.${quoteName(name)}`)} s.rowid AS place ${open}
    UNION ALL SELECT ${listed((name) => heldValue('q.row_json', name))} NULL FROM main._phasewise_quarantine AS q
      WHERE q.backfill_id = '${backfillOf(table)}' AND q.source_key IS NULL`;
  const equal = names.length === 0 ? '' : `GROUP BY ${names.map((name) => `${name} COLLATE BINARY`).join(', ')}`;
  const sql = `SELECT 'without id, in place ' || min(place) AS place, 2 * count(place) - count(*) AS missing
    FROM (${rows}) ${equal} HAVING count(place) * 2 > count(*)`;
  const count = db.prepare<[], number>(`SELECT coalesce(sum(missing), 0) FROM (${sql})`).pluck().get() ?? 0;
  if (count === 0) return [];
  const sampleKeys = db.prepare<[], string>(`SELECT place FROM (${sql}) LIMIT 5`).pluck().all();
  return [{ what, count, sampleKeys, sql }];
}
