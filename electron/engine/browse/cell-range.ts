import type { CellRange } from '@shared/browse.ts';
import { coded } from '@shared/errors.ts';
import { quoteName, type Db } from '../migration.ts';
import type { SqlValue } from '../migration-values.ts';
import { decodeText, realText, type TextEncoding } from './cells.ts';
import { locate } from './locate.ts';
import { columnOf, type Subject } from './subject.ts';

/** A part of one value, bytes as stored. `length` at most this. */
export const MOST_RANGE_BYTES = 256 * 1_024;
/** SQLite loads a value whole to cut it: larger ones are left to a process that ends soon. */
export const MOST_LOADED_BYTES = 4_000_000;
/** No character takes more bytes. */
const WIDEST = 4;

export interface RangeRequest {
  readonly key: string;
  readonly column: string;
  readonly from: number;
  readonly length: number;
  /** Text, too, comes as its bytes in the encoding of the file, exactly from `from` on. */
  readonly asBytes?: boolean;
}

/**
 * Text ranges begin and end between characters: `from` and `length` of the answer say where.
 * @param mayLoad false: values above 4 MB are not touched.
 * @returns null when it was not touched.
 * @throws CodedError E_BAD_REQUEST when the row is not there.
 */
export function readCellRange(db: Db, subject: Subject, request: RangeRequest, mayLoad: boolean): CellRange | null {
  const column = quoteName(columnOf(subject, request.column).name);
  const { sql, where, params } = locate(subject, request.key);
  const [from, wanted] = [Math.max(0, request.from), Math.min(request.length, MOST_RANGE_BYTES)];
  // The two bytes before tell whether a pair of UTF-16 has begun; and pairs of bytes keep their places.
  const before = from < 2 ? from : 2 + (from % 2);
  const most = mayLoad ? Number.MAX_SAFE_INTEGER : MOST_LOADED_BYTES;
  const row = db
    .prepare(
      `SELECT typeof(${column}), octet_length(${column}), CASE WHEN typeof(${column}) NOT IN ('text', 'blob') THEN ${column}
         WHEN octet_length(${column}) <= ? THEN substr(CAST(${column} AS BLOB), ?, ?) END FROM ${sql} WHERE ${where}`,
    )
    .safeIntegers()
    .raw()
    .get(most, from - before + 1, before + wanted + WIDEST, ...params) as SqlValue[] | undefined;
  if (!row) throw coded('E_BAD_REQUEST', 'That row is not there any more.');
  const [type, bytes, value] = [row[0] as CellRange['type'], Number(row[1] ?? 0), row[2] ?? null];
  const { encoding } = subject;
  if (type === 'null') return { type, value: '', from: 0, length: 0, totalLength: 0, encoding };
  if (type === 'integer' || type === 'real') {
    const text = type === 'integer' ? String(value) : realText(Number(value));
    return { type, value: text, from: 0, length: text.length, totalLength: text.length, encoding };
  }
  if (bytes > most) return null;
  const all = Buffer.from((value ?? []) as Uint8Array); // substr of an empty blob is NULL
  const found = all.subarray(before);
  const asHex = (kind: 'text' | 'blob' | 'broken-text'): CellRange => {
    const part = found.subarray(0, wanted);
    return { type: kind, value: part.toString('hex'), from, length: part.length, totalLength: bytes, encoding };
  };
  if (type === 'blob' || request.asBytes) return asHex(type === 'blob' ? 'blob' : 'text');
  const start = startOfCharacter(all, before, encoding);
  const isLast = from + found.length >= bytes;
  const end = isLast ? all.length : endOfCharacters(all, before + wanted, encoding);
  const text = decodeText(all.subarray(start, Math.max(start, end)), encoding, false);
  if (text === null) return asHex('broken-text');
  const length = Math.max(0, end - start);
  return { type: 'text', value: text, from: from + start - before, length, totalLength: bytes, encoding };
}

/** The first place from `at` on at which a character begins: the rest of one before it belongs to the range before. */
function startOfCharacter(bytes: Buffer, at: number, encoding: TextEncoding): number {
  if (at === 0) return 0;
  return endOfCharacters(bytes, at, encoding);
}

function endOfCharacters(bytes: Buffer, wanted: number, encoding: TextEncoding): number {
  let at = Math.min(wanted, bytes.length);
  if (encoding === 'UTF-8') {
    const most = Math.min(bytes.length, at + WIDEST - 1);
    while (at < most && isContinuation(bytes[at])) at++;
    return at;
  }
  at += at % 2;
  const high = encoding === 'UTF-16le' ? at + 1 : at;
  return isLowSurrogate(bytes[high]) && isHighSurrogate(bytes[high - 2]) ? at + 2 : at;
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;
const isHighSurrogate = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xfc) === 0xd8;
const isLowSurrogate = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xfc) === 0xdc;
