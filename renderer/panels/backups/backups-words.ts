import type { BackupRecord } from '@shared/run.ts';
import { counted } from '../../words/numbers.ts';
import { ago } from '../../words/times.ts';
import type { Mark } from '../../words/states.ts';

/** State of a backup with the proof in words. A copy that was not restored and checked is only a copy. */
export function backupMark(backup: BackupRecord): Mark {
  if (backup.state === 'missing') return { tone: 'blocked', word: 'the file is missing' };
  if (backup.state === 'broken') return { tone: 'blocked', word: 'broken, do not rely on it' };
  return backup.verified ? { tone: 'done', word: 'verified' } : { tone: 'attention', word: 'a copy, not verified' };
}

/** "opened, 31 checks, restored to a scratch copy; checked again 2 days ago" */
export function describeProof(backup: BackupRecord, now: number): string {
  const met = backup.checks.filter(({ state }) => state === 'met').length;
  const made = backup.verified
    ? `restored to a scratch file, ${counted(met, 'check')} passed`
    : 'not verified when it was made';
  if (backup.lastCheck === null) return made;
  return `${made}; ${backup.lastCheck.ok ? 'checked again' : 'failed its check'} ${ago(backup.lastCheck.at, now)}`;
}

export const describePhase = (backup: BackupRecord): string =>
  backup.phase === null ? 'before any phase' : `phase ${backup.phase}`;

export const newestFirst = (backups: readonly BackupRecord[]): BackupRecord[] =>
  backups.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
