import path from 'node:path';
import { FileStamp } from '@shared/file-stamp.ts';
import type { WorkKind } from '@shared/recovery.ts';
import { BackupRecord, type Plan, type RunReport } from '@shared/run.ts';
import { firstOf, lastOf, type Line, linesOf, stampOf } from './journal-lines.ts';
import type { JournalLine } from './run-journal.ts';

/**
 * What a journal tells of one work on a database, but for what is long: of plans and reports it has what is asked again
 * and again. The whole of them stays in the journal, see `run-history.ts`.
 */
export interface ToldWork {
  readonly runId: string;
  /** The folder that its journal lies in. */
  readonly folder: string;
  readonly journal: string;
  readonly kind: WorkKind;
  readonly path: string;
  readonly toPhase: number | null;
  readonly startedAt: string;
  /** When the first attempt at it began; but for restores that were carried through later, its own begin. */
  readonly since: string;
  /** The time of its last line that the work itself wrote. */
  readonly lastSignAt: string;
  /** Counts up with every work on the database, whatever the clock does; 0 where nobody counted yet. */
  readonly order: number;
  readonly started: Omit<Line<'started'>, 'plan'> & { readonly plan: ToldPlan | null };
  readonly steps: Line<'steps'>['steps'];
  readonly applied: readonly Line<'applied'>[];
  /** Of what was there before; of a restore that was carried through, before its first attempt. null: none, or not said. */
  readonly backupPath: string | null;
  /** As it was made; null where none was, and in journals of an older version. */
  readonly backup: BackupRecord | null;
  /** Of a restore: the name of the folder that keeps what was there as files. null: none, or not noted. */
  readonly setAside: string | null;
  /** Of an upgrade: the folder that keeps what lay beside the file and was not all taken in. null: none, or not noted. */
  readonly keptIn: string | null;
  /** Of a run whose steps are all there, whatever came after. */
  readonly migrated: ToldReport | null;
  /** What it ended with. */
  readonly report: ToldReport | null;
  /** null: it never said how it ended. Of works that are no upgrade. */
  readonly isOver: boolean | null;
  /** The file, as a restore that was made has left it. null: not noted. */
  readonly leftAs: FileStamp | null;
  readonly verdict: Pick<Line<'verdict'>, 'verified' | 'error'> | null;
  /** A person said, or a look found, that there is nothing more to ask. */
  readonly isClosed: boolean;
  /** A look found that the file is not where the work left it any more. */
  readonly isSettled: boolean;
}

export type ToldPlan = Partial<Pick<Plan, 'packId' | 'fromPhase' | 'backupFolder' | 'source'>>;
export type ToldReport = Pick<RunReport, 'verified' | 'error' | 'backup' | 'leftAs'>;

export interface Told {
  /** null: it tells of none that was begun here. */
  readonly work: ToldWork | null;
  /** A person left it as it is, or it was checked: also of a run that this computer never began. */
  readonly isAnswered: boolean;
  /** The files that a person left as they are, as fileIdOf named them then. */
  readonly leftFiles: readonly string[];
}

/**
 * By journal, as long as that has not grown: a database may have hundreds, and every question asks for all of them. What
 * there is no room for is read each time: were others dropped for it, a pass over all of them would find none of them.
 */
const known = new Map<string, { readonly stamp: string; readonly told: Told; readonly length: number }>();
/** As JSON, without the lists of steps, which are shared: some 7,000 upgrades of 30 steps each, measured as 43 MB of heap. */
const MOST_KEPT = 30_000_000;
let kept = 0;

/** By their JSON: the upgrades of a database to one phase have all the same. */
const stepLists = new Map<string, ToldWork['steps']>();
const MOST_LISTS = 200;

/** null where the journal cannot be read. What is not there tells nothing. Never throws. */
export function toldIn(journal: string): Told | null {
  const stamp = stampOf(journal);
  const before = known.get(journal);
  if (before !== undefined && before.stamp === stamp) return before.told;
  forget(journal);
  const lines = linesOf(journal);
  if (lines === null) return null; // and not remembered: it may be readable again, and be the same
  const isProven = lines.some((line) => line.type === 'verdict' && line.verified);
  const told = {
    work: workOf(journal, lines),
    isAnswered: isClosed(lines) || isProven,
    leftFiles: lines.flatMap((line) => (line.type === 'stayed' && typeof line.file === 'string' ? [line.file] : [])),
  };
  if (stamp !== null) keep(journal, stamp, told);
  return told;
}

function keep(journal: string, stamp: string, told: Told): void {
  const { length } = JSON.stringify({ ...told.work, steps: [] });
  if (kept + length > MOST_KEPT) return;
  kept += length;
  known.set(journal, { stamp, told, length });
}

function forget(journal: string): void {
  kept -= known.get(journal)?.length ?? 0;
  known.delete(journal);
}

function shared(steps: ToldWork['steps']): ToldWork['steps'] {
  const key = JSON.stringify(steps);
  const same = stepLists.get(key);
  if (same) return same;
  if (stepLists.size >= MOST_LISTS) stepLists.clear(); // what has them keeps them
  stepLists.set(key, steps);
  return steps;
}

const isClosed = (lines: readonly JournalLine[]): boolean =>
  lines.some(({ type }) => type === 'stayed' || type === 'settled');

const LATER: readonly string[] = ['verdict', 'stayed', 'settled'];

function workOf(journal: string, lines: readonly JournalLine[]): ToldWork | null {
  const started = firstOf(lines, 'started');
  if (!started) return null;
  return {
    runId: started.runId,
    folder: path.dirname(journal),
    journal,
    kind: started.kind ?? 'upgrade',
    path: started.path,
    toPhase: started.toPhase,
    startedAt: started.at,
    since: started.since ?? started.at,
    lastSignAt: lines.findLast(({ type }) => !LATER.includes(type))?.at ?? started.at,
    order: started.order ?? 0,
    started: { ...started, plan: planOf(started) },
    steps: shared(firstOf(lines, 'steps')?.steps ?? []),
    applied: lines.filter((line) => line.type === 'applied'),
    backupPath: started.before ?? firstOf(lines, 'backup')?.backupPath ?? null,
    backup: BackupRecord.safeParse(firstOf(lines, 'backup')?.record).data ?? null,
    setAside: lastOf(lines, 'set-aside')?.folder ?? null,
    // Journals of an older version have it in their reports alone.
    keptIn: lastOf(lines, 'kept')?.folder ?? lastOf(lines, 'ended')?.report.keptIn ?? null,
    migrated: reportOf(lastOf(lines, 'migrated')),
    report: reportOf(lastOf(lines, 'ended')),
    isOver: lastOf(lines, 'over')?.ok ?? null,
    leftAs: FileStamp.safeParse(lastOf(lines, 'over')?.leftAs).data ?? null,
    verdict: verdictOf(lastOf(lines, 'verdict')),
    isClosed: isClosed(lines),
    isSettled: lines.findLast(({ type }) => type === 'stayed' || type === 'settled')?.type === 'settled',
  };
}

/** What a journal holds as a plan need not be one. */
function planOf({ plan }: Line<'started'>): ToldPlan | null {
  if (typeof plan !== 'object' || plan === null) return null;
  const { packId, fromPhase, backupFolder, source } = plan;
  return { packId, fromPhase, backupFolder, source };
}

function reportOf(line: Line<'migrated'> | Line<'ended'> | undefined): ToldReport | null {
  if (line === undefined) return null;
  const { verified, error, backup, leftAs } = line.report;
  return { verified, backup, ...(error && { error }), ...(leftAs && { leftAs }) };
}

const verdictOf = (line: Line<'verdict'> | undefined): ToldWork['verdict'] =>
  line === undefined ? null : { verified: line.verified, error: line.error };
