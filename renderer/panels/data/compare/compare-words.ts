import type { BackupComparison } from '@shared/browse.ts';
import type { BackupRecord } from '@shared/run.ts';
import type { Mark } from '../../../words/states.ts';
import { counted } from '../../../words/numbers.ts';
import { shownName } from '../../../words/text.ts';
import { dateTimeSeconds } from '../../../words/times.ts';

/** "2026-11-21 14:02:33, before phase 4, taken at phase 3"; no two read the same. */
export function backupChoices(backups: readonly BackupRecord[]): { value: string; label: string }[] {
  const seen = new Map<string, number>();
  return backups.map((backup) => {
    const words = `${dateTimeSeconds(backup.createdAt)}, ${backup.reason}, ${takenAt(backup)}${backup.madeOfGone ? `, of ${backup.databaseName}` : ''}`;
    const times = (seen.get(words) ?? 0) + 1;
    seen.set(words, times);
    return { value: backup.id, label: times === 1 ? words : `${words} (${times})` };
  });
}

const takenAt = ({ phase }: BackupRecord): string =>
  phase === null ? 'taken before any phase' : `taken at phase ${phase}`;

type Pair = BackupComparison['columns'][number];

/** How one column compares. Whole values were compared, also where only their beginning is shown. */
export function comparisonMark({ column, backupColumn, isSame }: Pair, isThere: boolean): Mark {
  if (!isThere) return { tone: 'none', word: 'not in the backup' };
  if (column === null) return { tone: 'attention', word: 'only in the backup' };
  if (backupColumn === null) return { tone: 'idle', word: 'new since then' };
  return isSame ? { tone: 'done', word: 'the same' } : { tone: 'attention', word: 'different' };
}

/** One sentence that can be read aloud. */
export function comparisonWords({ table, isThere, columns }: BackupComparison, now: string): string {
  const there = table === now || table === null ? '' : ` There the table is called ${shownName(table)}.`;
  if (!isThere) return `This row is not in the backup: it came later.${there}`;
  const pairs = columns.filter(({ column, backupColumn }) => column !== null && backupColumn !== null);
  const different = pairs.filter(({ isSame }) => !isSame).length;
  const alone = columns.filter(({ column }) => column === null).length;
  const same =
    different === 0
      ? `All ${counted(pairs.length, 'value')} that both have are the same.`
      : `${counted(different, 'value')} of ${pairs.length} differ${different === 1 ? 's' : ''}.`;
  return `${same}${alone > 0 ? ` ${counted(alone, 'column')} only the backup has.` : ''}${there}`;
}
