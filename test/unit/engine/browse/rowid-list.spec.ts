import { expect, it } from 'vitest';
import { createRowidList } from '../../../../electron/engine/browse/rowid-list.ts';

/** More than one part of the list. */
const MANY = 600_000;

it('gives back every rowid by its number, small and large ones, over several parts', () => {
  const list = createRowidList();
  const rowid = (at: number): bigint => (at < 300_000 ? BigInt(MANY - at) : 5_000_000_000n + BigInt(at));
  for (let at = 0; at < MANY; at++) list.add(rowid(at));

  expect(list.length).toBe(MANY);
  for (const at of [0, 1, 262_143, 262_144, 299_999, 300_000, 524_288, MANY - 1]) {
    expect(list.at(at)).toBe(rowid(at));
    expect(list.indexOf(rowid(at))).toBe(at);
  }
  expect(list.at(MANY)).toBe(0n);
  expect([list.indexOf(-7n), list.indexOf(4_294_967_296n), list.indexOf(9_007_199_254_740_993n)]).toEqual([-1, -1, -1]);
});

it('keeps the greatest, the least and negative rowids exact', () => {
  const list = createRowidList();
  const odd = [9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n, -1n, 9_007_199_254_740_993n];
  for (let at = 0; at < 262_144; at++) list.add(odd[at % odd.length] ?? 0n);
  expect(odd.map((each) => list.indexOf(each))).toEqual([0, 1, 2, 3]);
  expect(list.at(262_143)).toBe(odd[3]);
});
