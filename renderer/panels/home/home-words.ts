import type { RecentDatabase } from '@shared/channels.ts';
import { ago } from '../../words/times.ts';
import { variantWords } from '../../words/variants.ts';

/** "Kroma · legacy version", or what is known instead. */
export function describeRecent(recent: RecentDatabase): string {
  if (recent.isSilent) return 'Its drive does not answer just now';
  if (!recent.exists) return 'The file is no longer there';
  if (recent.packTitle === null) return 'Not looked at yet';
  return recent.variantTitle === null
    ? recent.packTitle
    : `${recent.packTitle} · ${variantWords(recent.variantTitle, recent.phaseReached)}`;
}

/** What a card leads to whose file is gone. Nobody knows of a backup: there may be one all the same. */
export const backupsWords = ({
  lastVerifiedBackupAt,
  brokenBackups = 0,
}: Pick<RecentDatabase, 'lastVerifiedBackupAt' | 'brokenBackups'>): string =>
  lastVerifiedBackupAt === null && brokenBackups === 0 ? 'Look for backups of it' : 'See its backups';

type LastBackup = Pick<RecentDatabase, 'lastVerifiedBackupAt' | 'isLastBackupGone'>;

/** Another may be left of one that is gone: that the list of its backups tells. */
export function describeLastBackup({ lastVerifiedBackupAt: at, isLastBackupGone }: LastBackup, now: number): string {
  if (at === null) return 'no verified backup yet';
  return isLastBackupGone ? 'its last verified backup is no longer there' : `verified backup ${ago(at, now)}`;
}
