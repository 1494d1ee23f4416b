import type { CheckResult, DatabaseStatus, MigrationStatus, PhaseStatus } from '@shared/status.ts';
import { folder, minutesAgo, name } from './files.ts';
import { issueSummaries } from './issues.ts';
import { migrationTitles, removalTitles } from './plan.ts';
import { legacyTables, tablesAfter } from './tables.ts';

const check = (id: string, title: string, state: CheckResult['state'], summary: string): CheckResult => ({
  id,
  title,
  state,
  summary,
  evidence: [
    { label: 'Query', text: `SELECT count(*) FROM ${id.replaceAll('-', '_')} WHERE broken` },
    { label: 'Rows', text: '0' },
  ],
});

/** How far the stand-in is: nothing done, all but the removal, everything. */
export type Stage = 'legacy' | 'upgraded' | 'cleaned';

function migrations(phase: number, isDone: boolean): MigrationStatus[] {
  return [...migrationTitles, ...removalTitles]
    .filter((row) => row[3] === phase)
    .map(([id, title], index) => ({
      id,
      title,
      phase,
      kind: phase === 5 ? 'contract' : 'backfill',
      state: isDone ? 'applied' : index === 1 && phase === 1 ? 'claimed' : 'pending',
      appliedAt: isDone ? minutesAgo(2) : null,
      durationMs: isDone ? 4 + index * 31 : null,
      findings: isDone ? [] : index === 1 && phase === 1 ? ['projects has no column owner_user_id'] : ['not there yet'],
    }));
}

const names: readonly (readonly [string, string])[] = [
  [
    'Safety baseline',
    'Makes sure the file is whole, keeps a verified backup of it, and notes what it holds before anything changes.',
  ],
  [
    'Canonical core',
    'Adds the new names for users, projects, storage, secrets, files, runs, jobs and candidates beside the old ones, fills them, and keeps both in step.',
  ],
  ['Event tables', 'Adds quality reports, cost events and audit events, filled from the candidates and the run logs.'],
  ['API contract', 'Makes the interface of the program read the new names. It changes nothing in the file.'],
  [
    'Extended canonicalisation',
    'Brings provider accounts, style guides, characters, references, prompt templates and links between files into their final shape.',
  ],
  ['Legacy cleanup', 'Removes the old tables and columns and makes every rule of the new schema final.'],
];

const criteria: Record<number, readonly (readonly [string, string, string])[]> = {
  1: [
    ['users', 'Every user has a canonical row', '2 of 2.'],
    ['candidates', 'Every candidate is accounted for', '19,805 moved, 30 with an issue row.'],
    ['sync', 'Old and new stay in step', '21 triggers are in place.'],
  ],
  2: [
    ['run-log-coverage', 'What the run logs gave is known', '37 runs with a log, 1 without, 1 unreadable, 1 differs.'],
  ],
  3: [['contract', 'Every field of the interface is answered', '23 resources, 214 fields.']],
  4: [['links', 'Every file knows what it was made from', '19,611 links.']],
  5: [['final', 'Only the target and what is kept on purpose is left', '25 tables.']],
};

function phases(stage: Stage): PhaseStatus[] {
  const reached = { legacy: -1, upgraded: 4, cleaned: 5 }[stage];
  return names.map(([phaseName, scope], number) => {
    const isDone = number <= reached;
    const state = isDone ? 'met' : 'not-checked';
    return {
      number,
      name: phaseName,
      scope,
      state: isDone ? 'done' : number === reached + 1 ? 'next' : 'not-started',
      removesAnything: number === 5,
      migrations: migrations(number, isDone),
      exitCriteria:
        number === 0
          ? [
              check(
                'backup',
                'A verified backup exists',
                isDone ? 'met' : 'unmet',
                isDone ? 'Made before phase 1, checked.' : 'None yet; the upgrade makes one.',
              ),
              check('integrity', 'The file is whole', 'met', 'integrity_check says ok.'),
            ]
          : (criteria[number] ?? []).map(([id, title, summary]) => check(id, title, state, summary)),
      reachedAt: isDone ? minutesAgo(3) : null,
    };
  });
}

/** A legacy database, or the same one after phase 4 or 5. */
export function status(stage: Stage, hasManyIssues = false): DatabaseStatus {
  const isDone = stage !== 'legacy';
  const tables = isDone ? tablesAfter(stage === 'cleaned') : legacyTables;
  return {
    file: {
      name,
      folder,
      path: `${folder}/${name}`,
      sizeBytes: 59_900_000,
      walBytes: 0,
      journalMode: 'wal',
      pageSizeBytes: 4_096,
      encoding: 'UTF-8',
      needsRecovery: false,
      isWritable: true,
      readOnlyReason: null,
      inspectedVia: 'in-place',
    },
    pack: { id: 'kroma', title: 'Kroma project database' },
    variant: isDone
      ? {
          id: 'upgraded',
          title: 'Upgraded by Phasewise',
          description:
            'Phasewise has applied migrations to this file. Before the last phase, old and new names are kept in step; the last phase removes the old ones.',
          evidence: ['_phasewise_migrations has 15 rows'],
        }
      : {
          id: 'legacy',
          title: 'Legacy version',
          description: 'The 15 tables of the first version, with their old names.',
          evidence: [
            'run_job_candidates is there, app_users is not',
            'project_storage is not there',
            'assets has no column kind',
          ],
        },
    phaseReached: { legacy: null, upgraded: 4, cleaned: 5 }[stage],
    defaultTarget: 4,
    phases: phases(stage),
    tables,
    scoreCard: isDone
      ? {
          canonicalTables: 25,
          aligned: 25,
          legacyName: 0,
          missing: 0,
          wrongColumns: 0,
          columnsMissing: 0,
          indexesMissing: 0,
          approvedExtensions: 3,
        }
      : {
          canonicalTables: 25,
          aligned: 6,
          legacyName: 2,
          missing: 11,
          wrongColumns: 6,
          columnsMissing: 31,
          indexesMissing: 9,
          approvedExtensions: 3,
        },
    highlights: [
      ['projects', 3],
      ['runs', 40],
      ['jobs', 96],
      ['candidates', 19_835],
      ['files', 148],
    ].map(([label, value]) => ({ label: String(label), rows: { value: Number(value), isExact: true } })),
    pending: isDone ? [] : migrationTitles.map(([id]) => id),
    drift: [],
    ledger: ['20260213_0001_init', '20260214_0002_chat', '20260215_0003_voice'].map((version) => ({
      version,
      note: '',
      appliedAt: '2026-02-15T09:12:44Z',
      source: 'program',
      state: 'evidence-only',
    })),
    health: {
      state: 'healthy',
      summary: 'Your file is healthy.',
      checks: [
        check('header', 'The header is that of a SQLite database', 'met', ''),
        check('integrity', 'Every page is whole', 'met', 'quick_check says ok.'),
      ],
      foreignKeyViolations: 0,
    },
    issues: isDone ? issueSummaries(hasManyIssues) : [],
    unfinishedRun: null,
    checkedAt: new Date().toISOString(),
    runs: [],
    unfinishedRestore: null,
    elapsedMs: 41,
  };
}
