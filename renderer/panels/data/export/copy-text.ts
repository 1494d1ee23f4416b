import { clipboard } from '@shared/formats/clipboard.ts';
import { MASKED, type FormattedTable, type RowFormat, type ValueStart } from '@shared/formats/format.ts';
import { formatOf } from '@shared/formats/index.ts';

/** A value with all that belongs to it. */
export interface WholeValue {
  readonly type: ValueStart['type'];
  /** Of numbers and text. */
  readonly text: string;
  /** Of blobs and broken text. */
  readonly hex: string;
  readonly sizeBytes: number;
}

export type CopyKind = 'cells' | 'csv' | 'markdown' | 'row-json' | 'row-sql';

/** The rows as text for the clipboard. One cell alone is its value and nothing else. */
export function copyText(
  kind: CopyKind,
  { name, columns }: Pick<FormattedTable, 'name' | 'columns'>,
  rows: readonly (readonly WholeValue[])[],
): string {
  const [only] = rows[0] ?? [];
  if (kind === 'cells' && only && rows.length === 1 && rows[0]?.length === 1) return bare(only);
  const table: FormattedTable = { name, columns, definition: null, encoding: 'UTF-8' };
  switch (kind) {
    case 'cells':
      return written(clipboard(), rows, false);
    case 'csv':
      return written(formatOf('csv', table), rows, true);
    case 'markdown':
      return written(formatOf('markdown', table), rows, true);
    case 'row-json':
      return written(formatOf('ndjson', table), rows, true);
    case 'row-sql':
      return written(formatOf('sql', table), rows, false); // without the statements that make the table
  }
}

function written(format: RowFormat, rows: readonly (readonly WholeValue[])[], isWhole: boolean): string {
  const parts = rows.map(
    (row, place) =>
      format.rowStart(place) + row.map((value, at) => format.lead(at) + one(format, value)).join('') + format.rowEnd,
  );
  return `${isWhole ? format.head : ''}${parts.join('')}${isWhole ? format.tail(rows.length) : ''}`;
}

function one(format: RowFormat, { type, text, hex, sizeBytes }: WholeValue): string {
  const { before, feed, piece, after } = format.value({ type, text, sizeBytes, hasNul: text.includes('\0') });
  if (feed === 'nothing') return before;
  return before + piece(feed === 'text' ? text : type === 'text' ? hexOf(new TextEncoder().encode(text)) : hex) + after;
}

function bare({ type, text, hex }: WholeValue): string {
  if (type === 'null') return 'NULL';
  if (type === 'masked') return MASKED;
  return type === 'blob' || type === 'broken-text' ? hex : text;
}

export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
