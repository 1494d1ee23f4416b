import type { IngestReport } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { counted } from '../../words/numbers.ts';
import type { Mark } from '../../words/states.ts';
import { listed, lowerFirst } from '../../words/text.ts';

export type IngestFile = IngestReport['files'][number];

/** What is taken in, before any report can name it. */
export const INGEST_TITLE = 'run log';
export const INGEST_EXTENSION = '.json';

const WHAT = 'Run logs can be taken in';

/** When something can be taken in, where it cannot be now; null = it can. */
export function ingestObstacle(
  { phaseReached, defaultTarget, file, unfinishedRun }: DatabaseStatus,
  hasActiveRun: boolean,
): string | null {
  if (hasActiveRun) return `${WHAT} once the work on this database is done`;
  if (unfinishedRun) return `${WHAT} once the unfinished upgrade has been continued`;
  if (!file.isWritable) return `${WHAT} once the file can be written to`;
  if ((phaseReached ?? -1) < defaultTarget) return `${WHAT} once phase ${defaultTarget} is reached`;
  return null;
}

/** Before and after are told apart: what would be done is not told as done. */
export const fileMarks = (isTrial: boolean): Record<IngestFile['state'], Mark> => ({
  new: isTrial ? { tone: 'idle', word: 'new' } : { tone: 'done', word: 'taken in' },
  changed: isTrial ? { tone: 'idle', word: 'adds to a known run' } : { tone: 'done', word: 'added to a known run' },
  known: { tone: 'none', word: 'already there' },
  refused: { tone: 'attention', word: 'refused' },
});

const nouns: Readonly<Record<string, readonly [string, string]>> = {
  runs: ['run', 'runs'],
  jobs: ['job', 'jobs'],
  candidates: ['candidate', 'candidates'],
  files: ['file', 'files'],
  links: ['link', 'links'],
  qualityReports: ['quality report', 'quality reports'],
  costEvents: ['cost entry', 'cost entries'],
};

/** "1 run, 4 jobs and 16 candidates"; rows that get newer values last: "3 rows renewed" */
export function countWords(counts: IngestFile['counts']): string {
  const words = Object.entries(counts)
    .filter(([name, value]) => value > 0 && name !== 'updated')
    .map(([name, value]) => {
      const [one, many] = nouns[name] ?? [spelled(name), spelled(name)];
      return counted(value, one, many);
    });
  const updated = counts['updated'] ?? 0;
  return listed([...words, ...(updated > 0 ? [`${counted(updated, 'row')} renewed`] : [])]);
}

/** "costEvents" -> "cost events": a count that this window does not know is shown all the same. */
const spelled = (name: string): string => lowerFirst(name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`));

/** What one file adds, or why it is refused. */
export function fileWords({ state, reason, counts }: IngestFile): string {
  if (state === 'refused') return reason ?? 'It cannot be read as one.';
  if (state === 'known') return 'nothing: everything of it is in the database';
  return countWords(counts) || 'nothing';
}

/** Those that taking in would write something of. */
export const writableFiles = ({ files }: IngestReport): number =>
  files.filter(({ state }) => state === 'new' || state === 'changed').length;

export function totalCounts(files: readonly IngestFile[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { state, counts } of files) {
    if (state === 'refused' || state === 'known') continue;
    for (const [name, value] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + value;
  }
  return totals;
}

/** "12 run logs can be taken in" */
export function lookedHeadline(report: IngestReport, isTaking: boolean): string {
  const writable = writableFiles(report);
  if (isTaking) return `Taking in ${counted(writable, report.title)}`;
  if (report.files.length === 0) return `No ${report.title} was found there`;
  if (writable === 0) return `There is nothing to take in`;
  return `${counted(writable, report.title)} can be taken in`;
}

/** "Together they add 3 runs and 40 candidates. 20 files add nothing new. 2 files are refused; …" */
export function lookedSentence(report: IngestReport): string {
  const { files } = report;
  const isOne = writableFiles(report) === 1;
  const { updated = 0, ...added } = totalCounts(files);
  const adds = countWords(added);
  return [
    ...(adds === '' ? [] : [`${isOne ? 'It adds' : 'Together they add'} ${adds}.`]),
    ...(updated === 0 ? [] : [`${counted(updated, 'row')} ${updated === 1 ? 'gets' : 'get'} newer values.`]),
    ...restSentences(files),
  ].join(' ');
}

/** Looking opens the file, and then SQLite leaves out what it cannot read. */
export const untilTaken = ({ keptIn }: IngestReport): string =>
  `Nothing has been ${keptIn === undefined ? 'changed' : 'taken in'} yet; a backup is made and proved first.`;

export function takenHeadline(report: IngestReport): string {
  const written = writableFiles(report);
  return written === 0
    ? 'There was nothing to take in.'
    : `Done. ${counted(written, report.title)} ${written === 1 ? 'was' : 'were'} taken in.`;
}

export function takenSentence(report: IngestReport): string {
  const { updated = 0, ...added } = totalCounts(report.files);
  const words = countWords(added);
  return [
    ...(words === '' ? [] : [`The database now also has ${words}.`]),
    ...(updated === 0 ? [] : [`${counted(updated, 'row')} got newer values.`]),
    ...restSentences(report.files),
  ].join(' ');
}

function restSentences(files: readonly IngestFile[]): string[] {
  const of = (state: IngestFile['state']): number => files.filter((file) => file.state === state).length;
  const [known, refused] = [of('known'), of('refused')];
  return [
    ...(known > 0 ? [`${counted(known, 'file')} ${known === 1 ? 'adds' : 'add'} nothing new.`] : []),
    ...(refused > 0
      ? [
          `${counted(refused, 'file')} ${refused === 1 ? 'is' : 'are'} refused; the reason is given beside ${refused === 1 ? 'it' : 'each'}.`,
        ]
      : []),
  ];
}

/** What was refused is read first, what is there already last. */
export const fileRank: Record<IngestFile['state'], number> = { refused: 0, new: 1, changed: 2, known: 3 };
export const sortFiles = (files: readonly IngestFile[]): IngestFile[] =>
  files.toSorted(
    (a, b) => fileRank[a.state] - fileRank[b.state] || a.name.localeCompare(b.name, 'en', { numeric: true }),
  );

export type FileFilter = 'all' | IngestFile['state'];

/** Files whose name or project contains the text and whose state is asked for. */
export function filterFiles(files: readonly IngestFile[], text: string, state: FileFilter): IngestFile[] {
  const wanted = text.trim().toLowerCase();
  return files.filter(
    (file) =>
      (state === 'all' || file.state === state) &&
      [file.name, file.project ?? '', file.reason ?? ''].some((words) => words.toLowerCase().includes(wanted)),
  );
}
