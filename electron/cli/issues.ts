import path from 'node:path';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { EngineRequests } from '@engine/protocol.ts';
import type { OpenEntry } from '@host/databases.ts';
import { unsupportedPath } from '@host/databases.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import type { Command } from './arguments.ts';
import { stopOf, stopped, whileRunning } from './signals.ts';
import { commandLine } from './suggested.ts';
import { canAsk, failure, isConfirmed, nobodyToAsk, type Outcome, tell } from './terminal.ts';
import { keptLines, number, some } from './words.ts';

type IssuesCommand = Extract<Command, { name: 'issues' }>;
type IssueList = EngineRequests['listIssues']['output'];

const PAGE = 500;
/** Lines for a reader; the rest is a matter for `--export` or `--json`. */
const SHOWN = 200;

/** `issues`: lists the issue rows, writes them to a file, or tries them again. */
export async function issues(host: Host, command: IssuesCommand): Promise<Outcome> {
  const database = host.databases.open(command.file);
  if (!database.ok) return failure(database.error);
  if (command.retry) return retry(host, database.value, command);
  if (command.exportTo !== null) return exportTo(host, database.value, command.exportTo);
  const listed = await readAll(host, database.value);
  if (!listed.ok) return failure(listed.error);
  return { exitCode: 0, json: { ok: true, issues: listed.value }, text: issuesText(listed.value, database.value.path) };
}

async function readAll(host: Host, { path: file }: OpenEntry): Promise<Result<IssueList>> {
  const all: IssueList = [];
  for (let afterId: number | null = null; ;) {
    const page: Result<IssueList> = await host.engines.ask(file, 'listIssues', { path: file, afterId, limit: PAGE });
    if (!page.ok) return err(page.error);
    all.push(...page.value);
    if (page.value.length < PAGE) return ok(all);
    afterId = page.value.at(-1)?.id ?? null;
  }
}

export function issuesText(list: IssueList, file: string): string {
  if (list.length === 0) return 'There are no issue rows.';
  const lines = list
    .slice(0, SHOWN)
    .flatMap(({ sourceTable, sourceKey, reason, title, detail, isPlaced }) => [
      `${printable(sourceTable)} ${printable(sourceKey)}  ${reason}${isPlaced ? '' : ' (not placed)'}`,
      `    ${printable(title)}${detail === '' ? '' : ` (${printable(detail)})`}`,
    ]);
  const more =
    list.length > SHOWN
      ? [
          `… and ${number(list.length - SHOWN)} more. All of them: ${commandLine('issues', file, '--export', 'issues.csv')}`,
        ]
      : [];
  return [...lines, ...more, `${some(list.length, 'issue row')}.`].join('\n');
}

async function exportTo(host: Host, database: OpenEntry, target: string): Promise<Outcome> {
  const unsupported = unsupportedPath(target);
  if (unsupported) return failure(unsupported.error);
  const format = path.extname(target).toLowerCase() === '.json' ? 'json' : 'csv';
  const work = host.exports.startIssues(database, format, target);
  const stop = { gently: () => host.exports.stop(database), atOnce: () => host.close() };
  const { value: written, signalCode } = await whileRunning(work, stop);
  if (!written.ok) return stopped(failure(written.error), signalCode);
  return {
    exitCode: 0,
    json: { ok: true, ...written.value, format },
    text: `${some(written.value.rows, 'issue row')} written to ${printable(target)}.`,
  };
}

async function retry(host: Host, database: OpenEntry, command: IssuesCommand): Promise<Outcome> {
  if (!command.yes) {
    if (!canAsk()) return failure(nobodyToAsk());
    tell(`The issue rows of ${printable(database.path)} will be tried again, behind a verified backup.`);
    if (!(await isConfirmed('Start? Type "yes" to start:', 'yes')))
      return failure(appError('E_CONFIRMATION', 'Nothing was started.'));
  }
  const { backupFolder, source } = command;
  const request = { source, ...(backupFolder === null ? {} : { backupFolder }) };
  const work = host.ingests.retry(database, request);
  const { value: tried, signalCode } = await whileRunning(work, stopOf(host, database));
  if (!tried.ok) return stopped(failure(tried.error), signalCode);
  const { tried: count, cleared, left, kept, backup, keptIn } = tried.value;
  const lines = [
    `${some(count, 'issue row')} tried again: ${number(cleared)} cleared, ${number(left)} left.`,
    ...(kept > 0 ? [`${some(kept, 'issue row')} kept as they are: they cannot be tried any more, but exported.`] : []),
    ...(backup
      ? [`Backup: ${printable(backup.path)}, verified`]
      : keptIn === undefined
        ? ['Nothing was changed.']
        : []),
    ...keptLines(keptIn),
  ];
  return { exitCode: 0, json: { ok: true, ...tried.value }, text: lines.join('\n') };
}
