import type { BrowseQuery, BrowseTable, ExportFormat } from '@shared/browse.ts';
import type { ShownRows } from '../../../stores/browse-rows.ts';
import { bytes, count, counted, rowCount } from '../../../words/numbers.ts';
import { shownName } from '../../../words/text.ts';

/** What each format is good for, in a sentence. */
export const formats: readonly { format: ExportFormat; name: string; sentence: string }[] = [
  {
    format: 'csv',
    name: 'CSV for a spreadsheet',
    sentence: 'For Excel and the like. Text that would be run as a formula gets an apostrophe in front.',
  },
  { format: 'csv-exact', name: 'CSV, exact', sentence: 'For programs: every value as it is stored, formulas too.' },
  { format: 'tsv', name: 'TSV', sentence: 'One line per row with tabs between, for command lines and import tools.' },
  { format: 'json', name: 'JSON', sentence: 'One list of objects, with every digit of every number.' },
  { format: 'ndjson', name: 'NDJSON', sentence: 'One JSON object per line, for very many rows.' },
  { format: 'sql', name: 'SQL', sentence: 'INSERT statements that make the same rows again in another database.' },
  { format: 'markdown', name: 'Markdown', sentence: 'A table to paste into a ticket. Long text is cut.' },
];

export const isCsv = (format: ExportFormat): boolean => format === 'csv' || format === 'csv-exact';

export const isNarrowed = ({ filters, find }: BrowseQuery): boolean => filters.length > 0 || find !== null;

/** "All 19,835 rows of candidates" */
export const allWords = ({ name, rows }: BrowseTable): string =>
  rows === null ? `All rows of ${shownName(name)}` : `All ${rowCount(rows)} rows of ${shownName(name)}`;

/** How many rows an export will write, as far as they are counted, or estimated of a whole table; null = nobody knows. */
export function expectedRows({ rows }: BrowseTable, shown: ShownRows | null, isAll: boolean): number | null {
  if (isAll) return rows?.value ?? null;
  return shown?.isExact ? shown.value : null;
}

/** "Only the 1,204 rows that are shown" */
export function narrowedWords(shown: Omit<ShownRows, 'isFinal'> | null): string {
  if (shown?.isExact) return `Only the ${counted(shown.value, 'row')} that ${shown.value === 1 ? 'is' : 'are'} shown`;
  const soFar = shown?.isAtLeast ? `, at least ${count(shown.value)}` : '';
  return `Only the rows that are shown${soFar}`;
}

export const progressWords = (table: string, rows: number, size: number): string =>
  rows === 0 ? `Reading ${table}…` : `${counted(rows, 'row')} of ${table} written, ${bytes(size)}`;

export const doneWords = (table: string, rows: number, size: number): string =>
  `${counted(rows, 'row')} of ${table} written, ${bytes(size)}, to`;
