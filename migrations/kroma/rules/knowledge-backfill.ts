import { inRange, rangeValues } from '@engine/migration.ts';
import type { Backfill, BackfillContext, Db, KeyRange } from '@engine/migration.ts';

/**
 * How the tables of phase 4 are filled and accounted for: every row stays, is filled as far as possible, and is reported
 * when something about it needs a person. Part of the migrations of phase 4 and as immutable as they are.
 */
export interface Filling {
  readonly table: string;
  readonly title: string;
  /** The columns to fill, as expressions over row `s`; those of columns that this file has. */
  values(db: Db): Readonly<Record<string, string>>;
  /** JSON columns, as they are once filled. */
  readonly json?: readonly string[];
  readonly parents?: readonly Parent[];
}

/** A reference that a row can't do without. */
export interface Parent {
  readonly column: string;
  readonly table: string;
  readonly reason: string;
}
export const itsProject: Parent = { column: 'project_id', table: 'projects', reason: 'project-missing' };

interface Issue {
  readonly reason: string;
  readonly where: string;
  readonly detailSql: string;
}

/** The backfill of a table; each of its rows is an issue row, or has been changed, or was right already. */
export const fillingOf = (filling: Filling): Backfill => ({
  name: filling.table,
  title: filling.title,
  source: filling.table,
  key: 'id',
  chunk: (db, range, context) => fill(db, range, context, filling),
});

function fill(db: Db, range: KeyRange, context: BackfillContext, filling: Filling) {
  const inChunk = inRange(range, 's.id');
  const bound = rangeValues(range);
  const values = filling.values(db);
  const issues = [
    ...(filling.parents ?? []).map(parentIssue),
    ...(filling.json ?? []).map((each) => jsonIssue(each, values[each])),
  ];
  const isOdd = anyOf(issues.map(({ where }) => where));
  const isOpen = anyOf(Object.entries(values).map(([column, value]) => `(${value}) IS NOT s.${column}`));
  const count = db
    .prepare<unknown[], { issueRows: number; moved: number; alreadyRight: number }>(
      `SELECT count(*) FILTER (WHERE odd) AS issueRows, count(*) FILTER (WHERE NOT odd AND open) AS moved,
         count(*) FILTER (WHERE NOT odd AND NOT open) AS alreadyRight
       FROM (SELECT ${isOdd} AS odd, ${isOpen} AS open FROM ${filling.table} AS s WHERE ${inChunk})`,
    )
    .get(bound) ?? { issueRows: 0, moved: 0, alreadyRight: 0 };
  for (const { reason, where, detailSql } of count.issueRows > 0 ? issues : []) {
    context.setAside({ reason, detailSql, where: `${inChunk} AND ${where}`, params: bound, isPlaced: true });
  }
  const set = Object.entries(values).map(([column, value]) => `${column} = ${value}`);
  if (set.length > 0)
    db.prepare(`UPDATE ${filling.table} AS s SET ${set.join(', ')} WHERE ${inChunk} AND ${isOpen}`).run(bound);
  return count;
}

const anyOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '0' : `(${conditions.join(' OR ')})`;

const parentIssue = ({ column, table, reason }: Parent): Issue => ({
  reason,
  where: `NOT EXISTS (SELECT 1 FROM ${table} AS p WHERE p.id = s.${column})`,
  detailSql: `'${column} names ' || s.${column} || ', which is not in ${table}'`,
});

/** Text that the program, which reads JSON as Python does, can't read; it accepts three literals that JSON has not. */
function jsonIssue(column: string, value = `s.${column}`): Issue {
  const text = `CAST(${value} AS TEXT)`;
  const plain = `replace(replace(replace(${text}, '-Infinity', '0'), 'Infinity', '0'), 'NaN', '0')`;
  return {
    reason: 'json-unreadable',
    where: `NOT (json_valid(${text}) OR json_valid(${plain}))`,
    detailSql: `'${column} is no JSON' || CASE WHEN json_error_position(${text}) > length(${text})
      THEN ': it breaks off after ' || length(${text}) || ' characters'
      WHEN json_error_position(${text}) > 0 THEN ' from character ' || json_error_position(${text}) || ' of ' || length(${text})
      ELSE '' END`,
  };
}
