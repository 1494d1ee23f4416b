import type { CheckResult, DatabaseStatus, MigrationStatus, PhaseStatus, TableStatus } from '@shared/status.ts';
import { folder, minutesAgo, name } from './files.ts';
import { migrationTitles } from './plan.ts';
import { legacyTables } from './tables.ts';

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

function migrations(isDone: boolean): MigrationStatus[] {
  return migrationTitles.map(([id, title], index) => ({
    id,
    title,
    phase: 1,
    kind: 'backfill',
    state: isDone ? 'applied' : index === 1 ? 'claimed' : 'pending',
    appliedAt: isDone ? minutesAgo(2) : null,
    durationMs: isDone ? 4 + index * 31 : null,
    findings: isDone ? [] : index === 1 ? ['projects has no column owner_user_id'] : ['not there yet'],
  }));
}

function phases(isDone: boolean): PhaseStatus[] {
  const later = (number: number, phaseName: string, scope: string): PhaseStatus => ({
    number,
    name: phaseName,
    scope,
    state: 'unavailable',
    removesAnything: number === 5,
    migrations: [],
    exitCriteria: [],
    reachedAt: null,
  });
  const state = isDone ? 'met' : 'not-checked';
  return [
    {
      ...later(
        0,
        'Safety baseline',
        'Makes sure the file is whole, keeps a verified backup of it, and notes what it holds before anything changes.',
      ),
      state: isDone ? 'done' : 'next',
      reachedAt: isDone ? minutesAgo(3) : null,
      exitCriteria: [
        check(
          'backup',
          'A verified backup exists',
          isDone ? 'met' : 'unmet',
          isDone ? 'Made before phase 1, checked.' : 'None yet; the upgrade makes one.',
        ),
        check('integrity', 'The file is whole', 'met', 'integrity_check says ok.'),
      ],
    },
    {
      ...later(
        1,
        'Canonical core',
        'Adds the new names for users, projects, storage, secrets, files, runs, jobs and candidates beside the old ones, fills them, and keeps both in step.',
      ),
      state: isDone ? 'done' : 'not-started',
      reachedAt: isDone ? minutesAgo(1) : null,
      migrations: migrations(isDone),
      exitCriteria: [
        check('users', 'Every user has a canonical row', state, '2 of 2.'),
        check('candidates', 'Every candidate is accounted for', state, '19,805 moved, 30 with an issue row.'),
        check('sync', 'Old and new stay in step', state, '21 triggers are in place.'),
      ],
    },
    later(
      2,
      'Event tables',
      'Adds quality reports, cost events and audit events, filled from the candidates and the run logs.',
    ),
    later(3, 'API contract', 'Makes the interface of the program read the new names. It changes nothing in the file.'),
    later(
      4,
      'Extended canonicalisation',
      'Brings provider accounts, style guides, characters, references, prompt templates and links between files into their final shape.',
    ),
    later(5, 'Legacy cleanup', 'Removes the old tables and columns and makes every rule of the new schema final.'),
  ];
}

/** A legacy database, or the same one after phase 1. */
export function status(isDone: boolean): DatabaseStatus {
  const tables = isDone
    ? legacyTables.map((row): TableStatus =>
        row.priority === 'must-now' ? { ...row, state: 'aligned', presentName: null, whatIsMissing: '' } : row,
      )
    : legacyTables;
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
          description: 'Phasewise has applied migrations to this file; old and new names are kept in step.',
          evidence: ['_phasewise_migrations has 10 rows'],
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
    phaseReached: isDone ? 1 : null,
    defaultTarget: 1,
    phases: phases(isDone),
    tables,
    scoreCard: isDone
      ? {
          canonicalTables: 25,
          aligned: 15,
          legacyName: 0,
          missing: 9,
          wrongColumns: 1,
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
    issues: isDone
      ? [
          {
            reason: 'orphan-candidate',
            title: 'The job or the run it belongs to does not exist. The candidate stays in its old table only.',
            sourceTable: 'run_job_candidates',
            count: 30,
          },
        ]
      : [],
    unfinishedRun: null,
    checkedAt: new Date().toISOString(),
    elapsedMs: 41,
  };
}
