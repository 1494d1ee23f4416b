import type { WholeReport } from '@shared/channels.ts';
import type { RunReport } from '@shared/run.ts';
import { keptWords } from '../../components/kept-notice.tsx';
import { bytes, count, duration, rate } from '../../words/numbers.ts';
import { checkMarks } from '../../words/states.ts';
import { dateTime } from '../../words/times.ts';
import { backupsOfRun, resultHeadline, verifiedStatement, whichBackup, wholeWords } from './result-words.ts';

/** The report as plain text, for a mail or a ticket: counts and names, no rows. */
export function reportText(report: WholeReport): string {
  return [
    `Phasewise report: ${report.fileName}, ${report.fromPhase === null ? 'before any phase' : `phase ${report.fromPhase}`} to phase ${report.toPhase}`,
    `${dateTime(report.startedAt)} to ${dateTime(report.finishedAt)} (local time), run ${report.runId}`,
    '',
    resultHeadline(report, report.error ?? null),
    ...lineOf(wholeWords(report)),
    verifiedStatement(report) ?? 'Not verified.',
    ...lineOf(keptWords(report.keptIn, report.earlierKeptIn)),
    ...(report.error
      ? [`${report.error.code}: ${report.error.message}`, report.error.safety, report.error.nextStep]
      : []),
    '',
    'Backup',
    ...backupLines(report),
    '',
    'Rows (source: expected = moved + already right + issue rows)',
    ...report.backfills.map(
      ({ id, source, expected, moved, alreadyRight, issueRows, rowsPerSecond }) =>
        `  ${id} from ${source}: ${count(expected)} = ${count(moved)} + ${count(alreadyRight)} + ${count(issueRows)}` +
        (rowsPerSecond === null ? '' : ` (${rate(rowsPerSecond)})`),
    ),
    ...section(
      'Issue rows',
      report.issues.map(
        ({ sourceTable, title, reason, count: rows }) => `${sourceTable}: ${count(rows)} ${title} (${reason})`,
      ),
    ),
    ...section(
      'Migrations',
      report.migrations.map(({ id, title, ms }) => `${id} ${title}: ${duration(ms)}`),
    ),
    ...section(
      'Checks',
      report.checks.map(({ title, state, summary }) => `[${checkMarks[state].word}] ${title}. ${summary}`),
    ),
    ...section(
      'Tables (rows before, after)',
      report.tables.map(({ name, rowsBefore, rowsAfter }) => `${name}: ${rowsBefore ?? '-'}, ${rowsAfter ?? '-'}`),
    ),
    '',
  ].join('\n');
}

const lineOf = (words: string | null): string[] => (words === null ? [] : [words]);

function backupLines(report: RunReport): string[] {
  const backups = backupsOfRun(report, null);
  if (backups.length === 0) return ['  none'];
  return backups.flatMap((backup) => [
    ...lineOf(whichBackup(report, backup)).map((what) => `  ${what}:`),
    `  ${backup.path}`,
    `  ${backup.reason}, ${bytes(backup.sizeBytes)}, ${backup.verified ? 'verified' : 'not verified'}, SHA-256 ${backup.sha256}`,
  ]);
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
