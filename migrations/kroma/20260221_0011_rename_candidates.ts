import {
  defineMigration,
  expectNone,
  inRange,
  isRecorded,
  missingColumns,
  rangeValues,
  tableExists,
} from '@engine/migration.ts';
import type { Backfill, BackfillContext, Db, KeyRange } from '@engine/migration.ts';
import { candidateFollowTriggers } from './triggers/candidate-follows.ts';
import { candidateTriggers } from './triggers/candidate-triggers.ts';
import {
  createClaims,
  instantOf,
  isAstray,
  lacksFile,
  noteClaims,
  setAstrayAside,
  setNamelessAside,
  settleClaims,
  unreadableTime,
} from './rules/claims.ts';
import { claimsOfJobs, finalFileBackfills, namelessJobs } from './rules/final-files.ts';
import { jobFollowTriggers, jobTriggers } from './triggers/job-triggers.ts';
import { isFilledByOriginal } from './ledger.ts';
import { isFound, itsRun, setLostAside } from './rules/lost-candidates.ts';
import { writeQuietly } from './triggers/mirror.ts';
import { ensureMirrors, wrongMirrors } from './triggers/mirror-triggers.ts';
import { assetOf, cleaned } from './rules/path-rule.ts';
import { preparedOnce } from './rules/prepared.ts';

/**
 * Gives every candidate a row in run_candidates, the new name of run_job_candidates, which names files by their asset
 * instead of their path; then every job its final file (rules RC, C.3 and C.5.2).
 * Why: a path says nothing about the file, and many candidates name the same one.
 * A path that names no registered file gets one, credited to the first row that names it (D11). Candidates without a
 * job or a run, and such whose number another candidate has, are set aside with their whole row (D6, D7).
 * Rows that the original's own backfill, or this one, has filled are not overwritten; what is empty is filled (D5).
 */
const id = '20260221_0011_rename_candidates';

const createRunCandidates = `
  CREATE TABLE run_candidates (
    id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES run_jobs(id) ON DELETE CASCADE,
    candidate_index INTEGER NOT NULL,
    status TEXT NOT NULL,
    output_asset_id TEXT REFERENCES assets(id) ON DELETE SET NULL,
    final_asset_id TEXT REFERENCES assets(id) ON DELETE SET NULL,
    rank_hard_failures INTEGER NOT NULL DEFAULT 0,
    rank_soft_warnings INTEGER NOT NULL DEFAULT 0,
    rank_avg_chroma_exceed REAL NOT NULL DEFAULT 0,
    meta_json TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL,
    UNIQUE (job_id, candidate_index)
  )`;
const columns = [
  'id', 'job_id', 'candidate_index', 'status', 'output_asset_id', 'final_asset_id',
  'rank_hard_failures', 'rank_soft_warnings', 'rank_avg_chroma_exceed', 'meta_json', 'created_at',
] as const; // prettier-ignore

type Mode = 'keep' | 'fill';
const modeOf = (db: Db, { facts }: BackfillContext): Mode =>
  facts['mode'] === 'keep' || isRecorded(db, id) ? 'keep' : 'fill';

const isEmpty = (value: string) => `ifnull(${value}, '') = ''`;
const output = cleaned('s.output_path');
const final = cleaned('s.final_output_path');
const taken: Record<Mode, string> = {
  fill: `EXISTS (SELECT 1 FROM run_candidates AS o WHERE o.job_id = s.job_id AND o.candidate_index = s.candidate_index AND o.id IS NOT s.id)`,
  keep: `(NOT EXISTS (SELECT 1 FROM run_candidates AS t WHERE t.id = s.id) AND EXISTS (SELECT 1 FROM run_candidates AS o
    WHERE o.job_id = s.job_id AND o.candidate_index = s.candidate_index AND o.id IS NOT s.id))`,
};

/** A file that needs nothing any more: nobody has to claim it. */
const isComplete = (
  path: string,
) => `EXISTS (SELECT 1 FROM assets AS a WHERE a.project_id = r.project_id AND a.storage_uri = ${path}
    AND a.run_id <> '' AND a.job_id <> '' AND a.candidate_id <> '')`;

/**
 * First pass: which files the candidates of a range name. Both paths of a candidate in one walk, and the cheapest
 * question that says no to most of them first: nearly every file is registered and complete.
 */
function noteCandidateFiles(db: Db, range: KeyRange, context: BackfillContext) {
  const mode = modeOf(db, context);
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const wants = (column: string) => (mode === 'fill' ? '1' : `(t.id IS NULL OR ${lacksFile(`t.${column}`)})`);
  const path = `CASE k.slot WHEN 0 THEN ${output} ELSE ${final} END`;
  const isWanted = `CASE k.slot WHEN 0 THEN ${wants('output_asset_id')}
      ELSE ${wants('final_asset_id')} AND NOT (${wants('output_asset_id')} AND ${final} = ${output}) END`;
  const claims = `
    SELECT r.project_id, ${path} AS path, ${instantOf('s.created_at')}, ${unreadableTime('s.created_at')}, s.id, k.slot, r.id, j.id, s.id
    FROM run_job_candidates AS s JOIN run_jobs AS j ON j.id = s.job_id JOIN runs AS r ON r.id = j.run_id
      LEFT JOIN run_candidates AS t ON t.id = s.id CROSS JOIN (SELECT 0 AS slot UNION ALL SELECT 1) AS k
    WHERE ${inChunk} AND ${isWanted} AND ${path} <> '' AND NOT ${isComplete(path)} AND NOT ${taken[mode]}`;
  const count = db
    .prepare<unknown[], { rows: number; moved: number }>(
      `SELECT count(*) AS rows, count(*) FILTER (WHERE ${output} <> '' OR ${final} <> '') AS moved
       FROM run_job_candidates AS s WHERE ${inChunk}`,
    )
    .get(values) ?? { rows: 0, moved: 0 };
  db.prepare(noteClaims('_phasewise_claims', claims)).run(values);
  return { moved: count.moved, alreadyRight: count.rows - count.moved, issueRows: 0 };
}

/** What a candidate would change in the row that is there already. `t` is that row, `s` the candidate, `r` its run. */
const plain = columns.filter((column) => !/^id$|_asset_id$|^created_at$/.test(column));
const file = (path: string) => assetOf('r.project_id', path);
const changes: Record<Mode, string> = {
  fill: `(${plain.map((column) => `t.${column} IS NOT s.${column}`).join(' OR ')}
    OR t.output_asset_id IS NOT ${file(output)} OR t.final_asset_id IS NOT ${file(final)})`,
  keep: `((${lacksFile('t.output_asset_id')} AND ${file(output)} IS NOT NULL) OR (${lacksFile('t.final_asset_id')} AND ${file(final)} IS NOT NULL))`,
};
const set: Record<Mode, string> = {
  fill: `${plain.map((column) => `${column} = s.${column}`).join(', ')}, output_asset_id = ${file(output)}, final_asset_id = ${file(final)}`,
  keep: `output_asset_id = CASE WHEN ${lacksFile('t.output_asset_id')} THEN coalesce(${file(output)}, nullif(t.output_asset_id, '')) ELSE t.output_asset_id END,
    final_asset_id = CASE WHEN ${lacksFile('t.final_asset_id')} THEN coalesce(${file(final)}, nullif(t.final_asset_id, '')) ELSE t.final_asset_id END`,
};
/** A path without a file: its project does not exist, or the file has no id to refer to. */
const unplacedFile = `((${isEmpty('t.output_asset_id')} AND ${output} <> '') OR (${isEmpty('t.final_asset_id')} AND ${final} <> ''))`;
/** A reference that leads nowhere, where no path says better. Only rows that were there already can have one. */
const astray = `(SELECT CASE WHEN ${isAstray('t.output_asset_id')} THEN t.output_asset_id WHEN ${isAstray('t.final_asset_id')} THEN t.final_asset_id END
  FROM run_candidates AS t WHERE t.id = s.id)`;

const placed = `FROM run_job_candidates AS s JOIN run_jobs AS j ON j.id = s.job_id JOIN runs AS r ON r.id = j.run_id`;
const isMissing = `NOT EXISTS (SELECT 1 FROM run_candidates AS t WHERE t.id = s.id)`;
const insert = (condition: string) => `
  INSERT INTO run_candidates (${columns.join(', ')})
  SELECT s.id, s.job_id, s.candidate_index, s.status, ${file(output)}, ${file(final)},
    s.rank_hard_failures, s.rank_soft_warnings, s.rank_avg_chroma_exceed, s.meta_json, s.created_at
  ${placed} WHERE ${condition}`;

/** Third pass: the candidates themselves. */
function copyCandidates(db: Db, range: KeyRange, context: BackfillContext) {
  const mode = modeOf(db, context);
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const count = (sql: string) => db.prepare<unknown[], number>(`SELECT count(*) ${sql}`).pluck().get(values) ?? 0;

  const rows = count(`FROM run_job_candidates AS s WHERE ${inChunk}`);
  const hasTwins = count(`FROM run_candidates AS s WHERE ${inChunk}`) > 0;
  let lost = 0;
  let right = 0;
  if (hasTwins) {
    lost = setLostAside(db, context, inChunk, values, taken[mode]);
    right = count(
      `${placed} JOIN run_candidates AS t ON t.id = s.id WHERE ${inChunk} AND ${isFound} AND NOT ${changes[mode]} AND NOT ${unplacedFile} AND ${astray} IS NULL`,
    );
    preparedOnce(
      db,
      `UPDATE run_candidates AS t SET ${set[mode]} ${placed} WHERE t.id = s.id AND ${inChunk} AND ${isFound} AND ${changes[mode]}`,
    ).run(values);
    preparedOnce(db, insert(`${inChunk} AND ${isFound} AND ${isMissing}`)).run(values);
  } else {
    // Whoever is not there afterwards has no place. Looking for them first would read every job and run twice.
    const inserted = preparedOnce(db, insert(`${inChunk} AND NOT ${taken[mode]}`)).run(values).changes;
    if (inserted < rows) lost = setLostAside(db, context, inChunk, values, isMissing);
  }
  const nameless = `SELECT t.id FROM run_candidates AS t CROSS JOIN run_job_candidates AS s ON s.id = t.id
    WHERE ${inRange(range, 't.id')} AND (((${isEmpty('t.output_asset_id')} OR ${isEmpty('t.final_asset_id')}) AND ${unplacedFile})${hasTwins ? ` OR ${astray} IS NOT NULL` : ''})
      ${lost > 0 ? `AND ${isFound}` : ''}`;
  const unplaced = count(`FROM (${nameless})`);
  if (unplaced > 0) {
    const path = `CASE WHEN ${output} <> '' THEN ${output} ELSE ${final} END`;
    if (hasTwins) setAstrayAside(context, `s.id IN (${nameless})`, values, astray);
    setNamelessAside(context, `s.id IN (${nameless})`, values, { project: `(SELECT r.project_id ${itsRun})`, path });
  }
  return { moved: rows - lost - right - unplaced, alreadyRight: right, issueRows: lost + unplaced };
}

const candidateKinds = {
  kind: `CASE c.slot WHEN 0 THEN 'candidate_output' ELSE 'candidate_final_output' END`,
  suffix: `CASE c.slot WHEN 0 THEN ':output' ELSE ':final' END`,
};

const carried = { ...candidateTriggers, ...jobTriggers };
const following = { ...candidateFollowTriggers, ...jobFollowTriggers };

const backfills: readonly Backfill[] = [
  {
    name: 'paths',
    title: 'noting which files the candidates name',
    source: 'run_job_candidates',
    key: 'id',
    chunk: noteCandidateFiles,
  },
  {
    name: 'files',
    title: 'registering files that only candidates name',
    source: '_phasewise_claims',
    key: 'claim',
    chunk: (db, range, { now }) => settleClaims(db, '_phasewise_claims', candidateKinds, range, now),
  },
  {
    name: 'candidates',
    title: 'copying candidates into run_candidates',
    source: 'run_job_candidates',
    key: 'id',
    chunk: (db, range, context) => writeQuietly(db, ['run_candidates'], () => copyCandidates(db, range, context)),
  },
  ...finalFileBackfills,
];

export default defineMigration({
  phase: 1,
  kind: 'expand',
  title: 'Give every candidate a row in run_candidates, and every path its file',
  what: [
    'The table run_candidates is added, and every candidate is copied into it under the same id, with its files instead of their paths.',
    'Files that are named but not registered are added to assets. The final file of every job is named in final_asset_id.',
    'The table run_job_candidates stays as it is; what older programs write there is carried over at once.',
  ],
  effect: {
    // Applied again as a repair, its rows make the triggers of later migrations write reports and links, too.
    grows: ['run_candidates', 'assets', 'quality_reports', 'asset_links'],
    changes: {
      run_candidates: columns,
      run_jobs: ['final_asset_id'],
      assets: ['run_id', 'job_id', 'candidate_id'],
      quality_reports: ['job_id', 'candidate_id', 'summary_json'],
    },
  },

  up(db) {
    const wasThere = tableExists(db, 'run_candidates');
    const mode: Mode = wasThere && (isFilledByOriginal(db) || isRecorded(db, id)) ? 'keep' : 'fill';
    if (!wasThere) db.exec(createRunCandidates);
    // What an earlier attempt noted may be out of date.
    db.exec(`DROP TABLE IF EXISTS _phasewise_claims; DROP TABLE IF EXISTS ${claimsOfJobs}`);
    db.exec(`${createClaims('_phasewise_claims')};${createClaims(claimsOfJobs)}`);
    if (tableExists(db, 'run_job_candidates')) ensureMirrors(db, carried, following);
    return { mode };
  },

  backfills,

  shape: (db) => [
    ...missingColumns(db, 'run_candidates', columns).map((column) => `run_candidates has no column ${column}`),
    ...(tableExists(db, 'run_job_candidates') ? wrongMirrors(db, carried, following) : []),
  ],

  verify: (db, proof) => (tableExists(db, 'run_job_candidates') ? unfinished(db, proof?.mayBeEdited === true) : []),
});

/**
 * Proof by joining both tables on the id, and every reference with the file it names. That walk is what takes the time,
 * so one asks all questions; each is only asked on its own when some row answers one of them.
 */
function unfinished(db: Db, mayBeEdited: boolean) {
  const setAside = (backfill: string) =>
    `SELECT source_key FROM _phasewise_quarantine WHERE backfill_id = '${id}/${backfill}'`;
  // What is equal as it stands is equal cleaned: nearly all rows end at the first comparison.
  const names = (asset: string, path: string, written: string) =>
    `(${asset}.storage_uri = ${written} OR ${asset}.storage_uri = ${path} OR ${cleaned(`${asset}.storage_uri`)} = ${path} OR ${cleaned(`${asset}.rel_path`)} = ${path})`;
  // In the order in which the new table was filled: one of the two sides is then read from front to back.
  const pairs = `FROM run_candidates AS t CROSS JOIN run_job_candidates AS s ON s.id = t.id
        LEFT JOIN assets AS o ON o.id = t.output_asset_id LEFT JOIN assets AS f ON f.id = t.final_asset_id`;
  /** What the original had filled, or newer programs edited since, may say something else on purpose. */
  const mayDiffer = isFilledByOriginal(db) || mayBeEdited;
  const questions = [
    ...(mayDiffer
      ? []
      : [
          {
            what: 'candidates whose row is below another job or says something else',
            // The plus takes the affinity away: 1 is not '1'.
            where: plain.map((column) => `+t.${column} IS NOT +s.${column}`).join(' OR '),
          },
        ]),
    {
      what: 'candidates that name a file but refer to none',
      where: `${unplacedFile} AND s.id NOT IN (${setAside('candidates')} AND source_key IS NOT NULL)`,
    },
    ...(mayDiffer
      ? []
      : [
          {
            what: 'candidates that refer to another file than they name',
            where: `(o.id IS NOT NULL AND NOT ${names('o', output, 's.output_path')}) OR (f.id IS NOT NULL AND NOT ${names('f', final, 's.final_output_path')})`,
          },
        ]),
  ];
  return [
    ...expectNone(
      db,
      'candidates without a row in run_candidates',
      `
      SELECT id FROM run_job_candidates WHERE id IS NOT NULL
      EXCEPT SELECT id FROM run_candidates EXCEPT ${setAside('candidates')}`,
    ),
    ...(db.prepare(`SELECT 1 ${pairs} WHERE ${questions.map(({ where }) => `(${where})`).join(' OR ')} LIMIT 1`).get()
      ? questions.flatMap(({ what, where }) => expectNone(db, what, `SELECT s.id ${pairs} WHERE ${where}`))
      : []),
    ...expectNone(
      db,
      'candidates that refer to a file that is not registered',
      `
      SELECT t.id FROM run_candidates AS t WHERE (${isAstray('t.output_asset_id')} OR ${isAstray('t.final_asset_id')})
        AND ifnull(t.id, '') NOT IN (${setAside('candidates')} AND source_key IS NOT NULL)`,
    ),
    ...namelessJobs(db, id),
  ];
}
