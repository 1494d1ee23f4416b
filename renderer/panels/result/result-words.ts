import type { AppError } from '@shared/errors.ts';
import { aboutOriginal } from '@shared/original-words.ts';
import type { BackfillReport, BackupRecord, RunReport } from '@shared/run.ts';
import type { CheckResult, DatabaseStatus } from '@shared/status.ts';
import { issueTotal } from '../issues/issues-words.ts';
import { wasNotStarted } from '../../words/errors.ts';
import { count, counted } from '../../words/numbers.ts';
import { backupMark, type Mark } from '../../words/states.ts';
import { upperFirst } from '../../words/text.ts';
import { dateTime, stamp } from '../../words/times.ts';

export interface Totals {
  readonly expected: number;
  readonly moved: number;
  readonly alreadyRight: number;
  readonly issueRows: number;
}

export function totals(backfills: readonly BackfillReport[]): Totals {
  const sum = (pick: (backfill: BackfillReport) => number): number =>
    backfills.reduce((all, backfill) => all + pick(backfill), 0);
  return {
    expected: sum(({ expected }) => expected),
    moved: sum(({ moved }) => moved),
    alreadyRight: sum(({ alreadyRight }) => alreadyRight),
    issueRows: sum(({ issueRows }) => issueRows),
  };
}

/** The accounting closes exactly or it is not called done. */
export const isAccountedFor = ({ expected, moved, alreadyRight, issueRows }: Totals): boolean =>
  expected === moved + alreadyRight + issueRows;

/**
 * Source rows, each counted once: several backfills may walk the same table, and tables of our own are no one's data.
 * placed = moved or already right, everywhere it had to be.
 */
export function sourceRows({ backfills, issues }: Pick<RunReport, 'backfills' | 'issues'>): {
  all: number;
  placed: number;
  noted: number;
} {
  const byTable = new Map<string, number>();
  for (const { source, expected } of backfills) {
    if (!source.startsWith('_phasewise_')) byTable.set(source, Math.max(expected, byTable.get(source) ?? 0));
  }
  const all = [...byTable.values()].reduce((sum, rows) => sum + rows, 0);
  const noted = Math.min(all, notedRows({ backfills, issues }));
  return { all, placed: all - noted, noted };
}

/** Rows noted by this run: two backfills may note the same row, and the list of the file has rows of earlier runs too. */
function notedRows({ backfills, issues }: Pick<RunReport, 'backfills' | 'issues'>): number {
  return Math.min(totals(backfills).issueRows, issueTotal(issues));
}

/** Can be read aloud: "Done. All 19,835 rows are accounted for: 19,805 are in their place and 30 are noted with a reason." */
export function resultHeadline(report: RunReport | null, error: AppError | null): string {
  if (error?.code === 'E_CANCELLED') {
    return report ? `Stopped on the way to phase ${report.toPhase}.` : 'Stopped before anything was changed.';
  }
  if (error && wasNotStarted(error)) return 'No upgrade was started.';
  if (report === null || !report.ok) return 'The upgrade did not finish.';
  const { all, placed, noted } = sourceRows(report);
  if (all === 0) return `Done. The database is at phase ${report.toPhase}; there were no rows to move.`;
  if (!report.backfills.every(isAccountedFor)) {
    return `Phase ${report.toPhase} is applied, but not every row is accounted for.`;
  }
  if (all === 1)
    return `Done. The one row is accounted for${noted === 0 ? ' and in its place' : ': it is noted with a reason'}.`;
  if (noted === 0) return `Done. All ${counted(all, 'row')} are accounted for and in their place.`;
  return `Done. All ${counted(all, 'row')} are accounted for: ${are(placed)} in their place and ${are(noted)} noted with a reason.`;
}

const are = (rows: number): string => `${count(rows)} ${rows === 1 ? 'is' : 'are'}`;

/**
 * Only what was proved is said, and of backups only while they are good; null when the fresh process did not confirm.
 * @param listed as for `keptNow`.
 */
export function verifiedStatement(report: RunReport, listed = NOT_LISTED): string | null {
  if (!report.verified) return null;
  const checks = checksPassed(report.checks);
  const kept = backupsOfRun(report, null);
  const proven = kept.length > 0 && kept.every((each) => each.verified && isGood(each, listed));
  const which = kept.length > 1 ? 'Each backup was restored to' : 'The backup from before the upgrade was restored to';
  const backup = proven ? ` ${which} a scratch file and checked.` : '';
  return `Verified: a fresh process opened the file again${checks}.${backup}`;
}

export function checksPassed(checks: readonly CheckResult[]): string {
  const met = checks.filter(({ state }) => state === 'met').length;
  return checks.length > 0 ? ` and ${count(met)} of ${count(checks.length)} checks passed` : '';
}

/** The backups that there are, as far as is known. */
export interface Listed {
  readonly backups: readonly BackupRecord[];
  /** One that is not among them is no longer there: an older list knows nothing of the newest. */
  readonly isFresh: boolean;
}
const NOT_LISTED: Listed = { backups: [], isFresh: false };

/** A backup of a report as it is now. */
export interface KeptNow {
  readonly backup: BackupRecord;
  readonly mark: Mark;
}

/** A report keeps what was true when it was written, the list knows better. */
export function keptNow(backup: BackupRecord, { backups, isFresh }: Listed): KeptNow {
  const now = sameOf(backup, backups) ?? (isFresh ? null : backup);
  if (now) return { backup: now, mark: backupMark(now) };
  return { backup: { ...backup, state: 'missing' }, mark: { tone: 'blocked', word: 'cannot be found now' } };
}

/** A folder may be listed by another path than it had: a link to it, or one that was given another name. */
const sameOf = ({ path, sha256, createdAt }: BackupRecord, listed: readonly BackupRecord[]): BackupRecord | undefined =>
  listed.find((each) => each.path === path) ??
  listed.find((each) => each.sha256 === sha256 && each.createdAt === createdAt);

const isGood = (backup: BackupRecord, listed: Listed): boolean => keptNow(backup, listed).backup.state === 'verified';

/**
 * Which of the backups of an upgrade that was gone on with this is; null where one is enough, or its reason says it.
 */
export function whichBackup({ continues, backups = [], backup: own }: RunReport, backup: BackupRecord): string | null {
  if (continues === undefined) return null;
  if (backup.path === continues.original?.path) return 'Your original: the file from before the upgrade was begun';
  const isFurther = own !== null && backups.findIndex(({ path }) => path === own.path) < backups.indexOf(backup);
  return isFurther ? null : 'Also kept: the half upgraded file, from when the upgrade was gone on with';
}

/** Said of an upgrade that was gone on with. */
export function wholeWords({ continues }: RunReport): string | null {
  if (continues === undefined) return null;
  const parts = continues.runIds.length + 1;
  return `The upgrade was begun ${dateTime(continues.startedAt)} and gone on with; what follows is the whole of it, ${parts === 2 ? 'both' : `all ${parts}`} parts.${aboutOriginal(continues)}`;
}

/** The backups that a run made, oldest first: before it changed anything, and before it removed something. */
export function backupsOfRun(report: RunReport | null, own: BackupRecord | null): readonly BackupRecord[] {
  if (report?.backups && report.backups.length > 0) return report.backups;
  const kept = report?.backup ?? own;
  return kept === null ? [] : [kept];
}

/** The run reached a phase that removes the old names. */
export const hasRemoved = ({ toPhase, fromPhase }: RunReport, { phases }: Pick<DatabaseStatus, 'phases'>): boolean =>
  phases.some(({ number, removesAnything }) => removesAnything && number <= toPhase && number > (fromPhase ?? -1));

/** @param hasBegun there is its backup, or the file knows of a run: before that nothing is changed. */
export function afterFailureLabel(error: AppError, hasBegun: boolean): string {
  if (wasNotStarted(error)) return 'Look at the plan again';
  return hasBegun ? 'Continue the upgrade…' : 'Start the upgrade again…';
}

/** Something of the way to this phase is left to do. */
export const isStillAhead = (toPhase: number, { pending, phaseReached }: DatabaseStatus): boolean =>
  pending.length > 0 || toPhase > (phaseReached ?? -1);

/** Rows that the run noted and that still are: another try may have placed them. A status from before its end knows none. */
export function stillNoted(
  report: RunReport,
  { issues, checkedAt }: Pick<DatabaseStatus, 'issues' | 'checkedAt'>,
): number {
  const noted = notedRows(report);
  return checkedAt < report.finishedAt ? noted : Math.min(noted, issueTotal(issues));
}

/** The phase that the upgrade is to go on to; null where the file is at it, or was before this run. */
export function goalAhead(
  { toPhase }: Pick<RunReport, 'toPhase'>,
  { defaultTarget, phaseReached }: Pick<DatabaseStatus, 'defaultTarget' | 'phaseReached'>,
): number | null {
  return Math.max(toPhase, phaseReached ?? -1) < defaultTarget ? defaultTarget : null;
}

/**
 * @param listed as for `keptNow`. @param noted as `stillNoted`, where the file was looked at. @param goal as `goalAhead`:
 *   below it nobody knows whether the program takes the file.
 */
export function whatNext(
  report: RunReport,
  isOldGone = false,
  listed = NOT_LISTED,
  noted = notedRows(report),
  goal: number | null = null,
): string[] {
  return [
    goal === null
      ? isOldGone
        ? 'Open the project in a program that knows the new names. Programs that know only the old ones can no longer open it.'
        : 'Open the project in your program as usual.'
      : `Go on with the upgrade to phase ${goal}, on the page Phases, now or later. Before that the new version of your program may refuse the file; older versions work with it as before.`,
    ...(noted > 0
      ? [
          `Look at the ${noted === 1 ? 'issue row' : counted(noted, 'issue row')} below when you have time. ${noted === 1 ? 'Its' : 'Their'} content is kept; nothing is waiting for it.`,
        ]
      : []),
    backupAdvice(report, listed),
  ];
}

function backupAdvice({ continues, backup }: RunReport, listed: Listed): string {
  const original = continues?.original ?? null;
  const counts = original ?? backup;
  if (counts && !isGood(counts, listed)) {
    const which = original ? 'The backup of your original' : 'The backup from before the upgrade';
    const isThere = keptNow(counts, listed).backup.state !== 'missing';
    const why = isThere
      ? 'can no longer be relied on'
      : 'cannot be found: it was deleted or moved, or its drive is not there';
    return `${which} ${why}. Make a new one, of the project as it is now.`;
  }
  return `Keep the ${original ? 'backup of your original' : 'backup'} until you have worked with the upgraded project for a while.`;
}

const participles: Readonly<Record<string, string>> = {
  copying: 'copied',
  filling: 'filled',
  giving: 'gave',
  linking: 'linked',
  looking: 'looked',
  moving: 'moved',
  naming: 'named',
  noting: 'noted',
  reading: 'read',
  registering: 'registered',
  turning: 'turned',
};

/** "copying users into app_users" -> "Copied users into app_users": what is over is not told as going on. */
export function doneWords(title: string): string {
  const [first = '', ...rest] = title.split(' ');
  const participle = participles[first.toLowerCase()];
  return participle === undefined || rest.length === 0
    ? upperFirst(title)
    : `${upperFirst(participle)} ${rest.join(' ')}`;
}

/** "+19,805", "−2", "", of a table that was not there "new" or "new, +3" */
export function changeWords(before: number | null, after: number | null): string {
  const change = (after ?? 0) - (before ?? 0);
  if (before === null && after !== null) return change > 0 ? `new, +${count(change)}` : 'new';
  if (change === 0) return '';
  return change > 0 ? `+${count(change)}` : `−${count(-change)}`;
}

/** `northern-lights-phase-1-20261121T140233.json`, in local time as all that people read. */
export function reportFileName(report: RunReport, extension: 'json' | 'txt'): string {
  const stem = report.fileName
    .replace(/\.[^.]+$/, '')
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 100);
  return `${stem}-phase-${report.toPhase}-${stamp(report.startedAt)}.${extension}`;
}
