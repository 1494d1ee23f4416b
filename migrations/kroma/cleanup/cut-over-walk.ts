import { columnExists, inRange, quoteName, rangeValues, tableExists } from '@engine/migration.ts';
import type { Backfill, BackfillContext, CanonicalTable, ChunkCount, Db, KeyRange } from '@engine/migration.ts';
import { isStandIn } from './cut-over-late.ts';
import { cutOverId, rulesOf, tablesInOrder, type Rule } from './cut-over-rules.ts';
import { writeQuietly } from '../triggers/mirror.ts';

/**
 * One walk per table before the old names go. Every row is classified once, by the most serious thing about it: it has
 * no place in the final table (set aside, still where it is until the direction turns), something about it is worth a
 * look, it is put right without a word, or it is right. Part of the cut-over and as immutable as it is.
 */
export const tableBackfills: readonly Backfill[] = tablesInOrder.map((table) => ({
  name: table.name,
  title: `looking at ${table.name} before the old names go`,
  source: table.name,
  key: 'id',
  chunk: (db, range, context) => walk(db, table, range, context),
}));

function walk(db: Db, table: CanonicalTable, range: KeyRange, context: BackfillContext): ChunkCount {
  const owner = table.name === 'projects' ? [ownerRule] : [];
  const shared = String(context.facts['shared'] ?? '').split(',');
  return applyRules(db, table.name, [...owner, ...rulesOf(db, table, shared)], range, context);
}

/**
 * Classifies the rows of a range by these rules and puts right what can be put right. No row is added anywhere: the
 * number of rows that every walk expects is fixed before the first one.
 */
export function applyRules(
  db: Db,
  table: string,
  rules: readonly Rule[],
  range: KeyRange,
  context: BackfillContext,
): ChunkCount {
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const name = quoteName(table);
  const holds = rules.map(({ when }) => `ifnull(${when}, 0)`);
  const place =
    rules.length === 0 ? '-1' : `CASE ${holds.map((when, at) => `WHEN ${when} THEN ${at}`).join(' ')} ELSE -1 END`;
  const found = new Map(
    db
      .prepare<unknown[], [number, number]>(
        `SELECT ${place} AS place, count(*) FROM ${name} AS s WHERE ${inChunk} GROUP BY 1`,
      )
      .raw()
      .all(values),
  );
  const count: ChunkCount = { moved: 0, alreadyRight: found.get(-1) ?? 0, issueRows: 0 };
  const detailSql = `rtrim(${rules.map(({ detail, reason }, at) => (reason === null ? `''` : `CASE WHEN ${holds[at]} THEN ${detail} || '; ' ELSE '' END`)).join(' || ')}, '; ')`;
  for (const [at, { reason, isPlaced }] of rules.entries()) {
    const rows = found.get(at) ?? 0;
    if (rows === 0) continue;
    if (reason === null) count.moved += rows;
    // A row that has an issue already keeps it, so going from the most serious to the least is all that is needed.
    else count.issueRows += context.setAside({ reason, detailSql, where: holds[at] ?? '0', isPlaced });
  }
  if (found.size === (found.has(-1) ? 1 : 0)) return count;
  writeQuietly(db, [table], () => {
    for (const [at, { set }] of rules.entries()) {
      if (set !== null) db.prepare(`UPDATE ${name} AS s SET ${set} WHERE ${inChunk} AND ${holds[at]}`).run(values);
    }
  });
  return count;
}

/** The owner was not there: a stand-in took the place before the walk. */
const ownerRule: Rule = {
  reason: 'owner-missing',
  isPlaced: true,
  when: `EXISTS (SELECT 1 FROM app_users AS a WHERE a.id = s.owner_user_id AND ${isStandIn('a')})`,
  detail: `'its owner “' || substr(s.owner_user_id, 1, 80) || '” is a stand-in for one who is not there'`,
  set: null,
};

/** Rows without an id can't be walked. What they refer to and what is not there is emptied, or they leave whole. */
export function settleKeyless(db: Db, table: CanonicalTable): void {
  if (!tableExists(db, table.name) || !columnExists(db, table.name, 'id')) return;
  const isKeyless = `s.id IS NULL`;
  if (db.prepare(`SELECT 1 FROM ${table.name} AS s WHERE ${isKeyless} LIMIT 1`).get() === undefined) return;
  for (const { when, set, isPlaced, reason } of rulesOf(db, table, [])) {
    const where = `${isKeyless} AND ifnull(${when}, 0)`;
    if (set !== null) db.exec(`UPDATE ${table.name} AS s SET ${set} WHERE ${where}`);
    if (reason !== null && !isPlaced) db.exec(`DELETE FROM ${table.name} AS s WHERE ${where}`);
  }
}

/** The rows that have no place leave their tables, children first or last alike: nothing refers to them any more. */
export function removeSetAside(db: Db, table: CanonicalTable): void {
  if (!tableExists(db, table.name)) return;
  db.prepare(
    `DELETE FROM ${table.name} WHERE id IN (SELECT source_key FROM _phasewise_quarantine
       WHERE backfill_id = ? AND is_placed = 0 AND source_key IS NOT NULL)`,
  ).run(`${cutOverId}/${table.name}`);
}
