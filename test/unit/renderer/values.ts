import type { Output } from '@shared/channels.ts';
import type { BackupRecord, IngestReport, Plan, RunReport, RunSnapshot, SourceCoverage } from '@shared/run.ts';
import type { DatabaseStatus, PhaseState, PhaseStatus, TableState, TableStatus } from '@shared/status.ts';

/** Small whole values; each spec changes what it is about. */
export function phase(number: number, state: PhaseState, change: Partial<PhaseStatus> = {}): PhaseStatus {
  return {
    number,
    name: `Phase ${number}`,
    scope: '',
    state,
    removesAnything: false,
    migrations: [],
    exitCriteria: [],
    reachedAt: null,
    ...change,
  };
}

export function status(change: Partial<DatabaseStatus> = {}): DatabaseStatus {
  return {
    file: {
      name: 'lights.db',
      folder: '/p',
      path: '/p/lights.db',
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
    variant: { id: 'legacy', title: 'Legacy version', description: '', evidence: [] },
    phaseReached: null,
    defaultTarget: 1,
    phases: [phase(0, 'next'), phase(1, 'not-started'), phase(2, 'unavailable')],
    tables: [],
    scoreCard: {
      canonicalTables: 25,
      aligned: 6,
      legacyName: 2,
      missing: 11,
      wrongColumns: 6,
      columnsMissing: 1,
      indexesMissing: 0,
      approvedExtensions: 3,
    },
    highlights: [],
    pending: ['m1', 'm2'],
    drift: [],
    ledger: [],
    health: { state: 'healthy', summary: 'Your file is healthy', checks: [], foreignKeyViolations: 0 },
    issues: [],
    unfinishedRun: null,
    checkedAt: '2026-11-21T14:02:33Z',
    runs: [],
    unfinishedRestore: null,
    elapsedMs: 41,
    ...change,
  };
}

export const upToDate = (): DatabaseStatus =>
  status({ phaseReached: 1, pending: [], phases: [phase(0, 'done'), phase(1, 'done'), phase(2, 'unavailable')] });

export function backup(change: Partial<BackupRecord> = {}): BackupRecord {
  return {
    id: 'b1',
    path: '/b/b1.db',
    folder: '/b',
    databaseName: 'lights.db',
    databasePath: '/p/lights.db',
    createdAt: '2026-11-20T14:02:00Z',
    reason: 'by hand',
    phase: null,
    variantTitle: 'Legacy version',
    sizeBytes: 1_000,
    sha256: 'ab'.repeat(32),
    pages: 1,
    runId: null,
    verified: true,
    checks: [],
    lastCheck: null,
    state: 'verified',
    ...change,
  };
}

export const backupList = (change: Partial<Output<'backup:list'>> = {}): Output<'backup:list'> => ({
  ...{ folder: '/b', backups: [], unusable: [], replaced: null, beforeRecovery: [], restores: [], undoneBy: null },
  ...change,
});

export function run(change: Partial<RunSnapshot> = {}): RunSnapshot {
  return {
    runId: 'r1',
    handle: 'k3',
    kind: 'upgrade',
    state: 'migrating',
    now: 'copying candidates into their canonical table',
    fromPhase: null,
    toPhase: 1,
    startedAt: '2026-11-21T14:02:11Z',
    steps: [],
    progress: null,
    backup: null,
    attention: null,
    error: null,
    report: null,
    ...change,
  };
}

export function report(change: Partial<RunReport> = {}): RunReport {
  return {
    runId: 'r1',
    ok: true,
    fileName: 'northern lights.db',
    packId: 'kroma',
    fromPhase: null,
    toPhase: 1,
    startedAt: '2026-11-21T14:02:11.500Z',
    finishedAt: '2026-11-21T14:02:14.000Z',
    migrations: [{ id: 'm1', title: 'Give every user a row', ms: 4 }],
    backfills: [
      {
        id: 'm1/users',
        title: 'copying users',
        source: 'users',
        expected: 2,
        moved: 2,
        alreadyRight: 0,
        issueRows: 0,
        rowsPerSecond: null,
      },
      {
        id: 'm2/candidates',
        title: 'copying candidates',
        source: 'candidates',
        expected: 19_833,
        moved: 19_803,
        alreadyRight: 0,
        issueRows: 30,
        rowsPerSecond: 41_230,
      },
    ],
    backup: backup(),
    verified: true,
    checks: [{ id: 'c', title: 'Integrity', state: 'met', summary: 'ok.', evidence: [] }],
    issues: [{ reason: 'orphan', title: 'Belongs to nothing', sourceTable: 'candidates', count: 30 }],
    tables: [{ name: 'app_users', rowsBefore: null, rowsAfter: 2 }],
    ...change,
  };
}

export function plan(change: Partial<Plan> = {}): Plan {
  return {
    packId: 'kroma',
    variantId: 'legacy',
    fromPhase: null,
    toPhase: 1,
    steps: [],
    removesAnything: false,
    gating: [],
    source: null,
    olderPrograms: '',
    preflight: [],
    space: {
      databaseBytes: 1,
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
    backupFolder: '/b',
    fingerprint: 'f1',
    ...change,
  };
}

/** A table with these older columns. */
export function table(name: string, state: TableState, legacyColumns: readonly string[] = []): TableStatus {
  const now = { type: 'TEXT', isNullable: false, defaultSql: null, isPrimaryKey: false };
  return {
    name,
    state,
    priority: 'none',
    group: '',
    presentName: null,
    rows: null,
    whatIsMissing: '',
    columns: [
      { name: 'id', now, target: now, gap: 'none', note: '' },
      ...legacyColumns.map((column) => ({ name: column, now, target: null, gap: 'legacy' as const, note: '' })),
    ],
    objects: [],
  };
}

export function coverage(change: Partial<SourceCoverage> = {}): SourceCoverage {
  return {
    title: 'Run logs',
    question: '',
    explanation: '',
    folder: '/p/generated',
    choice: 'guessed',
    rows: 40,
    found: 37,
    missing: 1,
    unreadable: 1,
    differing: 1,
    isComplete: true,
    samples: [],
    ...change,
  };
}

export const ingestFile = (change: Partial<IngestReport['files'][number]> = {}): IngestReport['files'][number] => ({
  name: 'run_log_1.json',
  state: 'new',
  reason: null,
  project: 'lights',
  counts: { runs: 1, jobs: 4, candidates: 16, costEvents: 0 },
  ...change,
});

export const ingestReport = (files: IngestReport['files'], isTrial = true): IngestReport => ({
  title: 'run log',
  files,
  backup: null,
  isTrial,
  checks: [],
});
