import { columnExists, expectNone, tableExists, type Db, type ExitCriterion, type Finding } from '@engine/migration.ts';
import { accountsCriterion } from './accounts.ts';
import { isFilledByOriginal } from '../ledger.ts';

/**
 * Phase 2, by data: every candidate is judged, and nothing that the old columns of events say is missing in the new
 * ones. Written without the migrations' own SQL; rows with an issue are the only exception.
 */
const issues = (...tables: readonly string[]) =>
  `SELECT source_key FROM _phasewise_quarantine WHERE source_table IN (${tables.map((table) => `'${table}'`).join(', ')})
     AND source_key IS NOT NULL`;

const candidatesJudged: ExitCriterion = {
  id: 'candidates-judged',
  title: 'Every candidate has its quality report',
  cost: 'data',
  check(db, _schema, proof) {
    // A newer program adds candidates that nobody has judged yet: then only those from before are asked for.
    const moved = `SELECT max(started_at) FROM _phasewise_backfills WHERE migration_id LIKE '%quality!_reports' ESCAPE '!'`;
    const isOurs =
      proof?.mayBeEdited === true ? `AND NOT coalesce(julianday(c.created_at) > julianday((${moved})), 0)` : '';
    const findings = expectNone(
      db,
      'candidates without a report of what was measured',
      `
      SELECT c.id FROM run_candidates AS c JOIN run_jobs AS j ON j.id = c.job_id JOIN runs AS r ON r.id = j.run_id
      WHERE c.id IS NOT NULL ${isOurs}
        AND c.id NOT IN (SELECT candidate_id FROM quality_reports
          WHERE candidate_id IS NOT NULL AND report_type IN ('output_guard', 'model_score'))
        AND c.id NOT IN (${issues('run_candidates', 'run_job_candidates')})`,
    );
    const byType = db
      .prepare<[], string>(
        `SELECT report_type || ': ' || count(*) FROM quality_reports GROUP BY report_type ORDER BY 1`,
      )
      .pluck()
      .all();
    return verdict(findings, 'Every candidate that has a job and a run has one.', [
      { label: 'Reports by type', text: byType.join('\n') },
    ]);
  },
};

/** SQL over one table: what the old column says, and that the new one says nothing. */
interface Pair {
  readonly table: string;
  readonly legacy: string;
  readonly canonical: string;
  readonly says: string;
  readonly isSilent: string;
}
/** A reference to a row that is not there is not carried over: where references are enforced it could not be. */
const reference = (table: string, legacy: string, canonical: string, parent: string): Pair => ({
  ...{ table, legacy, canonical },
  says: `coalesce(${legacy}, '') <> '' AND ${legacy} IN (SELECT id FROM ${parent})`,
  isSilent: `coalesce(${canonical}, '') = ''`,
});
const word = (table: string, legacy: string, canonical: string): Pair => ({
  ...{ table, legacy, canonical },
  says: `coalesce(${legacy}, '') NOT IN ('', 'legacy_event')`,
  isSilent: `coalesce(${canonical}, '') IN ('', 'legacy_event')`,
});
const json = (table: string, legacy: string, canonical: string, says: string): Pair => ({
  ...{ table, legacy, canonical, says },
  isSilent: `coalesce(${canonical}, '') IN ('', '{}')`,
});
const pairs: readonly Pair[] = [
  reference('quality_reports', 'run_job_id', 'job_id', 'run_jobs'),
  reference('quality_reports', 'run_job_candidate_id', 'candidate_id', 'run_candidates'),
  json('quality_reports', 'rating', 'summary_json', `(rating <> 0 OR coalesce(notes, '') <> '')`),
  word('cost_events', 'event_type', 'operation_code'),
  {
    ...{ table: 'cost_events', legacy: 'amount_cents', canonical: 'cost_usd' },
    // What is infinite, or too small for its hundredth, no cost can say.
    says: `typeof(amount_cents) IN ('integer', 'real') AND abs(CAST(amount_cents AS REAL)) < 9e999 AND amount_cents / 100.0 <> 0`,
    isSilent: 'coalesce(cost_usd, 0) = 0',
  },
  json('cost_events', 'notes', 'meta_json', `coalesce(notes, '') <> ''`),
  word('audit_events', 'action', 'event_code'),
  json('audit_events', 'details_json', 'payload_json', `coalesce(details_json, '') NOT IN ('', '{}')`),
  reference('audit_events', 'user_id', 'actor_user_id', 'app_users'),
];

const nothingLost: ExitCriterion = {
  id: 'events-filled',
  title: 'No event lost what its old columns say',
  cost: 'data',
  check(db) {
    const present = pairs.filter(
      ({ table, legacy, canonical }) => columnExists(db, table, legacy) && columnExists(db, table, canonical),
    );
    const findings = present.flatMap(({ table, legacy, canonical, says, isSilent }) =>
      expectNone(
        db,
        `rows of ${table} with ${legacy} but without ${canonical}`,
        `
        SELECT id FROM ${table} WHERE id IS NOT NULL AND ${says} AND ${isSilent} AND id NOT IN (${issues(table)})`,
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

const ratingsAgree: ExitCriterion = {
  id: 'ratings-kept',
  title: 'Every rating and note that a person gave is in its report',
  cost: 'data',
  check(db, _schema, proof) {
    if (!columnExists(db, 'quality_reports', 'rating')) return verdict([], 'No old rating is left to compare with.');
    const mayDiffer = isFilledByOriginal(db) || proof?.mayBeEdited === true;
    const member = (name: string) =>
      `CASE WHEN json_valid(summary_json) THEN json_extract(summary_json, '$.${name}') END`;
    // JSON has no blobs: one is said as text.
    const said = (name: string) => `CASE typeof(${name}) WHEN 'blob' THEN CAST(${name} AS TEXT) ELSE ${name} END`;
    const given = `(rating <> 0 OR coalesce(notes, '') <> '')`;
    const findings = mayDiffer
      ? []
      : expectNone(
          db,
          'reports whose rating or note is not the one given',
          `
          SELECT id FROM quality_reports WHERE id IS NOT NULL AND ${given}
            AND (${member('rating')} IS NOT ${said('rating')} OR ${member('notes')} IS NOT ${said('notes')} OR report_type <> 'human_review')
            AND id NOT IN (${issues('quality_reports')})`,
        );
    const count = countOf(db, `SELECT count(*) FROM quality_reports WHERE ${given}`);
    return verdict(findings, `${number(count)} reports have a rating or a note of a person.`);
  },
};

const costsAgree: ExitCriterion = {
  id: 'costs-agree',
  title: 'Old and new amounts add up to the same',
  cost: 'data',
  check(db, _schema, proof) {
    const total = sumOf(db, 'SELECT sum(cost_usd) FROM cost_events');
    const events = countOf(db, 'SELECT count(*) FROM cost_events');
    const sums = [{ label: 'Sum of cost_usd', text: `${total.toFixed(4)} in ${number(events)} events` }];
    if (!columnExists(db, 'cost_events', 'amount_cents'))
      return verdict([], `No old amounts are left; ${number(events)} events cost ${total.toFixed(2)}.`, sums);
    // The program that wrote both rounded to whole cents, and there one side may have been changed on purpose.
    const mayDiffer = isFilledByOriginal(db) || proof?.mayBeEdited === true;
    // As a float: the smallest whole number has no absolute value, and infinite amounts would add up to no sum.
    const amount = 'CAST(amount_cents AS REAL)';
    const isNumber = `typeof(amount_cents) IN ('integer', 'real') AND abs(${amount}) < 9e999`;
    const findings = mayDiffer
      ? []
      : expectNone(
          db,
          'events whose amount differs by a cent or more',
          `
          SELECT id FROM cost_events WHERE id IS NOT NULL AND ${isNumber} AND abs(cost_usd * 100 - amount_cents) > 0.999 + abs(${amount}) * 1e-12
            AND id NOT IN (${issues('cost_events')})`,
        );
    const old = sumOf(db, `SELECT sum(${amount}) / 100 FROM cost_events WHERE ${isNumber}`);
    return verdict(
      findings,
      `${number(events)} events cost ${old.toFixed(2)} by their old amounts and ${total.toFixed(2)} by the new ones.`,
      [{ label: 'Sum of amount_cents / 100', text: old.toFixed(4) }, ...sums],
    );
  },
};

const runLogCoverage: ExitCriterion = {
  id: 'run-log-coverage',
  title: 'How far the run logs were found is stated',
  cost: 'data',
  check(db) {
    const runs = countOf(db, 'SELECT count(*) FROM runs');
    const alone = runs === 1 ? '1 run is known by its row alone' : `${number(runs)} runs are known by their rows alone`;
    if (!tableExists(db, '_phasewise_run_logs') || countOf(db, 'SELECT count(*) FROM _phasewise_run_logs') === 0)
      return verdict([], `No folder with run logs was chosen; ${alone}.`);
    const states = db
      .prepare<[], string>(
        `SELECT coalesce(l.state, 'not looked for') || ': ' || count(*) FROM runs AS r
         LEFT JOIN _phasewise_run_logs AS l ON l.run_id = r.id GROUP BY l.state ORDER BY 1`,
      )
      .pluck()
      .all();
    const noted = db
      .prepare<[], string>(
        `SELECT source_key || ': ' || reason || ' ' || detail FROM _phasewise_quarantine
         WHERE source_table = 'runs' AND reason LIKE 'log-%' ORDER BY source_key LIMIT 50`,
      )
      .pluck()
      .all();
    const unexplained = expectNone(
      db,
      'runs whose log is wrong and nobody was told',
      `
      SELECT run_id FROM _phasewise_run_logs WHERE state IN ('unreadable', 'differs')
        AND run_id IN (SELECT id FROM runs) AND run_id NOT IN (${issues('runs')})`,
    );
    return verdict(unexplained, `Of ${number(runs)} runs, by their log: ${states.join(', ')}.`, [
      { label: 'Runs by state of their log', text: states.join('\n') },
      ...(noted.length === 0 ? [] : [{ label: 'Logs with an issue', text: noted.join('\n') }]),
    ]);
  },
};

const accountsClose = accountsCriterion('event-accounts', 'Every row of the events is accounted for', [
  '0012',
  '0014',
  '0016',
]);

const number = (value: number): string => value.toLocaleString('en-US');
const countOf = (db: Db, sql: string): number => db.prepare<[], number>(sql).pluck().get() ?? 0;
const sumOf = (db: Db, sql: string): number => db.prepare<[], number | null>(sql).pluck().get() ?? 0;

/** Met when nothing was found; the queries are the evidence either way. */
function verdict(findings: readonly Finding[], whenMet: string, more: readonly { label: string; text: string }[] = []) {
  return {
    met: findings.length === 0,
    summary: findings.length === 0 ? whenMet : findings.map(({ what, count }) => `${count} ${what}`).join('; ') + '.',
    evidence: [
      { label: 'Result', text: findings.length === 0 ? whenMet : `${findings.length} findings` },
      ...findings.flatMap(({ what, count, sampleKeys, sql }) => [
        { label: what, text: `${count} rows, e.g. ${sampleKeys.join(', ')}` },
        { label: 'SQL', text: sql.trim() },
      ]),
      ...more,
    ],
  };
}

export const eventDataCriteria: readonly ExitCriterion[] = [
  candidatesJudged,
  nothingLost,
  ratingsAgree,
  costsAgree,
  runLogCoverage,
  accountsClose,
];
