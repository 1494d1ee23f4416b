import type { BackupComparison } from '@shared/browse.ts';
import type { Mark } from '../../../words/states.ts';
import { counted } from '../../../words/numbers.ts';

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
  const there = table === now ? '' : ` There the table is called ${table}.`;
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
