import fs from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { markConnected } from '@engine/fsync.ts';
import { assertSameBytes } from '@engine/same-bytes.ts';
import { changeBytes } from '../../support/engine/damaged-shop.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

/** What counts as the same content of two database files, byte by byte. */

const folder = temporaryFolder();
const GIB = 2 ** 30;
const MIB = 2 ** 20;

const made: string[] = [];
/** Where a disk keeps no holes, each takes its gibibyte. */
afterEach(() => {
  for (const file of made.splice(0)) fs.rmSync(file);
});

/** Two equal files, grown by a hole: they are compared, and never opened again. */
function pairOf(pageSizeBytes: number, sizeBytes: number): [string, string] {
  const one = makeDatabase(folder, `PRAGMA page_size = ${pageSizeBytes}; CREATE TABLE note (text)`);
  const other = `${one}.other`;
  fs.copyFileSync(one, other);
  made.push(one, other);
  for (const file of [one, other]) fs.truncateSync(file, sizeBytes);
  return [one, other];
}
const put = (file: string, at: number): void => changeBytes(file, at, Buffer.from('old'));
const isSame = (one: string, other: string): boolean => {
  try {
    assertSameBytes(one, other);
    return true;
  } catch {
    return false;
  }
};

describe('what SQLite leaves in the page of its locks, where a file is larger than a gibibyte', () => {
  it.each([512, 4_096, 65_536])('is no content, with pages of %i bytes; what is around it is', (pageSizeBytes) => {
    const [one, other] = pairOf(pageSizeBytes, GIB + 2 * MIB);
    put(other, GIB);
    put(one, GIB + pageSizeBytes - 3);
    expect(isSame(one, other)).toBe(true);

    put(other, GIB + pageSizeBytes);
    expect(isSame(one, other)).toBe(false);
  });

  it('is all that is left out: not a byte before it, nor as much of a later mebibyte', () => {
    const [one, other] = pairOf(4_096, GIB + 2 * MIB);
    put(other, GIB - 3);
    expect(isSame(one, other)).toBe(false);

    put(one, GIB - 3);
    put(other, GIB + MIB);
    expect(isSame(one, other)).toBe(false);
  });

  it('may be cut: then it is as long in both', () => {
    const [one, other] = pairOf(4_096, GIB + 100);
    put(other, GIB);
    expect(isSame(one, other)).toBe(true);

    fs.truncateSync(other, GIB + 99);
    expect(isSame(one, other)).toBe(false);
  });

  it('is not guessed where the header says of no page how large it is', () => {
    const [one, other] = pairOf(4_096, GIB + 2 * MIB);
    for (const file of [one, other]) changeBytes(file, 16, Buffer.from([0x13, 0x37]));
    put(other, GIB);
    expect(isSame(one, other)).toBe(false);
  });
});

it('of a smaller file every byte counts, but for what each header has of its own', () => {
  const [one, other] = pairOf(4_096, 2 * MIB);
  for (const at of [18, 24, 40, 92]) changeBytes(other, at, Buffer.from([9, 9]));
  expect(isSame(one, other)).toBe(true);

  put(other, MIB);
  expect(isSame(one, other)).toBe(false);
});

it('where the number of pages may be mended, every other byte of the header counts as before', () => {
  const [one, other] = pairOf(4_096, MIB);
  const mended = (at: number): boolean => {
    fs.copyFileSync(one, other);
    changeBytes(other, at, Buffer.from([9]));
    try {
      assertSameBytes(one, other, true);
      return true;
    } catch {
      return false;
    }
  };
  const left = Array.from({ length: 100 }, (_, at) => at).filter(mended);
  expect(left).toEqual([18, 19, 24, 25, 26, 27, 28, 29, 30, 31, 40, 41, 42, 43, 92, 93, 94, 95]);
});

it('neither file is touched while SQLite has it open', () => {
  for (const isFirst of [true, false]) {
    const [one, other] = pairOf(4_096, MIB);
    const unmark = markConnected(isFirst ? one : other);
    expect(() => assertSameBytes(one, other)).toThrow('touched while SQLite had it open');
    unmark();
  }
});
