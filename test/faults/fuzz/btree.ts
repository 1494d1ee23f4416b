/** As much of SQLite's file format as is needed to damage it where it hurts: https://www.sqlite.org/fileformat2.html */

export const pageSizeOf = (file: Buffer): number => {
  const size = file.length >= 18 ? file.readUInt16BE(16) : 0;
  return size === 1 ? 65_536 : size >= 512 && (size & (size - 1)) === 0 ? size : 1024;
};
export const pageCountOf = (file: Buffer): number => Math.max(1, Math.floor(file.length / pageSizeOf(file)));

export interface TreePage {
  /** Where the page begins in the file. */
  readonly start: number;
  /** Where its b-tree header begins. */
  readonly header: number;
  readonly kind: 'interior-index' | 'interior-table' | 'leaf-index' | 'leaf-table';
  readonly cells: number;
  /** Where its cell pointers begin. */
  readonly pointers: number;
}

const kinds = { 2: 'interior-index', 5: 'interior-table', 10: 'leaf-index', 13: 'leaf-table' } as const;

/** @param number from 0. null = no page of a b-tree. */
export function treePage(file: Buffer, number: number): TreePage | null {
  const start = number * pageSizeOf(file);
  const header = start + (number === 0 ? 100 : 0);
  if (header + 12 > file.length) return null;
  const kind = kinds[file.readUInt8(header) as keyof typeof kinds] as TreePage['kind'] | undefined;
  if (kind === undefined) return null;
  const cells = file.readUInt16BE(header + 3);
  return { start, header, kind, cells, pointers: header + (kind.startsWith('interior') ? 12 : 8) };
}

/** Where a cell begins in the file; null where the pointer leads out of it. */
export function cellAt(file: Buffer, page: TreePage, cell: number): number | null {
  const pointer = page.pointers + 2 * cell;
  if (pointer + 2 > file.length) return null;
  const at = page.start + file.readUInt16BE(pointer);
  return at + 9 < file.length ? at : null;
}

export function readVarint(file: Buffer, at: number): { value: number; length: number } {
  let value = 0;
  for (let length = 1; length <= 9 && at + length <= file.length; length += 1) {
    const byte = file.readUInt8(at + length - 1);
    value = value * 128 + (byte & 127);
    if (byte < 128) return { value, length };
  }
  return { value, length: 9 };
}

/** Of a cell in the leaf of a table: where its record begins, and where the number of its overflow page stands. */
export function recordOf(file: Buffer, page: TreePage, at: number): { record: number; overflow: number | null } {
  const usable = pageSizeOf(file);
  const payload = readVarint(file, at);
  const key = page.kind === 'leaf-table' ? readVarint(file, at + payload.length).length : 0;
  const record = at + payload.length + key;
  const most = page.kind === 'leaf-table' ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23;
  if (payload.value <= most) return { record, overflow: null };
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const local = least + ((payload.value - least) % (usable - 4));
  const overflow = record + (local <= most ? local : least);
  return { record, overflow: overflow + 4 <= file.length ? overflow : null };
}

/**
 * Puts the checksums of a write-ahead log right again, so that SQLite believes what was changed in it.
 * Its two words run over the header and then over each frame.
 */
export function repairWal(wal: Buffer): void {
  if (wal.length < 32) return;
  const isBigEndian = (wal.readUInt32BE(0) & 1) === 1;
  const word = (at: number): number => (isBigEndian ? wal.readUInt32BE(at) : wal.readUInt32LE(at));
  let [a, b] = [0, 0];
  const sum = (from: number, to: number): void => {
    for (let at = from; at + 8 <= to; at += 8) {
      a = (a + word(at) + b) >>> 0;
      b = (b + word(at + 4) + a) >>> 0;
    }
  };
  sum(0, 24);
  wal.writeUInt32BE(a, 24);
  wal.writeUInt32BE(b, 28);
  const size = wal.readUInt32BE(8);
  if (size < 512 || size > 65_536) return;
  for (let frame = 32; frame + 24 + size <= wal.length; frame += 24 + size) {
    wal.copy(wal, frame + 8, 16, 24); // the salts of the header
    sum(frame, frame + 8);
    sum(frame + 24, frame + 24 + size);
    wal.writeUInt32BE(a, frame + 16);
    wal.writeUInt32BE(b, frame + 20);
  }
}
