import type { ValueStart } from '@shared/formats/format.ts';
import { quoteName, type Db } from '../migration.ts';
import type { SqlValue } from '../migration-values.ts';
import { decodeText, realText } from './cells.ts';
import { collect } from './collect.ts';
import { whereKey, type Place } from './row-key.ts';
import type { Subject } from './subject.ts';

/** Values as they are stored, whole; large ones in pieces, so that a row never has to fit into memory. */
export interface StoredValue {
  readonly start: ValueStart;
  /** @param isHex the bytes as hex instead of the text. */
  pieces(isHex: boolean): Iterable<string>;
}

/** Larger ones are read by themselves. */
export const LARGE_BYTES = 1_000_000;
/** SQLite loads a value whole to cut a piece out of it: the larger the pieces, the fewer times. */
const PIECE_BYTES = 8_000_000;
/** What of a piece is turned into text at a time. */
const SLICE_BYTES = 500_000;

/** Two result columns: the value, and how many bytes it has where it is not handed over; NULL everywhere else. */
export const VALUE_WIDTH = 2;

/**
 * Text comes as text where bytes that are no text can be looked up afterwards, because that is several times faster.
 * @param hasKey large and doubtful values can be read by themselves.
 */
export function valueColumns({ encoding }: Subject, expression: string, isMasked: boolean, hasKey: boolean): string {
  if (isMasked) return `NULL, octet_length(${expression})`;
  const value =
    hasKey && encoding === 'UTF-8'
      ? expression
      : `CASE typeof(${expression}) WHEN 'text' THEN CAST(${expression} AS BLOB) ELSE ${expression} END`;
  if (!hasKey) return `${value}, CASE typeof(${expression}) WHEN 'text' THEN -1 END`;
  const isLarge = `octet_length(${expression}) > ${LARGE_BYTES}`;
  const isText = encoding === 'UTF-8' ? '' : ` WHEN typeof(${expression}) = 'text' THEN -1`;
  return `CASE WHEN ${isLarge} THEN NULL ELSE ${value} END, CASE WHEN ${isLarge} THEN octet_length(${expression})${isText} END`;
}

/** Reads one value by itself. */
export type ReadAlone = (column: string) => StoredValue;

/** From what `valueColumns` gave, read raw and with safe integers. */
export function valueOf(
  value: SqlValue,
  size: SqlValue,
  { encoding }: Subject,
  isMasked: boolean,
  readAlone: () => StoredValue,
): StoredValue {
  if (isMasked)
    return size === null ? NULL : bare({ type: 'masked', text: '', sizeBytes: Number(size), hasNul: false });
  if (typeof value === 'bigint') return bare(number('integer', String(value)));
  if (typeof value === 'number') return bare(number('real', realText(value)));
  // V8 puts U+FFFD where bytes are no UTF-8; the text may also hold one of its own.
  if (typeof value === 'string') return value.includes('\uFFFD') ? readAlone() : ofText(value);
  if (value === null) return size === null ? NULL : readAlone();
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const text = size === null ? null : decodeText(bytes, encoding, false);
  return text === null ? ofBytes(size === null ? 'blob' : 'broken-text', bytes) : ofText(text, bytes);
}

const bare = (start: ValueStart): StoredValue => ({ start, pieces: () => [] });
const number = (type: 'integer' | 'real', text: string): ValueStart => ({ type, text, sizeBytes: 8, hasNul: false });
const NULL = bare({ type: 'null', text: '', sizeBytes: 0, hasNul: false });

const ofText = (text: string, bytes?: Buffer): StoredValue => ({
  start: { type: 'text', text, sizeBytes: bytes?.length ?? 0, hasNul: text.includes('\0') },
  pieces: (isHex) => [isHex ? (bytes ?? Buffer.from(text)).toString('hex') : text],
});

const ofBytes = (type: 'blob' | 'broken-text', bytes: Buffer): StoredValue => ({
  start: { type, text: '', sizeBytes: bytes.length, hasNul: false },
  pieces: () => [bytes.toString('hex')],
});

/** Reads values of one row by themselves, in pieces. Text is read twice: it is text only when all of it is. */
export function aloneReader(db: Db, subject: Subject): (key: Place, column: string) => StoredValue {
  const statements = new Map<string, ReturnType<Db['prepare']>>();
  return (key, name) => {
    const column = quoteName(name);
    const { where, params } = whereKey(subject.key, key);
    const id = `${column} ${where}`;
    const statement =
      statements.get(id) ??
      db
        .prepare(
          `SELECT typeof(${column}), octet_length(${column}),
             CASE WHEN octet_length(${column}) <= ${PIECE_BYTES} THEN CAST(${column} AS BLOB) END
           FROM ${subject.sql} WHERE ${where}`,
        )
        .safeIntegers()
        .raw();
    statements.set(id, statement);
    const [type, total, bytes] = (statement.get(...params) as SqlValue[] | undefined) ?? ['blob', 0n, null];
    const isWhole = Number(total) <= PIECE_BYTES;
    const whole = (bytes ?? new Uint8Array()) as Uint8Array;
    const parts = (): Iterable<Buffer> =>
      isWhole ? slices(whole) : largeParts(db, subject, column, Number(total), where, params);
    return inPieces(String(type), Number(total), parts, subject.encoding);
  };
}

/** One piece is in memory, and while it is cut, the value that it is cut from. */
function* largeParts(
  db: Db,
  { sql }: Subject,
  column: string,
  total: number,
  where: string,
  params: readonly SqlValue[],
): Generator<Buffer> {
  const piece = db
    .prepare<SqlValue[], Uint8Array | null>(
      `SELECT CASE typeof(${column}) WHEN 'blob' THEN substr(${column}, ?, ${PIECE_BYTES})
         ELSE substr(CAST(${column} AS BLOB), ?, ${PIECE_BYTES}) END FROM ${sql} WHERE ${where}`,
    )
    .pluck();
  for (let from = 1; from <= total; from += PIECE_BYTES) {
    const bytes = piece.get(from, from, ...params);
    if (!bytes) return;
    yield* slices(bytes);
    collect();
  }
}

function* slices({ buffer, byteOffset, length }: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < length; at += SLICE_BYTES)
    yield Buffer.from(buffer, byteOffset + at, Math.min(SLICE_BYTES, length - at));
}

function inPieces(
  stored: string,
  sizeBytes: number,
  parts: () => Iterable<Buffer>,
  encoding: Subject['encoding'],
): StoredValue {
  function* texts(): Generator<string> {
    const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
    for (const part of parts()) yield decoder.decode(part, { stream: true });
    yield decoder.decode();
  }
  function* hexes(): Generator<string> {
    for (const part of parts()) yield part.toString('hex');
  }
  const looked = stored === 'text' ? lookThrough(texts()) : null;
  const type = stored === 'text' ? (looked === null ? 'broken-text' : 'text') : 'blob';
  return {
    start: { type, text: looked?.start ?? '', sizeBytes, hasNul: looked?.hasNul ?? false },
    pieces: (isHex) => (isHex ? hexes() : texts()),
  };
}

/** @returns null when it is no text. */
function lookThrough(texts: Iterable<string>): { start: string; hasNul: boolean } | null {
  let start: string | null = null;
  let hasNul = false;
  try {
    for (const text of texts) {
      start ??= text.slice(0, 2_000);
      hasNul ||= text.includes('\0');
    }
    return { start: start ?? '', hasNul };
  } catch {
    return null;
  }
}
