/** Rowids by their number, in the order in which they were added. */
export interface RowidList {
  readonly length: number;
  add(rowid: bigint): void;
  /** 0 beyond the end. */
  at(position: number): bigint;
  /** -1 = not in it. Looks through all of them: some 10 ms for ten million. */
  indexOf(rowid: bigint): number;
}

/** Added to at once; a list that doubles would need three times its size while it grows. */
const PART_ROWS = 1 << 18;
const LARGEST_SHORT = 0xffff_ffffn;

type Part = Uint32Array | BigInt64Array;

/** Four bytes for each rowid of a part where none is larger than that, else eight. */
export function createRowidList(): RowidList {
  const parts: Part[] = [];
  let filling: Part = new Uint32Array(PART_ROWS);
  let filled = 0;
  return {
    get length() {
      return parts.length * PART_ROWS + filled;
    },
    add(rowid) {
      if (filling instanceof Uint32Array && (rowid < 0n || rowid > LARGEST_SHORT)) filling = widened(filling, filled);
      if (filling instanceof Uint32Array) filling[filled++] = Number(rowid);
      else filling[filled++] = rowid;
      if (filled < PART_ROWS) return;
      parts.push(filling);
      filling = new Uint32Array(PART_ROWS);
      filled = 0;
    },
    at(position) {
      if (position < 0 || position >= this.length) return 0n;
      return BigInt((parts[Math.floor(position / PART_ROWS)] ?? filling)[position % PART_ROWS] ?? 0);
    },
    indexOf(rowid) {
      for (const [at, part] of [...parts, filling.subarray(0, filled)].entries()) {
        const found = indexIn(part, rowid);
        if (found >= 0) return at * PART_ROWS + found;
      }
      return -1;
    },
  };
}

function widened(part: Uint32Array, filled: number): BigInt64Array {
  const wide = new BigInt64Array(PART_ROWS);
  for (let at = 0; at < filled; at++) wide[at] = BigInt(part[at] ?? 0);
  return wide;
}

function indexIn(part: Part, rowid: bigint): number {
  if (part instanceof BigInt64Array) return part.indexOf(rowid);
  return rowid < 0n || rowid > LARGEST_SHORT ? -1 : part.indexOf(Number(rowid)); // beyond 2^53 two would look the same
}
