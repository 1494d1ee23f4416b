import { EncodedPlace, EncodedValue } from '@shared/browse.ts';
import { coded } from '@shared/errors.ts';
import type { SqlValue } from '../migration-values.ts';
import { seal, unseal } from './key-seal.ts';

/**
 * The place of a row in an order: the values of its sort columns and of its key, exactly as stored. Text is kept as
 * bytes, because text that is not valid in its encoding must find its row, too.
 */
export type Place = readonly PlaceValue[];
export type PlaceValue =
  | { readonly type: 'null' }
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'real'; readonly value: number }
  | { readonly type: 'text'; readonly bytes: Buffer }
  | { readonly type: 'blob'; readonly bytes: Buffer };

/** @param isSealed by place: values of masked columns, which only the engine can read again. */
export const encodePlace = (place: Place, isSealed: readonly boolean[] = []): string =>
  JSON.stringify(
    place.map((value, at) => (isSealed[at] ? ['x', seal(JSON.stringify(encodeValue(value)))] : encodeValue(value))),
  );

function encodeValue(value: PlaceValue): EncodedValue {
  if (value.type === 'null') return ['n'];
  if (value.type === 'integer') return ['i', String(value.value)];
  if (value.type === 'real') return ['r', Object.is(value.value, -0) ? '-0' : String(value.value)];
  return [value.type === 'text' ? 't' : 'b', value.bytes.toString('hex')];
}

/**
 * @param isSealed by place: only what the engine sealed itself is taken. Otherwise made up keys would tell, one after the
 * other, which values a masked column holds.
 * @throws CodedError E_BAD_REQUEST when it is none, or has another number of values than `length`.
 */
export function decodePlace(key: string, length?: number, isSealed: readonly boolean[] = []): Place {
  const parsed = EncodedPlace.safeParse(parse(key));
  if (!parsed.success || (length !== undefined && parsed.data.length !== length)) throw noRow();
  return parsed.data.map((each, at) => {
    if (each[0] !== 'x') {
      if (isSealed[at]) throw noRow();
      return decodeValue(each);
    }
    const unsealed = EncodedValue.safeParse(parse(unseal(each[1]) ?? ''));
    if (!unsealed.success) throw noRow();
    return decodeValue(unsealed.data);
  });
}

const noRow = (): Error => coded('E_BAD_REQUEST', 'That names no row of this view.');

function decodeValue([kind, value = '']: EncodedValue): PlaceValue {
  if (kind === 'n') return { type: 'null' };
  if (kind === 'i') return { type: 'integer', value: BigInt(value) };
  if (kind === 'r') return { type: 'real', value: Number(value) };
  return { type: kind === 't' ? 'text' : 'blob', bytes: Buffer.from(value, 'hex') };
}

function parse(key: string): unknown {
  try {
    return JSON.parse(key);
  } catch {
    return null;
  }
}

/** SQL that reads one value of a place: two result columns. */
export const placeColumns = (expression: string): string =>
  `typeof(${expression}), CASE typeof(${expression}) WHEN 'text' THEN CAST(${expression} AS BLOB) ELSE ${expression} END`;

/** From what `placeColumns` gave, read raw and with safe integers. */
export function placeValue(type: string, value: SqlValue): PlaceValue {
  if (type === 'integer') return { type, value: BigInt(value as bigint) };
  if (type === 'real') return { type, value: Number(value) };
  if (type === 'text' || type === 'blob') return { type, bytes: Buffer.from(value as Uint8Array) };
  return { type: 'null' };
}

/** The values of a place that stand in a row from a column on, as `placeColumns` asked for them. */
export const placeIn = (row: readonly SqlValue[], from: number, length: number): Place =>
  Array.from({ length }, (_, at) => placeValue(String(row[from + 2 * at]), row[from + 2 * at + 1] ?? null));

/** How a value of a place is written in a comparison, and what is bound for it. Its bytes are in the file's encoding. */
export function bound(value: PlaceValue): { sql: string; param: SqlValue } {
  if (value.type === 'null') return { sql: '?', param: null };
  if (value.type === 'text') return { sql: 'CAST(? AS TEXT)', param: value.bytes };
  return { sql: '?', param: value.type === 'blob' ? value.bytes : value.value };
}

/** The row with this key; `key` are SQL expressions. */
export function whereKey(key: readonly string[], place: Place): { where: string; params: SqlValue[] } {
  const parts = key.map((sql, at) => ({ sql, value: bound(place[at] ?? { type: 'null' }) }));
  return {
    where: parts.map(({ sql, value }) => `${sql} = ${value.sql}`).join(' AND '),
    params: parts.map(({ value }) => value.param),
  };
}
