import type { Recovery, RecoveryChoiceId } from '@shared/recovery.ts';
import type { BegunWay } from '@host/begun-way.ts';
import { printable } from '@host/printable.ts';
import { commandLine, shellLine, windowLine } from './suggested.ts';

/**
 * What was interrupted, that the data is safe and why, and what can be done: the sentences of the window, each choice with
 * its command. @param file the database as commands name it. @param removes the way to its target removes old names.
 */
export function recoveryText(recovery: Recovery, file: string, removes = false): string {
  return [
    `Unfinished: ${printable(recovery.what)}  [${recovery.code}]`,
    `  ${printable(recovery.where)}`,
    recovery.isSafe ? '  Your data is safe:' : '  Please be careful with the file until this is settled:',
    ...recovery.reasons.map((reason) => `  - ${printable(reason)}`),
    ...(recovery.backup ? [`  - That backup is ${printable(recovery.backup.path)}`] : []),
    'What you can do:',
    ...recovery.choices.flatMap(({ id, title, consequence }) => [
      `  ${title}:`,
      `      ${commandFor(id, recovery, file, removes)}`,
      `      ${printable(consequence)}`,
    ]),
  ].join('\n');
}

/** One line for who continues it: from where. */
export const continuesText = (recovery: Recovery): string =>
  `${printable(recovery.what)}\n${printable(recovery.where)}\nContinuing from there.`;

function commandFor(id: RecoveryChoiceId, recovery: Recovery, file: string, removes: boolean): string {
  const { kind, toPhase, backup, backupFolder = null, source = null } = recovery;
  const goOn = migrateLine(file, { toPhase, backupFolder, source, removes });
  switch (id) {
    case 'continue':
      if (kind === 'backup') return windowLine(file); // the window makes it; every upgrade makes one of its own
      if (kind === 'ingest') return ingestLine(file);
      return kind === 'retry' ? commandLine('issues', file) : goOn;
    case 'check':
      return goOn;
    case 'finish':
      return commandLine('restore', '--finish', '--to', file, '--yes');
    case 'restore':
      return commandLine('restore', backup?.path ?? 'BACKUP', '--to', file, '--yes');
    case 'put-back':
      return commandLine('restore', '--put-back', recovery.setAside ?? 'FOLDER', '--to', file, '--yes');
    case 'look':
      return commandLine('status', file);
    case 'stay':
      return commandLine('stay', file);
  }
}

/** The upgrade, gone on with as it was begun. */
export function migrateLine(
  file: string,
  way: BegunWay & { readonly toPhase: number | null; readonly removes: boolean },
): string {
  const to = way.toPhase === null ? [] : ['--to', `${way.toPhase}`];
  const folder = way.backupFolder === null ? [] : ['--backup-dir', way.backupFolder];
  const source =
    way.source === null ? [] : way.source.kind === 'none' ? ['--no-run-logs'] : ['--run-logs', way.source.folder];
  // What removes something asks for the file's name: --yes would skip that.
  return commandLine('migrate', file, ...to, ...folder, ...source, way.removes ? '--contract' : '--yes');
}

/** Which files are meant nobody knows any more. */
function ingestLine(file: string): string {
  const line = shellLine('ingest', file);
  return line === null ? commandLine('ingest', file) : `${line} PATH... --dry-run`;
}
