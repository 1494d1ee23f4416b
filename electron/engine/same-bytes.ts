import fs from 'node:fs';
import { assertNotConnected } from './fsync.ts';

const READ_BYTES = 1 << 20;
/**
 * Header fields that SQLite sets itself when it copies a database into another file: journal mode (18–19), change
 * counter (24–27), schema cookie (40–43), and the version-valid-for number (92–95). Found by experiment over 144
 * combinations of page size, encoding, vacuum and journal mode.
 */
const OWN_FIELDS: readonly (readonly [from: number, to: number])[] = [
  [18, 20],
  [24, 28],
  [40, 44],
  [92, 96],
];
const PAGE_COUNT = [28, 32] as const;
/** The page that begins here, of whatever size, only carries SQLite's locks: it is never written, nor copied by a backup. */
const LOCK_PAGE_AT = 2 ** 30;

/**
 * Compares two database files outside the header fields that every file has of its own, and the page of the locks, where
 * each still holds what lay there before it was a database of that size.
 * @param mayBeMended also outside the number of pages (28–31), which SQLite puts right as soon as it writes the header.
 * @throws Error naming the first place where they differ.
 */
export function assertSameBytes(one: string, other: string, mayBeMended = false): void {
  for (const file of [one, other]) assertNotConnected(file);
  const handles = [fs.openSync(one, 'r'), fs.openSync(other, 'r')] as const;
  const buffers = [Buffer.alloc(READ_BYTES), Buffer.alloc(READ_BYTES)] as const;
  try {
    let pageSizeBytes = 0;
    const ownFields = mayBeMended ? [...OWN_FIELDS, PAGE_COUNT] : OWN_FIELDS;
    for (let offset = 0; ; offset += READ_BYTES) {
      const [a, b] = [readAt(handles[0], buffers[0], offset), readAt(handles[1], buffers[1], offset)];
      if (offset === 0) pageSizeBytes = pageSizeIn(a); // of either: where they differ, so do the files
      for (const part of [a, b]) {
        if (offset === 0) for (const [from, to] of ownFields) part.fill(0, from, to);
        if (offset === LOCK_PAGE_AT) part.fill(0, 0, Math.min(pageSizeBytes, part.length));
      }
      if (!a.equals(b)) throw new Error(`the files differ in the mebibyte at ${offset}`);
      if (a.length < READ_BYTES) return;
    }
  } finally {
    for (const handle of handles) fs.closeSync(handle);
  }
}

/** 0 = of no size that SQLite takes: then nothing is left out. */
function pageSizeIn(header: Buffer): number {
  if (header.length < 18) return 0;
  const stored = header.readUInt16BE(16);
  const bytes = stored === 1 ? 65_536 : stored;
  return bytes >= 512 && (bytes & (bytes - 1)) === 0 ? bytes : 0;
}

/** Fills the buffer unless the file ends; a read may return less than was asked for. */
function readAt(handle: number, buffer: Buffer, offset: number): Buffer {
  let length = 0;
  while (length < buffer.length) {
    const bytes = fs.readSync(handle, buffer, length, buffer.length - length, offset + length);
    if (bytes === 0) break;
    length += bytes;
  }
  return buffer.subarray(0, length);
}
