import type { Recovery, RecoveryChoiceId } from '@shared/recovery.ts';
import { printable } from '@host/printable.ts';

/**
 * What was interrupted, that the data is safe and why, and what can be done: the sentences of the window, each choice with
 * its command. @param file the database as commands name it.
 */
export function recoveryText(recovery: Recovery, file: string): string {
  return [
    `Unfinished: ${printable(recovery.what)}  [${recovery.code}]`,
    `  ${printable(recovery.where)}`,
    recovery.isSafe ? '  Your data is safe:' : '  Please be careful with the file until this is settled:',
    ...recovery.reasons.map((reason) => `  - ${printable(reason)}`),
    ...(recovery.backup ? [`  - That backup is ${printable(recovery.backup.path)}`] : []),
    'What you can do:',
    ...recovery.choices.flatMap(({ id, title, consequence }) => [
      `  ${title}: ${commandFor(id, recovery, quoted(file))}`,
      `      ${consequence}`,
    ]),
  ].join('\n');
}

/** One line for who continues it: from where. */
export const continuesText = (recovery: Recovery): string =>
  `${printable(recovery.what)}\n${printable(recovery.where)}\nContinuing from there.`;

function commandFor(id: RecoveryChoiceId, { kind, toPhase, backup }: Recovery, file: string): string {
  const to = toPhase === null ? '' : ` --to ${toPhase}`;
  switch (id) {
    case 'continue':
      if (kind === 'backup') return 'make it in the window; every upgrade makes one of its own';
      if (kind === 'ingest') return `ingest ${file} PATH... --dry-run`;
      return kind === 'retry' ? `issues ${file}` : `migrate ${file}${to}`;
    case 'check':
      return `migrate ${file}${to}`;
    case 'finish':
      return `restore --finish --to ${file}`;
    case 'restore':
      return `restore ${quoted(backup?.path ?? 'BACKUP')} --to ${file}`;
    case 'stay':
      return 'do nothing';
  }
}

/** As a shell takes it. */
const quoted = (file: string): string =>
  /^[\w./+,:@%-]+$/.test(file) ? file : `'${printable(file).replaceAll("'", `'\\''`)}'`;
