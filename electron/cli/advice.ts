import type { AppError } from '@shared/errors.ts';
import { statsOf } from '@host/stats.ts';
import type { Command } from './arguments.ts';
import { commandLine } from './suggested.ts';

/**
 * The command that carries out what an error says to do next, as it can be copied; null where no command does.
 * @param args what was typed, `--json` or not.
 */
export function adviceFor({ code, details }: AppError, command: Command, args: readonly string[]): string | null {
  const typed = args.filter((argument) => argument !== '--json');
  switch (code) {
    case 'E_USAGE':
      return 'yes' in command && !command.yes ? again(typed, '--yes') : null;
    case 'E_REMOVAL_UNCONFIRMED':
      return again(
        typed.filter((argument) => argument !== '--yes' && argument !== '-y'),
        '--contract',
      );
    case 'E_CANCELLED':
    case 'E_INTERRUPTED':
    case 'E_NO_SPACE':
    case 'E_BACKUP_NO_SPACE':
    case 'E_TEMP_UNAVAILABLE':
      return again(typed);
    case 'E_RESTORE_UNFINISHED':
    case 'E_RESTORE_HELD':
      return 'file' in command ? finishing(command.file, details?.['backup']) : null;
    case 'E_WORKER_DIED':
    case 'E_RESTORE_FAILED':
      return 'file' in command ? commandLine('status', command.file) : null;
    case 'E_BACKUP_GONE':
    case 'E_BACKUP_CORRUPT':
      return command.name === 'restore' ? commandLine('backups', command.file) : null;
    case 'E_BACKUP_FOREIGN': // most likely the database, named in place of a backup of it
      return command.name === 'verify' && !command.isAll ? commandLine('verify', '--all', command.backup) : null;
    case 'E_ISSUES_OPEN':
      return 'file' in command ? commandLine('issues', command.file) : null;
    default:
      return null;
  }
}

/** As it was typed, with one thing more; before a "--", behind which everything is a name. */
function again(typed: readonly string[], ...more: readonly string[]): string {
  const end = typed.indexOf('--');
  const at = end === -1 ? typed.length : end;
  return commandLine(...typed.slice(0, at), ...more, ...typed.slice(at));
}

/** Where the backup that was being put back is gone, `status` says what else can be done. */
const finishing = (file: string, backup: unknown): string =>
  typeof backup === 'string' && statsOf(backup) === undefined
    ? commandLine('status', file)
    : commandLine('restore', '--finish', '--to', file, '--yes');
