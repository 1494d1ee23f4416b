import type { CellValue } from '../browse.ts';

/**
 * How rows are written as text. A value may be a hundred megabytes, so a format says how it begins, how each piece of it
 * is written, and how it ends; it never needs the whole of it. Used for files and for the clipboard.
 */
export interface RowFormat {
  readonly head: string;
  /** @param place 0-based number of the row. */
  rowStart(place: number): string;
  /** Goes before a value: a separator, a name. @param column 0-based, among those written. */
  lead(column: number): string;
  value(start: ValueStart): Written;
  readonly rowEnd: string;
  tail(rows: number): string;
}

/** What is known of a value before it is written. */
export interface ValueStart {
  readonly type: Exclude<CellValue['type'], 'failed'>;
  /** Numbers: all of it. Text: its beginning, 1,000 characters or more, or all of it. Otherwise empty. */
  readonly text: string;
  /** Of the whole value, as stored. */
  readonly sizeBytes: number;
  /** Only of text: there is a character 0 somewhere in it. */
  readonly hasNul: boolean;
}

/** One value: `before`, all pieces, `after`. */
export interface Written {
  readonly before: string;
  /** text: pieces of the text; hex: its bytes in lower-case hex; nothing: `before` says it all. */
  readonly feed: 'text' | 'hex' | 'nothing';
  piece(part: string): string;
  readonly after: string;
}

export interface FormattedTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** CREATE statement; null = not known here. */
  readonly definition: string | null;
  readonly encoding: 'UTF-8' | 'UTF-16le' | 'UTF-16be';
}

/** Stands for a sensitive value that nobody asked for. */
export const MASKED = '(not exported)';

const asIs = (part: string): string => part;
export const plain = (text: string): Written => ({ before: text, feed: 'nothing', piece: asIs, after: '' });
export const hexBetween = (before: string, after: string): Written => ({ before, feed: 'hex', piece: asIs, after });
export const textBetween = (before: string, after: string, piece: Written['piece']): Written => ({
  before,
  feed: 'text',
  piece,
  after,
});
