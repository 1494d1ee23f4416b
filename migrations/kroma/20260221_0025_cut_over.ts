import { defineMigration, expectNone, quoteName, tableExists, type Backfill } from '@engine/migration.ts';
import { canonical } from './schema/canonical.ts';
import { cameLate } from './cleanup/came-late.ts';
import { dropNotedAgain, keepNotes } from './cleanup/kept-notes.ts';
import { candidateBackfill, userBackfill } from './cleanup/cut-over-twins.ts';
import { addStandIns, carryLateRows } from './cleanup/cut-over-late.ts';
import { backfillOf, openUniques, sharedPlaces, tablesInOrder } from './cleanup/cut-over-rules.ts';
import { removeSetAside, settleKeyless, tableBackfills } from './cleanup/cut-over-walk.ts';
import { isTurned, keptTriggers, switchTable, turningTriggers, withoutTriggers } from './cleanup/final-triggers.ts';
import { createMirrored } from './triggers/mirror.ts';

/**
 * Turns the direction: from here on the new names lead and the old ones only follow.
 * Why: before anything old can be removed, everything that it says must be in its new place or noted, whole; and a row
 * that the final rules cannot hold (below a row that is not there, a link to itself) must leave its table on purpose,
 * not as a side effect. Every table is walked once, parents first; rows without a place are noted, and leave together
 * with the triggers that carried old names over, in the last chunk: until then nothing is irreversible.
 * Projects never leave: a stand-in takes the place of an owner who is not there.
 * Done again where older programs wrote after the turn, before the old names went: until then later steps do not replace it.
 */
const createSwitch = `
  CREATE TABLE IF NOT EXISTS ${switchTable} (id TEXT PRIMARY KEY NOT NULL, is_turned INTEGER NOT NULL)`;

/** One step that must come after every walk: it has one row, so the walks' machinery counts it. */
const turn: Backfill = {
  name: 'direction',
  title: 'turning the direction from old to new names',
  source: switchTable,
  key: 'id',
  takesRowsOut: true,
  chunk(db) {
    for (const name of turningTriggers(db)) db.exec(`DROP TRIGGER ${quoteName(name)}`);
    withoutTriggers(db, keptTriggers(db), () => {
      // The parents' rows first: whoever is below one of them without an id of its own goes with it.
      for (const table of tablesInOrder) {
        settleKeyless(db, table);
        removeSetAside(db, table);
      }
    });
    dropNotedAgain(db, walks);
    db.exec(`UPDATE ${switchTable} SET is_turned = 1`);
    return { moved: 1, alreadyRight: 0, issueRows: 0 };
  },
};

/** The candidates' old table after the jobs and before the new table, whose rows follow theirs. */
const before = tableBackfills.findIndex(({ name }) => name === 'run_candidates');
const backfills = [
  userBackfill,
  ...tableBackfills.slice(0, before),
  candidateBackfill,
  ...tableBackfills.slice(before),
  turn,
];
const walks = backfills.map(({ name }) => backfillOf(name));

const changes = Object.fromEntries(
  canonical.map(({ name, columns, legacyColumns = {} }) => [
    name,
    [
      ...columns
        .filter(
          ({ legacyName, references, constraintsPhase }) =>
            legacyName !== undefined || references?.onDelete === 'SET NULL' || constraintsPhase !== undefined,
        )
        .map((column) => column.name),
      ...Object.keys(legacyColumns),
    ],
  ]),
);

export default defineMigration({
  phase: 5,
  kind: 'contract',
  title: 'Let the new names lead',
  what: [
    'Every row is looked at once more: what only an old name says is carried over, or noted with its whole row.',
    'Rows below a row that does not exist, links that lead nowhere and the like leave their tables; each is kept whole among the issue rows.',
    'A project whose owner does not exist gets a stand-in owner. References to files or runs that do not exist are emptied.',
    'The triggers that carried old names over to new ones are removed.',
  ],
  effect: {
    grows: ['app_users', 'users', 'project_storage', 'run_candidates', 'asset_links', 'quality_reports'],
    changes: { ...changes, run_job_candidates: [], users: [] },
    setsAside: canonical.map(({ name }) => name).filter((name) => name !== 'projects' && name !== 'app_users'),
  },
  supersedes: [
    ...['20260221_0001_rename_users', '20260221_0002_projects_owner_col', '20260221_0003_project_storage_table'],
    ...['20260221_0005_secrets_key_ref', '20260221_0007_assets_columns', '20260221_0009_runs_columns'],
    ...['20260221_0010_run_jobs_columns', '20260221_0011_rename_candidates', '20260221_0015_project_exports_cols'],
    ...['20260221_0017_index_updates', '20260221_0012_quality_reports', '20260221_0014_cost_events'],
    ...['20260221_0016_audit_events', '20260221_0004_provider_accounts', '20260221_0006_creative_knowledge'],
    ...['20260221_0008_asset_links', '20260221_0013_prompt_templates'],
  ],

  up(db, { now, runId }) {
    keepNotes(db, walks);
    db.exec(`${createMirrored};${createSwitch}`);
    carryLateRows(db, now);
    addStandIns(db, now);
    db.exec(`INSERT OR REPLACE INTO ${switchTable} (id, is_turned) VALUES ('direction', 0)`);
    return { shared: sharedPlaces(db).join(), begunBy: runId };
  },

  backfills,

  shape: (db) => [
    ...(tableExists(db, switchTable) ? [] : ['the direction was not turned']),
    ...(isTurned(db) ? turningTriggers(db).map((name) => `the trigger ${name} is back`) : []),
  ],

  verify: (db, proof) => [
    // The walks have only just asked; a cleanup that goes on asks what came since.
    ...(proof?.mayBeEdited === true ? cameLate(db) : []),
    ...expectNone(db, 'directions that were not turned', `SELECT id FROM ${switchTable} WHERE is_turned = 0`),
    ...tablesInOrder
      .filter(({ name }) => tableExists(db, name))
      .flatMap((table) => [
        ...expectNone(
          db,
          `rows of ${table.name} that were set aside and are still there`,
          `SELECT id FROM ${table.name} WHERE id IN (SELECT source_key FROM _phasewise_quarantine
             WHERE backfill_id = '${backfillOf(table.name)}' AND is_placed = 0 AND source_key IS NOT NULL)`,
        ),
        ...openUniques(db, table).flatMap((columns) =>
          expectNone(
            db,
            `rows of ${table.name} that share ${columns.join(' and ')}`,
            `SELECT max(id) FROM ${table.name} WHERE ${columns.map((name) => `${name} IS NOT NULL`).join(' AND ')}
             GROUP BY ${columns.join(', ')} HAVING count(*) > 1`,
          ),
        ),
      ]),
  ],
});
