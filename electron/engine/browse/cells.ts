import type { CellValue } from '@shared/browse.ts';
import type { SqlValue } from '../migration-values.ts';

/** Reading values without changing them: types told apart, long ones cut in SQL, numbers kept exact. */

/** What a cell of the grid carries of a text, bytes as stored. */
export const TEXT_BYTES = 1_024;
export const BLOB_BYTES = 32;
/** SQLite loads a value whole to cut it: of larger ones the grid shows the size only. */
const LARGEST_CUT_BYTES = 1_000_000;

export type TextEncoding = 'UTF-8' | 'UTF-16le' | 'UTF-16be';

/** Result columns per cell: storage class, cut value, bytes. octet_length does not load the value. */
export const cellColumns = (expression: string, isMasked: boolean): string =>
  isMasked
    ? `typeof(${expression}), NULL, octet_length(${expression})`
    : `typeof(${expression}), CASE
         WHEN typeof(${expression}) NOT IN ('text', 'blob') THEN ${expression}
         WHEN octet_length(${expression}) > ${LARGEST_CUT_BYTES} THEN x''
         WHEN typeof(${expression}) = 'text' THEN substr(CAST(${expression} AS BLOB), 1, ${TEXT_BYTES})
         ELSE substr(${expression}, 1, ${BLOB_BYTES}) END, octet_length(${expression})`;
export const COLUMNS_PER_CELL = 3;
/** SQLite answers with at most 2,000 result columns: the cells of wider tables are asked for in several statements. */
export const CELLS_PER_STATEMENT = 500;

/** From what `cellColumns` gave, read raw and with safe integers. */
export function cellValue(
  [type, value, bytes]: readonly SqlValue[],
  isMasked: boolean,
  encoding: TextEncoding,
): CellValue {
  if (type === 'null') return { type };
  const length = Number(bytes);
  if (isMasked) return { type: 'masked', storage: type as 'integer' | 'real' | 'text' | 'blob', length };
  if (type === 'integer') return { type, value: String(value) };
  if (type === 'real') return { type, value: realText(Number(value)) };
  const stored = Buffer.from((value ?? []) as Uint8Array); // substr of an empty blob is NULL
  if (type === 'blob') return { type, hex: stored.toString('hex'), length };
  const isCut = stored.length < length;
  const text = decodeText(stored, encoding, isCut);
  if (text !== null) return { type: 'text', value: text, length, ...(isCut && { isCut }) };
  return { type: 'broken-text', hex: stored.subarray(0, BLOB_BYTES).toString('hex'), length };
}

/** The shortest text that reads back as the same number, told apart from an integer. */
export function realText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  if (value === Infinity) return '9e999';
  if (value === -Infinity) return '-9e999';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** @returns null when the bytes are no text in this encoding. A character that the cut went through is left away. */
export function decodeText(bytes: Uint8Array, encoding: TextEncoding, isCut: boolean): string | null {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(bytes, { stream: isCut });
  } catch {
    return null;
  }
}

/** The columns of a table as one statement takes them. At least one group. */
export function cellGroups<T>(columns: readonly T[]): (readonly T[])[] {
  const groups: (readonly T[])[] = [];
  for (let at = 0; at === 0 || at < columns.length; at += CELLS_PER_STATEMENT)
    groups.push(columns.slice(at, at + CELLS_PER_STATEMENT));
  return groups;
}
