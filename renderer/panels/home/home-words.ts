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

export const describeLastBackup = (at: string | null, now: number): string =>
  at === null ? 'no verified backup yet' : `verified backup ${ago(at, now)}`;
