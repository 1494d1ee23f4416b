import type { CellRange } from '@shared/browse.ts';
import { err, ok, type Result } from '@shared/errors.ts';
import { call } from '../../../api.ts';

/** Which value is looked at. */
export interface ValuePlace {
  readonly handle: string;
  readonly table: string;
  readonly rowKey: string;
  readonly column: string;
}

/** A stretch of a value. Up to four bytes on either side come along, by which characters at its ends are told. */
export interface Part {
  readonly index: number;
  readonly bytes: Uint8Array;
  /** Places in `bytes` between which the stretch itself lies. */
  readonly from: number;
  readonly to: number;
  /** Where the stretch begins in the value, bytes. */
  readonly offset: number;
}

export interface ValueHead {
  readonly type: CellRange['type'];
  /** Of numbers. */
  readonly value: string;
  readonly encoding: CellRange['encoding'];
  readonly totalBytes: number;
  readonly parts: number;
}

/** One value, fetched stretch by stretch; nothing is kept here. */
export interface ValueSource {
  head(): Promise<Result<ValueHead>>;
  part(index: number): Promise<Result<Part>>;
  /** The whole value, for pictures and JSON: ask only for values that are small enough. */
  whole(totalBytes: number): Promise<Result<Uint8Array<ArrayBuffer>>>;
}

export const PART_BYTES = 256_000;
const AROUND_BYTES = 4;

/** @param isRevealed a person asked for this very value, which is sensitive. */
export function createValueSource(place: ValuePlace, isRevealed: boolean): ValueSource {
  const ask = (from: number, length: number): Promise<Result<CellRange>> => {
    const { handle, table, rowKey: key, column } = place;
    return call('browse:cell', { handle, table, key, column, from, length, isRevealed, asBytes: true });
  };
  return {
    async head() {
      const range = await ask(0, 1);
      if (!range.ok) return range;
      const { type, value, encoding, totalLength } = range.value;
      const parts = Math.max(1, Math.ceil(totalLength / PART_BYTES));
      return ok({ type, value, encoding, totalBytes: totalLength, parts });
    },
    async part(index) {
      const offset = index * PART_BYTES;
      const start = Math.max(0, offset - AROUND_BYTES);
      const range = await ask(start, offset - start + PART_BYTES + AROUND_BYTES);
      if (!range.ok) return range;
      const bytes = fromHex(range.value.value);
      const from = offset - start;
      return ok({ index, bytes, from, to: Math.min(from + PART_BYTES, bytes.length), offset });
    },
    async whole(totalBytes) {
      const all = new Uint8Array(totalBytes);
      for (let from = 0; from < totalBytes; from += PART_BYTES) {
        const range = await ask(from, PART_BYTES);
        if (!range.ok) return err(range.error);
        all.set(fromHex(range.value.value).subarray(0, totalBytes - from), from);
      }
      return ok(all);
    },
  };
}

export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}
