import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { appError } from '@shared/errors.ts';
import { type Plan, RunReport, wasRefused } from '@shared/run.ts';
import { ensureFolder } from './data-folder.ts';
import { databaseKey } from './databases.ts';
import { writeJsonFile } from './json-file.ts';

/** One line of a run's journal. Lines are only ever appended, each flushed to the disk before the run goes on. */
export type JournalLine =
  | {
      type: 'started';
      at: string;
      runId: string;
      path: string;
      toPhase: number;
      pid: number;
      appVersion: string;
      plan: Plan | null;
    }
  | { type: 'backup'; at: string; backupPath: string; sha256: string; verified: boolean }
  | { type: 'applied'; at: string; migrationId: string; ms: number }
  | { type: 'checkpoint'; at: string; phase: number }
  | { type: 'ended'; at: string; report: RunReport };

export interface RunJournal {
  /** @throws NodeJS.ErrnoException when the line could not be made durable. */
  write(line: JournalLine): void;
  close(): void;
}

/**
 * Opens the journal of one run: `runs/<database key>/<run id>.jsonl` in the data folder, outside the database, so that
 * it survives whatever happens to the file. An `ended` line also leaves the report as `<run id>.report.json`.
 */
export function openRunJournal(dataFolder: string, databasePath: string, runId: string): RunJournal {
  const folder = ensureFolder(dataFolder, 'runs', databaseKey(databasePath));
  const descriptor = openSync(path.join(folder, `${runId}.jsonl`), 'ax', 0o600);
  return {
    write(line) {
      writeFileSync(descriptor, `${JSON.stringify(line)}\n`);
      fsyncSync(descriptor);
      if (line.type === 'ended') writeJsonFile(path.join(folder, `${runId}.report.json`), line.report);
    },
    close() {
      try {
        closeSync(descriptor);
      } catch {
        // every line was flushed when it was written
      }
    },
  };
}

/**
 * Reports of all runs of a database, newest first. A run without an end gets a report made of its journal, with
 * E_INTERRUPTED; runs that were refused before they began, and runs that are still going on (`isAlive` says so of their process) are left out.
 */
export function readHistory(
  dataFolder: string,
  databasePath: string,
  isAlive: (pid: number, runId: string) => boolean,
): RunReport[] {
  const folder = path.join(dataFolder, 'runs', databaseKey(databasePath));
  const reports = journalFiles(folder).flatMap((file) => {
    const lines = readLines(path.join(folder, file));
    const started = lines.find((line) => line.type === 'started');
    if (!started) return [];
    const ended = lines.find((line) => line.type === 'ended');
    if (ended) return wasRefused(ended.report) ? [] : [ended.report];
    return isAlive(started.pid, started.runId) ? [] : [interruptedReport(started, lines)];
  });
  return reports.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
}

type Started = Extract<JournalLine, { type: 'started' }>;

function interruptedReport(started: Started, lines: JournalLine[]): RunReport {
  const applied = lines.filter((line) => line.type === 'applied');
  const titles = new Map(started.plan?.steps.map((step) => [step.migrationId, step.title]));
  const where = applied.length === 0 ? 'before its first step' : `after step ${applied.length}`;
  return {
    runId: started.runId,
    ok: false,
    fileName: path.basename(started.path),
    packId: started.plan?.packId ?? '',
    fromPhase: started.plan?.fromPhase ?? null,
    toPhase: started.toPhase,
    startedAt: started.at,
    finishedAt: lines.at(-1)?.at ?? started.at,
    migrations: applied.map(({ migrationId, ms }) => ({
      id: migrationId,
      title: titles.get(migrationId) ?? migrationId,
      ms,
    })),
    backfills: [],
    backup: null,
    verified: false,
    checks: [],
    issues: [],
    tables: [],
    error: appError(
      'E_INTERRUPTED',
      `The run stopped ${where}: Phasewise or the computer was ended.`,
      undefined,
      // Whoever was ended cannot have heard of everything: without that line no backup may be promised.
      lines.some((line) => line.type === 'backup') ? undefined : { safety: 'unknown' },
    ),
  };
}

function journalFiles(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  } catch {
    return []; // no run yet
  }
}

/** A line cut short by a power loss ends the journal; what came before it counts. */
function readLines(file: string): JournalLine[] {
  const lines: JournalLine[] = [];
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    try {
      const line = JSON.parse(text) as JournalLine;
      if (line.type !== 'ended' || RunReport.safeParse(line.report).success) lines.push(line);
    } catch {
      break;
    }
  }
  return lines;
}

/** True while a process of this id exists. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}
