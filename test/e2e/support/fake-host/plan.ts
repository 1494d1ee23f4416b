import type { Plan, RunReport, RunSnapshot, RunStep, SourceCoverage } from '@shared/run.ts';
import { backup, backupFolder, HANDLE, minutesAgo, name } from './files.ts';
import { issueSummaries, reasonTitles } from './issues.ts';

/** Id, title, rows, phase. */
export const migrationTitles = [
  ['20260221_0001_rename_users', 'Give every user a row in app_users', 2, 1],
  ['20260221_0002_projects_owner_col', 'Name the owner of every project', 3, 1],
  ['20260221_0003_project_storage_table', 'Move storage settings into their own table', 3, 1],
  ['20260221_0005_secrets_key_ref', 'Name the key of every secret', 1, 1],
  ['20260221_0007_assets_columns', 'Give files their new columns', 148, 1],
  ['20260221_0009_runs_columns', 'Give runs their new columns', 40, 1],
  ['20260221_0010_run_jobs_columns', 'Give jobs their new columns', 96, 1],
  ['20260221_0011_rename_candidates', 'Give every candidate a row in run_candidates', 19_835, 1],
  ['20260221_0015_project_exports_cols', 'Give exports their new columns', 4, 1],
  ['20260221_0017_index_updates', 'Add the required indexes', 0, 1],
  ['20260221_0012_quality_reports', 'Keep a quality report of every candidate', 19_835, 2],
  ['20260221_0014_cost_events', 'Keep what every run cost', 40, 2],
  ['20260221_0016_audit_events', 'Keep a record of what is done', 0, 2],
  ['20260221_0004_provider_accounts', 'Give provider accounts their final columns', 2, 4],
  ['20260221_0013_asset_links', 'Link files to the files they were made from', 19_835, 4],
] as const;
export const removalTitles = [
  ['20260221_0025_cut_over', 'Carry over what came in late', 19_835, 5],
  ['20260221_0026_final_core', 'Make the rules of the core tables final', 20_100, 5],
  ['20260221_0028_remove_legacy', 'Remove the old tables and columns', 0, 5],
] as const;
type Title = (typeof migrationTitles)[number] | (typeof removalTitles)[number];

const what: Record<string, string[]> = {
  '20260221_0001_rename_users': [
    'Adds the table app_users beside users.',
    'Copies every user; the old table stays.',
    'Adds triggers, so that what older programs write to users arrives in app_users at once.',
  ],
  '20260221_0011_rename_candidates': [
    'Adds the table run_candidates beside run_job_candidates.',
    'Copies every candidate; paths become files that are registered as assets.',
    'Candidates whose job does not exist are listed as issue rows and stay where they are.',
  ],
  '20260221_0025_cut_over': [
    'Rows that older programs wrote since are carried over once more.',
    'From here on the new names lead; the old ones only follow.',
  ],
  '20260221_0028_remove_legacy': ['Removes the tables users and run_job_candidates.', 'Removes 31 older columns.'],
};

const planSteps = (titles: readonly Title[]): Plan['steps'] =>
  titles.map(([migrationId, title, rows, phase]) => ({
    migrationId,
    title,
    rows,
    phase,
    kind: phase === 5 ? 'contract' : 'backfill',
    reason: 'pending',
    what: what[migrationId] ?? [
      'Adds the missing columns beside the old ones.',
      'Fills them from the old columns, which stay.',
    ],
  }));

export function plan(isBlocked: boolean, source: SourceCoverage | null): Plan {
  return {
    packId: 'kroma',
    variantId: 'legacy',
    fromPhase: null,
    toPhase: 4,
    steps: planSteps(migrationTitles),
    removesAnything: false,
    gating: [],
    source,
    olderPrograms:
      'Programs that know only the old names keep working: the old tables and columns stay, and what they write is carried over to the new ones at once.',
    preflight: [
      { id: 'space', title: 'Enough free space', state: 'ok', detail: '131 MB needed, 61.2 GB free.', error: null },
      isBlocked
        ? {
            id: 'lock',
            title: 'Another program has this database open',
            state: 'blocking',
            detail: 'image-lab, process 4711.',
            error: {
              code: 'E_DB_IN_USE',
              title: 'Another program has this database open',
              message: 'image-lab, process 4711, has it open.',
              safety: 'Nothing was changed. Your data is as it was.',
              nextStep: 'Close the program that uses the file, then try again.',
            },
          }
        : {
            id: 'lock',
            title: 'Nobody else uses the file',
            state: 'ok',
            detail: 'No other program has it open.',
            error: null,
          },
      { id: 'integrity', title: 'The file is whole', state: 'ok', detail: '14,624 pages read.', error: null },
      {
        id: 'orphans',
        title: '30 candidates belong to no job',
        state: 'warning',
        detail: 'They stay in their old table and are listed as issue rows.',
        error: null,
      },
    ],
    space: {
      databaseBytes: 59_900_000,
      backupBytes: 59_900_000,
      growthBytes: 11_000_000,
      needBytes: 131_000_000,
      freeBytes: 61_200_000_000,
      backupFreeBytes: 61_200_000_000,
      parts: [
        { label: 'The backup', bytes: 59_900_000, disk: 'backup', isTemporary: false },
        { label: 'A trial copy of the backup', bytes: 59_900_000, disk: 'backup', isTemporary: true },
        { label: 'Growth of the file', bytes: 11_000_000, disk: 'database', isTemporary: false },
      ],
      temporaryFreeBytes: 61_200_000_000,
    },
    timeSeconds: { min: 2, max: 6 },
    backupFolder,
    fingerprint: 'f1',
  };
}

/** The plan that removes the old names; with rows in the way, or clear. */
export function removalPlan(isGated: boolean): Plan {
  return {
    ...plan(false, null),
    variantId: 'upgraded',
    fromPhase: 4,
    toPhase: 5,
    steps: planSteps(removalTitles),
    removesAnything: true,
    gating: isGated
      ? [
          { reason: 'slot-taken', title: reasonTitles['slot-taken'], count: 2 },
          { reason: 'username-taken', title: reasonTitles['username-taken'], count: 1 },
        ]
      : [],
    olderPrograms: 'Programs that know only the old names can no longer open this file.',
    preflight: [
      { id: 'space', title: 'Enough free space', state: 'ok', detail: '131 MB needed, 61.2 GB free.', error: null },
      {
        id: 'lock',
        title: 'Nobody else uses the file',
        state: 'ok',
        detail: 'No other program has it open.',
        error: null,
      },
      { id: 'objects', title: 'What you added fits', state: 'ok', detail: '1 table, 1 view, rehearsed.', error: null },
    ],
    fingerprint: 'f5',
  };
}

const steps = (running: number): RunStep[] =>
  migrationTitles.map(([migrationId, title, rows, phase], index) => ({
    migrationId,
    title,
    phase,
    rowsTotal: rows,
    state: index < running ? 'applied' : index === running ? 'running' : 'waiting',
    ms: index < running ? 4 + index * 13 : null,
    rowsDone: index < running ? rows : 0,
    issueRows: 0,
  }));

const CANDIDATES = 7;

/** The run at its long step, `done` of the candidates copied. */
export function runAt(done: number, state: RunSnapshot['state'] = 'migrating'): RunSnapshot {
  const total = migrationTitles[CANDIDATES][2];
  return {
    runId: 'run-20261121T140211',
    handle: HANDLE,
    kind: 'upgrade',
    state,
    now: 'copying candidates into their canonical table',
    fromPhase: null,
    toPhase: 4,
    startedAt: minutesAgo(0),
    steps: steps(CANDIDATES).map((step, index) =>
      index === CANDIDATES ? { ...step, rowsDone: done, issueRows: 12 } : step,
    ),
    progress: { rowsDone: done, rowsTotal: total, rowsPerSecond: 41_230, etaSeconds: { min: 2, max: 3 } },
    backup: backup(),
    attention: null,
    error: null,
    report: null,
  };
}

export function report(): RunReport {
  return {
    runId: 'run-20261121T140211',
    ok: true,
    fileName: name,
    packId: 'kroma',
    fromPhase: null,
    toPhase: 4,
    startedAt: minutesAgo(0.2),
    finishedAt: minutesAgo(0.1),
    migrations: migrationTitles.map(([id, title], index) => ({ id, title, ms: 4 + index * 31 })),
    backfills: migrationTitles.slice(0, 9).map(([id, title, rows], index) => ({
      id: `${id}/main`,
      title: title.toLowerCase().replace('give', 'giving'),
      source:
        [
          'users',
          'projects',
          'projects',
          'project_api_secrets',
          'assets',
          'runs',
          'run_jobs',
          'run_job_candidates',
          'project_exports',
        ][index] ?? '',
      expected: rows,
      moved: index === CANDIDATES ? rows - 30 : rows,
      alreadyRight: 0,
      issueRows: index === CANDIDATES ? 30 : 0,
      rowsPerSecond: index === CANDIDATES ? 41_230 : null,
    })),
    backup: backup(),
    verified: true,
    checks: [
      'Integrity',
      'Foreign keys are not worse than before',
      'Everything outside the declared effect equals the backup',
      'Every candidate is accounted for',
    ].map((title, index) => ({
      id: `c${index}`,
      title,
      state: 'met',
      summary:
        ['ok.', '0 violations before, 0 after.', '15 tables, 61,402 rows compared.', '19,835 = 19,805 + 30.'][index] ??
        '',
      evidence: [{ label: 'Query', text: 'SELECT count(*) FROM run_job_candidates' }],
    })),
    issues: issueSummaries(false),
    tables: [
      ['app_users', null, 2],
      ['users', 2, 2],
      ['run_candidates', null, 19_805],
      ['run_job_candidates', 19_835, 19_835],
      ['assets', 148, 20_391],
    ].map(([table, before, after]) => ({
      name: String(table),
      rowsBefore: before as number | null,
      rowsAfter: after as number | null,
    })),
  };
}

export const finished = (): RunSnapshot => ({
  ...runAt(19_835, 'completed'),
  now: 'done',
  report: report(),
  steps: steps(migrationTitles.length),
});
export const failed = (): RunSnapshot => ({
  ...runAt(12_000, 'failed'),
  error: {
    code: 'E_WORKER_DIED',
    title: 'The part that works on the file stopped unexpectedly',
    message: 'It ended with signal SIGKILL while copying candidates.',
    safety: 'Your data is safe: the file is at the last completed step, and a verified backup exists.',
    nextStep: 'Open the database again; it shows where it stopped.',
    details: { signal: 'SIGKILL', migration: '20260221_0011_rename_candidates' },
  },
});
