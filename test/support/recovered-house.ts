import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ok, type Result } from '@shared/errors.ts';
import type { Recovery } from '@shared/recovery.ts';
import type { BackupRecord, RunReport } from '@shared/run.ts';
import type { CheckResult, DatabaseStatus, FileRun, MigrationState } from '@shared/status.ts';
import type { Backups } from '@host/backups.ts';
import { createBusy } from '@host/busy.ts';
import { databaseKey, type OpenEntry } from '@host/databases.ts';
import type { Engines } from '@host/engines.ts';
import { createEventBus } from '@host/events.ts';
import { createOngoing } from '@host/ongoing.ts';
import { createRecoveries } from '@host/recovery.ts';
import { beginWork, type JournalLine } from '@host/run-journal.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
/** Of a process that nobody has. */
export const GONE = 999_999_999;

export type Line = Record<string, unknown> & { type: JournalLine['type'] };

/** A house with one database, journals written by hand, and an engine that answers what the test says. */
export function setUp() {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const dataFolder = path.join(home, 'data');
  const file = path.join(home, 'a.db');
  writeFileSync(file, 'bytes');
  const database: OpenEntry = { handle: 'h', name: 'a.db', folder: home, path: file };
  const answers: Record<string, Result<unknown> | ((input: unknown) => Result<unknown>)> = {
    inspect: ok(status({ applied: 1 })),
    verify: ok({ checks: [check('met')] }),
    verifyBackup: ok(record('b1')),
    listBackups: ok([]),
    finishRestore: ok({ restored: record('b1'), before: null, replacedFolder: null }),
  };
  const asked: string[] = [];
  const askAlone = (_file: string, name: string, input: unknown) => {
    asked.push(`${name} ${JSON.stringify(input)}`);
    const answer = answers[name] ?? ok(null);
    return { answer: Promise.resolve(typeof answer === 'function' ? answer(input) : answer), child: null };
  };
  const events = createEventBus();
  const busy = createBusy((at, kind, runId, more) =>
    beginWork(dataFolder, { ...more, kind, path: at, runId, appVersion: '0' }),
  );
  let listed: BackupRecord[] = [];
  /** Backups that were shown though no list has them. */
  const shown: BackupRecord[] = [];
  const show: Backups['show'] = (_, backup) => void shown.push(backup);
  /** As they were found when they were read again. */
  const checked: BackupRecord[] = [];
  const noteCheck: Backups['noteCheck'] = (read) => void checked.push(read);
  const recoveries = createRecoveries({
    ...{ events, busy, ongoing: createOngoing(events), dataFolder, appVersion: '0' },
    engines: { askAlone } as unknown as Engines,
    backups: { list: () => Promise.resolve(ok({ backups: listed })), show, noteCheck } as unknown as Backups,
    recents: { files: () => [] },
  });
  const runs = (databasePath = file) => path.join(dataFolder, 'runs', databaseKey(databasePath));
  let minute = 0;
  /** Writes the journal of a run; each starts a minute after the one before. */
  const journal = (runId: string, lines: Line[], more: Partial<Line> = {}): string => {
    mkdirSync(runs(), { recursive: true });
    const at = new Date(Date.UTC(2026, 10, 21, 14, (minute += 1))).toISOString();
    const started = { type: 'started', at, runId, path: file, toPhase: 1, pid: GONE, appVersion: '0', plan: null };
    const written = path.join(runs(), `${runId}.jsonl`);
    const all = [{ ...started, ...more }, ...lines.map((line) => ({ at, ...line }))];
    writeFileSync(written, all.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return written;
  };
  const list = (...records: BackupRecord[]) => (listed = records);
  return {
    ...{ home, dataFolder, file, database, answers, asked, shown, checked },
    ...{ busy, events, recoveries, runs, journal, list },
  };
}

export const check = (state: CheckResult['state']): CheckResult => ({
  ...{ id: 'kept', title: 'Everything is kept', state, summary: 'It is so.', evidence: [] },
});

export const record = (id: string, state: BackupRecord['state'] = 'verified'): BackupRecord => ({
  ...{ id, path: `/b/${id}.db`, folder: '/b', databaseName: 'a.db', databasePath: '/a.db', createdAt: '' },
  ...{ reason: 'before phase 1', phase: null, variantTitle: '', sizeBytes: 1, sha256: '', pages: 1, runId: id },
  ...{ verified: state === 'verified', checks: [], lastCheck: null, state },
});

export const beforeRestore = ({ path: databasePath }: OpenEntry, id: string, createdAt: string): BackupRecord => ({
  ...{ ...record(id), reason: 'before restore', runId: null, databasePath, createdAt },
});

export const verified =
  (...records: BackupRecord[]) =>
  (input: unknown): Result<unknown> =>
    ok(records.find((each) => each.path === (input as { backupPath: string }).backupPath));

/** What a restore of a.db leaves beside it. */
export const noteOf = (change: { sha256?: string; startedAt?: string; beforePath?: string; quarantine?: string }) => ({
  ...{ format: 'phasewise-restore 1', startedAt: '2026-11-21T14:00:00Z', databaseName: 'a.db', way: 'in-place' },
  ...{ source: 'backup', backupPath: '/b/b1.db', sha256: 'a'.repeat(64), files: [], quarantine: null },
  ...{ beforePath: null, ...change },
});

export interface Shape {
  readonly applied: number;
  readonly next?: MigrationState;
  readonly phaseReached?: number | null;
  readonly unfinished?: string | null;
  readonly restore?: DatabaseStatus['unfinishedRestore'];
  /** All that the file names; without it the unfinished one. */
  readonly runs?: FileRun[];
}

export const fileRun = (runId: string, isMigrated = false): FileRun => ({
  ...{ runId, startedAt: '', toPhase: 1, isMigrated, backupSha256: null },
});

/** A database of three migrations. */
export function status({
  applied,
  next = 'pending',
  phaseReached = null,
  unfinished = 'r1',
  restore = null,
  runs,
}: Shape) {
  const migrations = ['one', 'two', 'three'].map((title, index) => ({
    ...{ id: title, title: `Do ${title}`, phase: 1, kind: 'expand', appliedAt: null, durationMs: null, findings: [] },
    state: index < applied ? 'applied' : index === applied ? next : 'pending',
  }));
  return {
    file: { readOnlyReason: null },
    phases: [{ number: 1, migrations }],
    phaseReached,
    health: { state: 'healthy', summary: 'Your file is healthy.', checks: [], foreignKeyViolations: null },
    unfinishedRun: unfinished === null ? null : { runId: unfinished, startedAt: '', toPhase: 1, stoppedAt: 'Do two' },
    runs: runs ?? (unfinished === null ? [] : [fileRun(unfinished)]),
    unfinishedRestore: restore,
  } as unknown as DatabaseStatus;
}

export const backupLine: Line = { type: 'backup', backupPath: '/b/b1.db', sha256: '', verified: true };
export const appliedLine: Line = { type: 'applied', migrationId: 'one', ms: 3 };
export const report = (change: Partial<RunReport> = {}): RunReport => ({
  ...{ runId: 'r1', ok: true, fileName: 'a.db', packId: 'kroma', fromPhase: null, toPhase: 1, startedAt: '' },
  ...{ finishedAt: '', migrations: [], backfills: [], backup: record('b1'), verified: false, checks: [] },
  ...{ issues: [], tables: [], ...change },
});
export const choicesOf = (recovery: Recovery | null) => recovery?.choices.map(({ id }) => id);
