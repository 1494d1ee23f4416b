/** Numbers that look random and are the same for the same seed: every case can be made again by its number. */
export interface Random {
  /** 0 <= x < 1 */
  next(): number;
  /** 0 <= x < limit, whole. */
  below(limit: number): number;
  pick<T>(from: readonly T[]): T;
  isOnce(inHowMany: number): boolean;
}

/** mulberry32, started from the seed of the campaign and the number of the case. */
export function randomOf(seed: number, number: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new Error('nothing to pick from');
      return from[below(from.length)] as T; // there: below() is
    },
    isOnce: (inHowMany) => below(inHowMany) === 0,
  };
}
