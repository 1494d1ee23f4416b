import { lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type AppError, appError, type ErrorCode, toAppError } from '@shared/errors.ts';
import type { WorkKind } from '@shared/recovery.ts';
import { BackupRecord, type RunReport, wasRefused } from '@shared/run.ts';
import { doingOwn } from './fs-errors.ts';
import { journalFiles, linesOf } from './journal-lines.ts';
import { readText } from './json-file.ts';
import { lifeOf } from './process-identity.ts';
import { journalFolder, type JournalLine } from './run-journal.ts';

type Line<T extends JournalLine['type']> = Extract<JournalLine, { type: T }>;

/** What a journal tells of one work on a database. */
export interface Work {
  readonly runId: string;
  /** The folder that its journal lies in. */
  readonly folder: string;
  readonly kind: WorkKind;
  readonly path: string;
  readonly toPhase: number | null;
  readonly startedAt: string;
  /** When the first attempt at it began; but for restores that were carried through later, its own begin. */
  readonly since: string;
  /** The time of its last line that the work itself wrote. */
  readonly lastSignAt: string;
  /** Another process, which began it, still exists. What this one is doing its host knows. */
  readonly isAlive: boolean;
  /** It is that very process, and not just one of the same id. */
  readonly isSurelyAlive: boolean;
  /** Counts up with every work on the database, whatever the clock does; 0 where nobody counted yet. */
  readonly order: number;
  readonly started: Line<'started'>;
  readonly steps: Line<'steps'>['steps'];
  readonly applied: readonly Line<'applied'>[];
  /** Of what was there before; of a restore that was carried through, before its first attempt. null: none, or not said. */
  readonly backupPath: string | null;
  /** As it was made; null where none was, and in journals of an older version. */
  readonly backup: BackupRecord | null;
  /** Of a restore: the name of the folder that keeps what was there as files. null: none, or not noted. */
  readonly setAside: string | null;
  /** The report of a run whose steps are all there, whatever came after. */
  readonly migrated: RunReport | null;
  /** The report that it ended with. */
  readonly report: RunReport | null;
  /** null: it never said how it ended. Of works that are no upgrade. */
  readonly isOver: boolean | null;
  readonly verdict: Line<'verdict'> | null;
  /** A person said, or a look found, that there is nothing more to ask. */
  readonly isClosed: boolean;
  /** A look found that the file is not where the work left it any more. */
  readonly isSettled: boolean;
}

/** Works of a database from its journals, newest first. A journal that cannot be read is left out. */
export function readWorks(dataFolder: string, databasePath: string): Work[] {
  return worksIn(journalFolder(dataFolder, databasePath));
}

/**
 * Whether all that is noted of a database can be read: who cannot read it must not say that nothing is open. What is not
 * there says nothing; whatever else lies in the place of a journal may hide one.
 * @throws CodedError of doingOwn.
 */
export function requireReadableJournals(dataFolder: string, databasePath: string): void {
  const folder = journalFolder(dataFolder, databasePath);
  const look = (file: string) => doingOwn(file, () => lstatSync(file, { throwIfNoEntry: false }));
  if (look(folder) === undefined) return; // nothing was ever begun
  for (const name of doingOwn(folder, () => readdirSync(folder)).filter((each) => each.endsWith('.jsonl'))) {
    const file = path.join(folder, name);
    if (look(file) !== undefined) doingOwn(file, () => readText(file));
  }
}

/**
 * The same as a value; null = all of it can be read. What to do next is to make it readable: with another data folder
 * nothing would seem to be open.
 */
export function unreadableJournals(dataFolder: string, databasePath: string): AppError | null {
  try {
    requireReadableJournals(dataFolder, databasePath);
    return null;
  } catch (thrown) {
    return { ...toAppError(thrown), nextStep: 'Let Phasewise read that again, then try again.' };
  }
}

export const worksIn = (folder: string): Work[] =>
  journalFiles(folder)
    .flatMap((file) => workOf(folder, linesOf(file)) ?? [])
    .sort(byAge);

/**
 * The same where there may be very many. @param pause is waited for behind every journal.
 * @returns `isWhole` false: some cannot be read, which may be over in a moment.
 */
export async function worksInSlices(
  folder: string,
  pause: () => Promise<void>,
): Promise<{ works: Work[]; isWhole: boolean }> {
  const works: Work[] = [];
  let isWhole = true;
  for (const file of journalFiles(folder)) {
    const lines = linesOf(file);
    const work = workOf(folder, lines);
    if (work) works.push(work);
    isWhole &&= lines !== null;
    await pause();
  }
  return { works: works.sort(byAge), isWhole };
}

/**
 * Newest first: by their count. Journals of an older version have none, so they are older than all that have one,
 * whatever the clock said then; among themselves the clock has to do.
 */
function byAge(a: Work, b: Work): number {
  if (a.order > 0 !== b.order > 0) return a.order > 0 ? -1 : 1;
  const counted = a.order > 0 && b.order > 0 ? b.order - a.order : 0;
  return counted || (a.startedAt < b.startedAt ? 1 : -1);
}

/** When the next work after this one began. null: there is none, or the clock was set back in between. @param works newest first. */
export function nextStart(works: readonly Work[], { runId, startedAt }: Work): string | null {
  const next = works[works.findIndex((work) => work.runId === runId) - 1];
  return next !== undefined && next.startedAt > startedAt ? next.startedAt : null;
}

/** The folders of all databases that anything was ever noted of. */
export function journalFolders(dataFolder: string): string[] {
  try {
    return readdirSync(path.join(dataFolder, 'runs')).map((name) => path.join(dataFolder, 'runs', name));
  } catch {
    return []; // nothing was ever begun
  }
}

/** A run by its id, whatever the file was called then. */
export function findWork(dataFolder: string, runId: string): Work | null {
  for (const folder of journalFolders(dataFolder)) {
    const work = workOf(folder, linesOf(path.join(folder, `${path.basename(runId)}.jsonl`)));
    if (work) return work;
  }
  return null;
}

/** True where something was noted of a run that this computer never began: a person left it as it is, or it was checked. */
export function isClosedWithoutStart(dataFolder: string, databasePath: string, runId: string): boolean {
  const lines = linesOf(path.join(journalFolder(dataFolder, databasePath), `${path.basename(runId)}.jsonl`)) ?? [];
  return isClosed(lines) || lines.some((line) => line.type === 'verdict' && line.verified);
}

const isClosed = (lines: readonly JournalLine[]): boolean =>
  lines.some(({ type }) => type === 'stayed' || type === 'settled');

const LATER: readonly string[] = ['verdict', 'stayed', 'settled'];

function workOf(folder: string, lines: readonly JournalLine[] | null): Work | null {
  const started = lines && firstOf(lines, 'started');
  if (!started) return null;
  const report = lastOf(lines, 'ended')?.report ?? null;
  const isOver = lastOf(lines, 'over')?.ok ?? null;
  const hasEnded = report !== null || isOver !== null;
  const isOther = !hasEnded && started.pid !== process.pid;
  const life = isOther ? lifeOf(started.pid, started.process, started.at) : 'gone';
  return {
    runId: started.runId,
    folder,
    kind: started.kind ?? 'upgrade',
    path: started.path,
    toPhase: started.toPhase,
    startedAt: started.at,
    since: started.since ?? started.at,
    lastSignAt: lines.findLast(({ type }) => !LATER.includes(type))?.at ?? started.at,
    isAlive: life !== 'gone',
    isSurelyAlive: life === 'living',
    order: started.order ?? 0,
    started,
    steps: firstOf(lines, 'steps')?.steps ?? [],
    applied: lines.filter((line) => line.type === 'applied'),
    backupPath: started.before ?? firstOf(lines, 'backup')?.backupPath ?? null,
    backup: BackupRecord.safeParse(firstOf(lines, 'backup')?.record).data ?? null,
    setAside: lastOf(lines, 'set-aside')?.folder ?? null,
    migrated: lastOf(lines, 'migrated')?.report ?? null,
    report,
    isOver,
    verdict: lastOf(lines, 'verdict') ?? null,
    isClosed: isClosed(lines),
    isSettled: lines.findLast(({ type }) => type === 'stayed' || type === 'settled')?.type === 'settled',
  };
}

const ofType =
  <T extends JournalLine['type']>(type: T) =>
  (line: JournalLine): line is Line<T> =>
    line.type === type;
const firstOf = <T extends JournalLine['type']>(lines: readonly JournalLine[], type: T) => lines.find(ofType(type));
const lastOf = <T extends JournalLine['type']>(lines: readonly JournalLine[], type: T) => lines.findLast(ofType(type));

/**
 * Reports of all runs of a database, newest first. A run without an end gets a report made of its journal, with
 * E_INTERRUPTED; runs that were refused before they began, and runs that are still going on, are left out.
 * @param isActive says so of a run of this process.
 */
export function readHistory(
  dataFolder: string,
  databasePath: string,
  isActive: (runId: string) => boolean,
): RunReport[] {
  return readWorks(dataFolder, databasePath).flatMap((work) => {
    if (work.kind !== 'upgrade') return [];
    if (work.report) return wasRefused(work.report) ? [] : [afterVerdict(work.report, work)];
    if (work.isAlive || isActive(work.runId)) return [];
    return [afterVerdict(interruptedReport(work), work)];
  });
}

/** A verdict that was asked for later is the one that counts. */
function afterVerdict(report: RunReport, { verdict, migrated }: Work): RunReport {
  if (verdict === null) return report;
  // The report at the end tells of the whole way, the one before it of this part only.
  const { error: _, ...rest } = report.continues ? report : (migrated ?? report);
  const { verified, checks, error } = verdict;
  return verified
    ? { ...rest, ok: true, verified, checks, finishedAt: verdict.at }
    : { ...report, ...(checks.length > 0 ? { checks } : {}), ...(error ? { error } : {}) };
}

function interruptedReport(work: Work): RunReport {
  const { started, applied, migrated } = work;
  const titles = new Map(started.plan?.steps.map((step) => [step.migrationId, step.title]));
  for (const { migrationId, title } of work.steps) titles.set(migrationId, title);
  const where = migrated
    ? 'before its final check'
    : applied.length === 0
      ? 'before its first step'
      : `after step ${applied.length}`;
  const made: RunReport = migrated ?? {
    runId: started.runId,
    ok: false,
    fileName: path.basename(started.path),
    packId: started.plan?.packId ?? '',
    fromPhase: started.plan?.fromPhase ?? null,
    toPhase: started.toPhase ?? 0,
    startedAt: started.at,
    finishedAt: work.lastSignAt,
    migrations: applied.map(({ migrationId, ms }) => ({
      id: migrationId,
      title: titles.get(migrationId) ?? migrationId,
      ms,
    })),
    backfills: [],
    backup: work.backup,
    verified: false,
    checks: [],
    issues: [],
    tables: [],
  };
  const error = appError(
    'E_INTERRUPTED' satisfies ErrorCode,
    `The run stopped ${where}: Phasewise or the computer was ended.`,
    undefined,
    // Whoever was ended cannot have heard of everything: without that line no backup may be promised.
    work.backupPath === null ? { safety: 'unknown' } : undefined,
  );
  return { ...made, ok: false, verified: false, error };
}
