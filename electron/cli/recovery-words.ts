import type { Recovery, RecoveryChoiceId } from '@shared/recovery.ts';
import { printable } from '@host/printable.ts';
import { commandLine, windowLine } from './suggested.ts';

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

function commandFor(id: RecoveryChoiceId, { kind, toPhase, backup }: Recovery, file: string, removes: boolean): string {
  // What removes something asks for the file's name: --yes would skip that.
  const migrate = ['migrate', file, ...(toPhase === null ? [] : ['--to', `${toPhase}`])];
  const goOn = commandLine(...migrate, removes ? '--contract' : '--yes');
  switch (id) {
    case 'continue':
      if (kind === 'backup') return windowLine(file); // the window makes it; every upgrade makes one of its own
      if (kind === 'ingest') return `${commandLine('ingest', file)} PATH... --dry-run`;
      return kind === 'retry' ? commandLine('issues', file) : goOn;
    case 'check':
      return goOn;
    case 'finish':
      return commandLine('restore', '--finish', '--to', file, '--yes');
    case 'restore':
      return commandLine('restore', backup?.path ?? 'BACKUP', '--to', file, '--yes');
    case 'stay':
      return commandLine('stay', file);
  }
}
