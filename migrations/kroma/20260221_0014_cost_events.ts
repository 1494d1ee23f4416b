import {
  addColumn,
  defineMigration,
  ensureTriggers,
  expectNone,
  inRange,
  missingColumns,
  rangeValues,
  tableExists,
  wrongTriggers,
} from '@engine/migration.ts';
import type { BackfillContext, Db, KeyRange } from '@engine/migration.ts';
import {
  costFollowTriggers,
  costOf,
  costReferenceTriggers,
  costTriggers,
  isAmount,
  isUnnamed,
  metaOf,
  operationOf,
} from './triggers/cost-triggers.ts';
import { namesMissing } from './rules/details.ts';
import { ensureEventIndexes, missingIndexes } from './rules/event-indexes.ts';
import { ensureMirrors, isCutOver, wrongMirrors } from './triggers/mirror-triggers.ts';
import { laterReportIndexes } from './rules/quality-shape.ts';
import { saysNothing } from './rules/quality-summary.ts';
import { createRunLogs, takeRunLogs } from './run-logs/run-log-history.ts';

/**
 * Gives every cost its canonical columns: operation_code, cost_usd and meta_json from event_type, amount_cents and notes
 * (rules K1 to K5). The table is made where it is missing. Then every run log that can be found is read once, for what it
 * says about costs, about results of the guard that the quality reports lack, and about the start of its run.
 * The indexes of the quality reports are made here too, now that the reports are there.
 * Why: the original added the new columns with defaults, took them for filled, and so every old cost read
 * legacy_event, 0 dollars, no note (D2); and its upgrade never looked into a log.
 * Who provided something, and how many units of it, no old row knows: unknown and 0. A blank operation stays blank in
 * the old column and is legacy_event in the new one.
 */
const createCostEvents = `
  CREATE TABLE cost_events (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    run_id TEXT REFERENCES runs(id) ON DELETE SET NULL,
    provider_code TEXT NOT NULL,
    operation_code TEXT NOT NULL,
    units REAL NOT NULL DEFAULT 0,
    cost_usd REAL NOT NULL DEFAULT 0,
    currency TEXT NOT NULL DEFAULT 'USD',
    meta_json TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL
  )`;

/** With a default where ALTER TABLE wants one; the last phase puts that right. */
const columns = {
  provider_code: `TEXT NOT NULL DEFAULT 'unknown'`,
  operation_code: `TEXT NOT NULL DEFAULT 'legacy_event'`,
  units: 'REAL NOT NULL DEFAULT 0',
  cost_usd: 'REAL NOT NULL DEFAULT 0',
  meta_json: `TEXT NOT NULL DEFAULT '{}'`,
};
const names = Object.keys(columns) as (keyof typeof columns)[];
const indexesOf = (db: Db): Readonly<Record<string, readonly string[]>> => ({
  cost_events: ['project_id,created_at DESC', 'run_id'],
  quality_reports: laterReportIndexes(db),
});

const hasLegacyColumns = (db: Db) =>
  missingColumns(db, 'cost_events', ['event_type', 'amount_cents', 'notes']).length === 0;
/** The triggers by direction. */
const mirrorsOf = (db: Db) =>
  hasLegacyColumns(db) ? ([costTriggers, costFollowTriggers] as const) : ([{}, {}] as const);

/** The columns of cost `s` as they are to be, where it has its old ones too. */
const fromLegacy = {
  operation_code: `CASE WHEN ${isUnnamed('s.operation_code')} THEN ${operationOf('s.event_type')} ELSE s.operation_code END`,
  cost_usd: `CASE WHEN s.cost_usd = 0 THEN ${costOf('s.amount_cents')} ELSE s.cost_usd END`,
  meta_json: `CASE WHEN ${saysNothing('s.meta_json')} THEN ${metaOf('s.notes')} ELSE s.meta_json END`,
};
const always = {
  provider_code: `CASE WHEN ifnull(s.provider_code, '') = '' THEN 'unknown' ELSE s.provider_code END`,
  currency: `CASE WHEN ifnull(s.currency, '') = '' THEN 'USD' ELSE s.currency END`,
};

/** Fills the costs of a range; those with an unreadable amount or JSON, or without their project, are reported. */
function fillCosts(db: Db, range: KeyRange, context: BackfillContext) {
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const hasLegacy = hasLegacyColumns(db);
  const target = Object.entries(hasLegacy ? { ...always, ...fromLegacy } : always);
  const isOpen = `(${target.map(([name, value]) => `(${value}) IS NOT s.${name}`).join(' OR ')})`;
  const issues = [
    {
      reason: 'project-missing',
      where: `NOT EXISTS (SELECT 1 FROM projects AS p WHERE p.id = s.project_id)`,
      detailSql: namesMissing('project', 's.project_id'),
    },
    {
      reason: 'amount-unreadable',
      where: hasLegacy ? `NOT ${isAmount('s.amount_cents')}` : '0',
      detailSql: hasLegacy ? `'amount_cents is ' || quote(substr(s.amount_cents, 1, 80))` : `''`,
    },
    {
      reason: 'json-unreadable',
      where: `(NOT ${saysNothing('s.meta_json')} AND NOT json_valid(s.meta_json))`,
      detailSql: `'meta_json is no JSON, it begins ' || substr(CAST(s.meta_json AS TEXT), 1, 40)`,
    },
  ];
  const count = db
    .prepare<unknown[], { issueRows: number; moved: number; alreadyRight: number }>(
      `SELECT count(*) FILTER (WHERE issue) AS issueRows, count(*) FILTER (WHERE NOT issue AND open) AS moved,
         count(*) FILTER (WHERE NOT issue AND NOT open) AS alreadyRight
       FROM (SELECT ${issues.map(({ where }) => `(${where})`).join(' OR ')} AS issue, ${isOpen} AS open
         FROM cost_events AS s WHERE ${inChunk})`,
    )
    .get(values) ?? { issueRows: 0, moved: 0, alreadyRight: 0 };
  for (const { where, ...issue } of count.issueRows > 0 ? issues : [])
    context.setAside({ ...issue, where: `${inChunk} AND (${where})`, params: values, isPlaced: true });
  const set = target.map(([name, value]) => `${name} = ${value}`).join(', ');
  db.prepare(`UPDATE cost_events AS s SET ${set} WHERE ${inChunk} AND ${isOpen}`).run(values);
  return count;
}

export default defineMigration({
  phase: 2,
  kind: 'expand',
  title: 'Give every cost its operation and its amount, and read the run logs',
  what: [
    'The table cost_events gets provider_code, operation_code, units, cost_usd and meta_json, filled from its old columns; it is added where it is missing.',
    'Every run log that is found is read: costs that it names are added, results of the output guard complete the quality reports, and the start of the run is filled.',
    'The old columns stay as they are; whichever side a program writes, the other follows.',
  ],
  effect: {
    grows: ['cost_events'],
    changes: { cost_events: [...names, 'currency'], quality_reports: ['summary_json'], runs: ['started_at'] },
  },

  up(db, { sourceFiles }) {
    if (!tableExists(db, 'cost_events')) db.exec(createCostEvents);
    for (const name of names) addColumn(db, 'cost_events', name, columns[name]);
    for (const [table, indexes] of Object.entries(indexesOf(db))) ensureEventIndexes(db, table, indexes);
    ensureMirrors(db, ...mirrorsOf(db));
    if (!isCutOver(db)) ensureTriggers(db, costReferenceTriggers);
    db.exec(createRunLogs);
    if (sourceFiles) db.exec('DELETE FROM _phasewise_run_logs');
  },

  backfills: [
    {
      name: 'costs',
      title: 'filling the canonical columns of cost events',
      source: 'cost_events',
      key: 'id',
      chunk: fillCosts,
    },
    { name: 'run-logs', title: 'reading the run logs', source: 'runs', key: 'id', chunk: takeRunLogs },
  ],

  shape: (db) => [
    ...missingColumns(db, 'cost_events', ['id', 'project_id', 'run_id', 'currency', ...names, 'created_at']).map(
      (column) => `cost_events has no column ${column}`,
    ),
    ...Object.entries(indexesOf(db)).flatMap(([table, indexes]) =>
      missingIndexes(db, table, indexes).map((index) => `the index on ${table}(${index}) is missing`),
    ),
    ...wrongMirrors(db, ...mirrorsOf(db)),
    ...(isCutOver(db) ? [] : wrongTriggers(db, costReferenceTriggers)),
  ],

  // An infinite amount, or one too small for its hundredth, has no cost: it has its issue row.
  verify: (db) =>
    hasLegacyColumns(db)
      ? [
          ...expectNone(
            db,
            'costs whose operation, amount or note stands in the old column only',
            `
            SELECT id FROM cost_events WHERE id IS NOT NULL
              AND ((length(event_type) > 0 AND event_type <> 'legacy_event' AND operation_code IN ('', 'legacy_event'))
                OR (typeof(amount_cents) IN ('integer', 'real') AND amount_cents BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308
                  AND amount_cents / 100.0 <> 0 AND cost_usd = 0)
                OR (length(notes) > 0 AND meta_json IN ('', '{}')))`,
          ),
          ...expectNone(
            db,
            'costs without a currency',
            `SELECT id FROM cost_events WHERE id IS NOT NULL AND coalesce(length(currency), 0) = 0`,
          ),
        ]
      : [],
});
