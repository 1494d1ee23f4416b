import type { AppError, ErrorDetails } from '@shared/errors.ts';
import { liesAmongBackups } from '@host/backup-place.ts';
import { statsOf } from '@host/stats.ts';
import type { Command } from './arguments.ts';
import { shellLine } from './suggested.ts';

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
      return 'file' in command ? afterUnfinished(command.file, details) : null;
    case 'E_RESTORE_HELD': // its note was read a moment ago
      return 'file' in command ? finishing(command.file) : null;
    case 'E_WORKER_DIED':
    case 'E_RESTORE_FAILED':
      return 'file' in command ? shellLine('status', command.file) : null;
    case 'E_BACKUP_GONE':
    case 'E_BACKUP_CORRUPT':
      return command.name === 'restore' ? shellLine('backups', command.file) : null;
    case 'E_BACKUP_FOREIGN': // most likely the database, named in place of a backup of it
      return command.name === 'verify' && !command.isAll && !liesAmongBackups(command.backup)
        ? shellLine('verify', '--all', command.backup)
        : null;
    case 'E_ISSUES_OPEN':
      return 'file' in command ? shellLine('issues', command.file) : null;
    default:
      return null;
  }
}

/** As it was typed, with one thing more; before a "--", behind which everything is a name. */
function again(typed: readonly string[], ...more: readonly string[]): string | null {
  const end = typed.indexOf('--');
  const at = end === -1 ? typed.length : end;
  return shellLine(...typed.slice(0, at), ...more, ...typed.slice(at));
}

const finishing = (file: string): string | null => shellLine('restore', '--finish', '--to', file, '--yes');

/** Where the note cannot be read, or the backup that was being put back is gone, `status` says what else can be done. */
function afterUnfinished(file: string, details: ErrorDetails | undefined): string | null {
  const backup = details?.['backup'];
  const canFinish = details?.['reason'] === undefined && typeof backup === 'string' && statsOf(backup) !== undefined;
  return canFinish ? finishing(file) : shellLine('status', file);
}
