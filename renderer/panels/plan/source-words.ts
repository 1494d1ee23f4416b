import type { SourceCoverage } from '@shared/run.ts';
import { count, counted } from '../../words/numbers.ts';
import type { Mark, Tone } from '../../words/states.ts';
import { lowerFirst } from '../../words/text.ts';

/** Whose choice the folder is. */
export const choiceMarks: Record<SourceCoverage['choice'], Mark> = {
  guessed: { tone: 'done', word: 'Found by looking around the database' },
  chosen: { tone: 'done', word: 'Chosen by you' },
  declined: { tone: 'none', word: 'You go on without them' },
  none: { tone: 'idle', word: 'None were found around the database' },
};

export const sampleMarks: Record<SourceCoverage['samples'][number]['state'], Mark> = {
  found: { tone: 'done', word: 'found' },
  missing: { tone: 'idle', word: 'not there' },
  unreadable: { tone: 'attention', word: 'cannot be read' },
  differs: { tone: 'attention', word: 'differs from the database' },
};

/** "Run logs" -> "40 run logs are named in the database." */
export const namedWords = ({ title, rows }: SourceCoverage): string =>
  rows === 0
    ? `The database names no ${lowerFirst(title)}, so nothing is looked for.`
    : `The database names ${counted(rows, 'file')} of this kind:`;

/** The coverage as counts with a word; zero counts of trouble are not shown. */
export function coverageCounts(source: SourceCoverage): { tone: Tone; words: string }[] {
  const shown = (value: number, tone: Tone, words: string) =>
    value === 0 ? [] : [{ tone, words: `${count(value)} ${words}` }];
  return [
    { tone: source.found === 0 ? 'idle' : 'done', words: `${count(source.found)} found` },
    ...shown(source.missing, 'idle', 'not there'),
    ...shown(source.unreadable, 'attention', 'cannot be read'),
    ...shown(
      source.differing,
      'attention',
      source.differing === 1 ? 'differs from the database' : 'differ from the database',
    ),
  ];
}

/** What the counts mean for what happens next. */
export function coverageAdvice(source: SourceCoverage): string {
  if (source.choice === 'declined' || source.folder === null) {
    return 'The upgrade goes on with what the database itself holds. They can still be taken in later.';
  }
  if (source.found === 0)
    return 'Nothing there belongs to this database. Choose another folder, or go on without them.';
  const rest = source.missing > 0 ? ' Where one is not there, the upgrade takes what the database itself holds.' : '';
  const noted =
    source.unreadable + source.differing > 0 ? ' Those that differ or cannot be read are noted as issue rows.' : '';
  return `What was found is used; the files are only read.${rest}${noted}`;
}
