import { type AppError, appError, type Safety } from '@shared/errors.ts';
import type { IngestReport } from '@shared/run.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import type { Command } from './arguments.ts';
import { stopOf, stopped, whileRunning } from './signals.ts';
import { failure, type Outcome } from './terminal.ts';
import { keptLines, some } from './words.ts';

type IngestCommand = Extract<Command, { name: 'ingest' }>;

/** `ingest`: takes files into an upgraded database, or says what that would do. */
export async function ingest(host: Host, command: IngestCommand): Promise<Outcome> {
  const { file, files, project, isTrial, backupFolder } = command;
  const database = host.databases.open(file);
  if (!database.ok) return failure(database.error);
  const request = { files, project, isTrial, ...(backupFolder === null ? {} : { backupFolder }) };
  const work = host.ingests.take(database.value, request);
  // A trial changes nothing: what listens to signals meanwhile ends it at once.
  const { value: taken, signalCode } = isTrial
    ? { value: await work, signalCode: null }
    : await whileRunning(work, stopOf(host, database.value));
  if (!taken.ok) return stopped(failure(taken.error), signalCode);
  const report = taken.value;
  const [first] = report.files;
  if (report.files.every(({ state }) => state === 'refused')) {
    const why = `${some(report.files.length, 'file')} refused; ${printable(first?.name ?? '')}: ${first?.reason ?? ''}`;
    const refused = failure(appError('E_INGEST_NOTHING', `${why}.`, undefined, { safety: unwritten(report) }), {
      ...report,
    });
    return { ...refused, text: [refused.text, ...fileLines(report), ...keptLines(report.keptIn)].join('\n') };
  }
  const partly = refusedByName(report);
  if (partly === null) return { exitCode: 0, json: { ok: true, ...report }, text: ingestText(report) };
  const refused = failure(partly, { ...report });
  return { ...refused, text: `${ingestText(report)}\n\n${refused.text}` };
}

/** Who names a file wants that one; what a folder holds besides run logs is no failure. null = none was refused. */
function refusedByName(report: IngestReport): AppError | null {
  const { files, backup, isTrial } = report;
  const refused = files.filter(({ isNamed }) => isNamed);
  const [first] = refused;
  if (first === undefined) return null;
  const what = `Refused of those that were named: ${some(refused.length, 'file')}`;
  const why = `${printable(first.name)}: ${first.reason ?? ''}`;
  const others = isTrial ? 'The list says what can be taken in.' : 'What could be taken in is in the database.';
  const safety = backup !== null ? 'whole-step' : unwritten(report);
  return appError('E_INGEST_PARTLY', `${what}; ${why}. ${others}`, undefined, { safety });
}

/** How safe the data is where nothing was written: SQLite may have left out what it could not read. */
const unwritten = ({ keptIn }: IngestReport): Safety => (keptIn === undefined ? 'untouched' : 'kept');

export function ingestText(report: IngestReport): string {
  const of = (state: IngestReport['files'][number]['state']) =>
    report.files.filter((file) => file.state === state).length;
  const isWritten = report.backup !== null;
  const untouched = report.keptIn === undefined ? 'Nothing was changed. ' : '';
  const head = report.isTrial ? `${untouched}Taking these files in would give:` : 'Taken in:';
  const lines = [
    isWritten || report.isTrial ? head : 'There was nothing to take in.',
    ...fileLines(report),
    `${some(report.files.length, 'file')}: ${of('new')} new, ${of('changed')} with changes, ${of('known')} known already, ${of('refused')} refused.`,
  ];
  if (report.backup) lines.push(`Backup: ${printable(report.backup.path)}, verified`);
  lines.push(...keptLines(report.keptIn));
  if (isWritten) lines.push(`${some(report.checks.length, 'check')} held when the file was opened again.`);
  return lines.join('\n');
}

const words: Readonly<Record<string, string>> = {
  runs: 'run',
  jobs: 'job',
  candidates: 'candidate',
  files: 'file',
  links: 'link',
  qualityReports: 'quality report',
  costEvents: 'cost',
  updated: 'updated row',
};

const fileLines = ({ files }: IngestReport): string[] =>
  files.map(({ name, state, reason, project, counts }) => {
    const parts = Object.entries(counts).filter(([, count]) => count > 0);
    const what = parts.map(([key, count]) => some(count, words[key] ?? key)).join(', ');
    const detail = reason ?? ([project, what].filter(Boolean).join(': ') || '');
    return `  ${state.padEnd(8)}${printable(name)}${detail === '' ? '' : `  ${printable(detail)}`}`;
  });
