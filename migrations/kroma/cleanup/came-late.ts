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
  const any = (conditions: readonly string[]) => conditions.map((when) => `ifnull(${when}, 0)`).join(' OR ') || '0';
  // In the letters of the file, as issue rows have them.
  const columns = columnNames(db, table).filter((name) => old.includes(name.toLowerCase()));
  const isSaid = columns.map((name) => `AND NOT (${isOther(heldValue('q.row_json', name), `s.${quoteName(name)}`)})`);
  const isNoted = `EXISTS (SELECT 1 FROM main._phasewise_quarantine AS q
    WHERE q.backfill_id = '${backfillOf(table)}' AND q.source_key IS s.id ${isSaid.join(' ')})`;
  return expectNone(
    db,
    `rows of ${table} that a program wrote under old names after the new ones had begun to lead`,
    `SELECT s.id FROM main.${quoteName(table)} AS s WHERE ${any(settled)} OR ((${any(noted)}) AND NOT ${isNoted})`,
  );
}
