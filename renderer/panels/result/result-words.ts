import type { AppError } from '@shared/errors.ts';
import type { BackfillReport, RunReport } from '@shared/run.ts';
import { wasNotStarted } from '../../words/errors.ts';
import { count, counted } from '../../words/numbers.ts';
import { upperFirst } from '../../words/text.ts';
import { stamp } from '../../words/times.ts';

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
export function sourceRows(backfills: readonly BackfillReport[]): { all: number; placed: number; noted: number } {
  const byTable = new Map<string, number>();
  for (const { source, expected } of backfills) {
    if (!source.startsWith('_phasewise_')) byTable.set(source, Math.max(expected, byTable.get(source) ?? 0));
  }
  const all = [...byTable.values()].reduce((sum, rows) => sum + rows, 0);
  const noted = Math.min(all, totals(backfills).issueRows);
  return { all, placed: all - noted, noted };
}

/** Can be read aloud: "Done. All 19,835 rows are accounted for: 19,805 are in their place and 30 are noted with a reason." */
export function resultHeadline(report: RunReport | null, error: AppError | null): string {
  if (error?.code === 'E_CANCELLED') {
    return report ? `Stopped on the way to phase ${report.toPhase}.` : 'Stopped before anything was changed.';
  }
  if (error && wasNotStarted(error)) return 'No upgrade was started.';
  if (report === null || !report.ok) return 'The upgrade did not finish.';
  const { all, placed, noted } = sourceRows(report.backfills);
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

/** Only what was proved is said; null when the fresh process did not confirm. */
export function verifiedStatement(report: RunReport): string | null {
  if (!report.verified) return null;
  const met = report.checks.filter(({ state }) => state === 'met').length;
  const checks = report.checks.length > 0 ? ` and ${count(met)} of ${count(report.checks.length)} checks passed` : '';
  const backup = report.backup?.verified
    ? ' The backup from before the upgrade was restored to a scratch file and checked.'
    : '';
  return `Verified: a fresh process opened the file again${checks}.${backup}`;
}

export function whatNext(report: RunReport): string[] {
  const sums = totals(report.backfills);
  return [
    'Open the project in your program as usual.',
    ...(sums.issueRows > 0
      ? [
          `Look at the ${sums.issueRows === 1 ? 'issue row' : counted(sums.issueRows, 'issue row')} below when you have time. ${sums.issueRows === 1 ? 'Its' : 'Their'} content is kept; nothing is waiting for it.`,
        ]
      : []),
    'Keep the backup until you have worked with the upgraded project for a while.',
  ];
}

const participles: Readonly<Record<string, string>> = {
  copying: 'copied',
  filling: 'filled',
  moving: 'moved',
  naming: 'named',
  noting: 'noted',
  reading: 'read',
  registering: 'registered',
};

/** "copying users into app_users" -> "Copied users into app_users": what is over is not told as going on. */
export function doneWords(title: string): string {
  const [first = '', ...rest] = title.split(' ');
  const participle = participles[first.toLowerCase()];
  return participle === undefined || rest.length === 0
    ? upperFirst(title)
    : `${upperFirst(participle)} ${rest.join(' ')}`;
}

/** "+19,805", "−2", "" */
export function changeWords(before: number | null, after: number | null): string {
  const change = (after ?? 0) - (before ?? 0);
  if (change === 0) return before === null && after !== null ? 'new' : '';
  return change > 0 ? `+${count(change)}` : `−${count(-change)}`;
}

/** `northern-lights-phase-1-20261121T140233.json`, in local time as all that people read. */
export function reportFileName(report: RunReport, extension: 'json' | 'txt'): string {
  const stem = report.fileName.replace(/\.[^.]+$/, '').replace(/[^\w.-]+/g, '-');
  return `${stem}-phase-${report.toPhase}-${stamp(report.startedAt)}.${extension}`;
}
