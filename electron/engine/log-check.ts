import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { assertNotConnected } from './fsync.ts';

/**
 * Whether SQLite would read a write-ahead log, and as far as it was committed. It reads up to the first thing that does
 * not fit, says nothing of it, and removes the log: what was committed behind that is gone.
 * See https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 */

export const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Its last bit says in which order of bytes the checksums are made. */
const MAGIC = 0x377f0682;
const VERSION = 3_007_000;
const [LEAST_PAGE_BYTES, MOST_PAGE_BYTES] = [512, 65_536];

/** Two sums of 32 bits, each with the other in it. */
type Sum = readonly [number, number];

/** @param first the beginning of a log. */
export function isLogHeader(first: Buffer): boolean {
  if (first.length < LOG_HEADER_BYTES || (first.readUInt32BE(0) & ~1) !== MAGIC) return false;
  const pageBytes = first.readUInt32BE(8);
  const isSize = pageBytes >= LEAST_PAGE_BYTES && pageBytes <= MOST_PAGE_BYTES && (pageBytes & (pageBytes - 1)) === 0;
  return isSize && first.readUInt32BE(4) === VERSION && isSum(headerSum(first), first, 24);
}

/**
 * Reads the log beside a database, or beside a copy of one: all of it, so only before something is written.
 * What a killed program or a power cut kept from being committed is no loss, nor is what is left of an earlier log in
 * a file that is written over from its beginning.
 * @param file the database, closed; its `-wal` is there.
 * @throws the system's error when it cannot be read.
 */
export function isLogWhole(file: string): boolean {
  const log = `${file}-wal`;
  assertNotConnected(log);
  const descriptor = openSync(log, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const before = fstatSync(descriptor);
    if (isWhole(descriptor)) return true;
    const { size, mtimeMs } = fstatSync(descriptor);
    // A living program has written to it meanwhile: what looks broken was half written, and is its own affair.
    return size !== before.size || mtimeMs !== before.mtimeMs;
  } finally {
    closeSync(descriptor);
  }
}

function isWhole(log: number): boolean {
  const header = Buffer.alloc(LOG_HEADER_BYTES);
  if (fstatSync(log).size <= header.length) return true; // emptied
  readSync(log, header, 0, header.length, 0);
  if (!isLogHeader(header)) return false;
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + header.readUInt32BE(8));
  const last = fstatSync(log).size - frame.length;
  const isOfThisLog = (): boolean => header.compare(frame, 8, 16, 16, 24) === 0;
  let at = LOG_HEADER_BYTES;
  for (let sum = headerSum(header); at <= last; at += frame.length) {
    readSync(log, frame, 0, frame.length, at);
    sum = frameSum(sum, frame, isBigEndian(header));
    if (!isOfThisLog() || frame.readUInt32BE(0) === 0 || !isSum(sum, frame, 16)) break;
  }
  // SQLite reads no further. A commit that is noted from here on is none to it.
  for (; at <= last; at += frame.length) {
    readSync(log, frame, 0, FRAME_HEADER_BYTES, at);
    if (isOfThisLog() && frame.readUInt32BE(4) > 0) return false;
  }
  return true;
}

const isBigEndian = (header: Buffer): boolean => (header.readUInt32BE(0) & 1) === 1;

const headerSum = (header: Buffer): Sum => sumOf([0, 0], header.subarray(0, 24), isBigEndian(header));

/** Over its page and two of its own words; each frame goes on from the one before. */
function frameSum(before: Sum, frame: Buffer, isBig: boolean): Sum {
  const sum = sumOf(before, frame.subarray(0, 8), isBig);
  return sumOf(sum, frame.subarray(FRAME_HEADER_BYTES), isBig);
}

function sumOf([first, second]: Sum, bytes: Buffer, isBig: boolean): Sum {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += 8) {
    first = (first + words.getUint32(at, !isBig) + second) | 0;
    second = (second + words.getUint32(at + 4, !isBig) + first) | 0;
  }
  return [first >>> 0, second >>> 0];
}

/** What is written there is always in big-endian order. */
const isSum = ([first, second]: Sum, bytes: Buffer, at: number): boolean =>
  bytes.readUInt32BE(at) === first && bytes.readUInt32BE(at + 4) === second;
