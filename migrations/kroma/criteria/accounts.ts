import { expectNone, tableExists, type ExitCriterion } from '@engine/migration.ts';

/**
 * Met when every account of these migrations adds up, and every issue row that they count is recorded. Only theirs: a
 * later phase may be in the middle of its own.
 * @param numbers of the migrations, e.g. '0011'
 */
export function accountsCriterion(id: string, title: string, numbers: readonly string[]): ExitCriterion {
  const theirs = `substr(migration_id, 10, 4) IN (${numbers.map((number) => `'${number}'`).join(', ')})`;
  return {
    id,
    title,
    cost: 'data',
    check(db) {
      if (!tableExists(db, '_phasewise_backfills'))
        return { met: false, summary: 'No row has been moved yet.', evidence: [] };
      const findings = [
        ...expectNone(
          db,
          'accounts that do not add up',
          `
          SELECT id FROM _phasewise_backfills
          WHERE ${theirs} AND (expected <> moved + already_right + issue_rows OR state <> 'done')`,
        ),
        ...expectNone(
          db,
          'accounts whose issue rows are not all recorded',
          `
          SELECT b.id FROM _phasewise_backfills AS b
          WHERE ${theirs} AND b.issue_rows <> (SELECT count(*) FROM _phasewise_quarantine AS q WHERE q.backfill_id = b.id)`,
        ),
      ];
      const lines = db
        .prepare<[], string>(
          `SELECT id || ': ' || expected || ' = ' || moved || ' moved + ' || already_right || ' already right + ' || issue_rows || ' noted'
           FROM _phasewise_backfills WHERE ${theirs} ORDER BY id`,
        )
        .pluck()
        .all();
      const isMet = findings.length === 0 && lines.length > 0;
      const whenUnmet = findings.map(({ what, count }) => `${count} ${what}`).join('; ') || 'There is no account';
      return {
        met: isMet,
        summary: isMet ? `${lines.length} accounts add up.` : `${whenUnmet}.`,
        evidence: [
          ...findings.flatMap(({ what, count, sampleKeys, sql }) => [
            { label: what, text: `${count} rows, e.g. ${sampleKeys.join(', ')}` },
            { label: 'SQL', text: sql.trim() },
          ]),
          { label: 'Accounts', text: lines.join('\n') },
        ],
      };
    },
  };
}
