import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { assertNotConnected } from './fsync.ts';

/**
 * Whether SQLite would play a rollback journal back to its end. It stops at the first thing that does not fit, says
 * nothing of it, and removes the journal: the file then stays half written, and nothing about it looks wrong.
 * See https://www.sqlite.org/fileformat2.html#the_rollback_journal
 */

const MAGIC = 'd9d505f920a163d7';
/** In the place of the magic, with no records counted, until they are flushed. */
const NOT_YET = '0000000000000000';
const HEADER_BYTES = 28;
/** Of a program that does not flush: as many records as there are. */
const UNCOUNTED = 0xffffffff;
const LARGEST_BYTES = 65_536;

/**
 * Reads the journal beside a database, or beside a copy of one. Of a page, as SQLite does, every 200th byte: damage
 * between them is seen by nobody.
 * @param file the database, closed; its `-journal` is there.
 * @returns false wherever there is a doubt: also for a transaction over several files, and for what is left of an
 * earlier transaction in a journal that is kept and written over.
 * @throws the system's error when it cannot be read.
 */
export function isJournalWhole(file: string): boolean {
  const journal = `${file}-journal`;
  assertNotConnected(journal);
  const descriptor = openSync(journal, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return isWhole(descriptor, fstatSync(descriptor).size);
  } finally {
    closeSync(descriptor);
  }
}

interface Segment {
  /** Only once its records are flushed; until then none of their pages is written to the database. */
  readonly isFlushed: boolean;
  readonly records: number;
  /** What the checksums of its records begin with. */
  readonly nonce: number;
  /** How long the database was, pages. */
  readonly pages: number;
  readonly sectorBytes: number;
  readonly pageBytes: number;
}

function isWhole(journal: number, sizeBytes: number): boolean {
  const first = readSegment(journal, 0);
  if (first === null || !first.isFlushed || !isSize(first.sectorBytes, 32) || !isSize(first.pageBytes, 512))
    return false;
  if (sizeBytes < first.sectorBytes || namesAnother(journal, sizeBytes)) return false;
  const recordBytes = first.pageBytes + 8;
  const record = Buffer.alloc(recordBytes);
  for (let at = 0, segment: Segment | null = first; ; segment = readSegment(journal, at)) {
    if (segment === null || at + first.sectorBytes > sizeBytes) return false;
    if (!segment.isFlushed) return segment.records === 0 && OF_ALL.every((each) => segment[each] === first[each]);
    at += first.sectorBytes;
    const left = Math.floor((sizeBytes - at) / recordBytes);
    const records = segment.records === UNCOUNTED ? left : segment.records;
    if (records > left) return false;
    for (let n = 0; n < records; n++, at += recordBytes) {
      readSync(journal, record, 0, recordBytes, at);
      if (!isRight(record, first, segment.nonce)) return false;
    }
    if (at === sizeBytes || segment.records === UNCOUNTED) return true;
    at = Math.ceil(at / first.sectorBytes) * first.sectorBytes;
  }
}

/** What every header of a journal says, also one that is not flushed. Zeros throughout are damage. */
const OF_ALL = ['pages', 'sectorBytes', 'pageBytes'] as const;

/** @returns null where none begins. */
function readSegment(journal: number, at: number): Segment | null {
  const header = Buffer.alloc(HEADER_BYTES);
  if (readSync(journal, header, 0, HEADER_BYTES, at) < HEADER_BYTES) return null;
  const magic = header.toString('hex', 0, 8);
  if (magic !== MAGIC && magic !== NOT_YET) return null;
  const [records = 0, nonce = 0, pages = 0, sectorBytes = 0, pageBytes = 0] = [8, 12, 16, 20, 24].map((offset) =>
    header.readUInt32BE(offset),
  );
  return { isFlushed: magic === MAGIC, records, nonce, pages, sectorBytes, pageBytes };
}

const isSize = (bytes: number, least: number): boolean =>
  bytes >= least && bytes <= LARGEST_BYTES && (bytes & (bytes - 1)) === 0;

/** A record is the number of a page, the page, and the checksum. No page that was not there before is ever noted. */
function isRight(record: Buffer, { pages, pageBytes }: Segment, nonce: number): boolean {
  const page = record.readUInt32BE(0);
  if (page === 0 || page > pages) return false;
  let sum = nonce;
  for (let at = pageBytes - 200; at > 0; at -= 200) sum += record.readUInt8(4 + at);
  return sum >>> 0 === record.readUInt32BE(4 + pageBytes);
}

/** It ends with the name of the journal that several files have in common: whether it is played back depends on that. */
function namesAnother(journal: number, sizeBytes: number): boolean {
  const end = Buffer.alloc(8);
  readSync(journal, end, 0, end.length, sizeBytes - end.length);
  return end.toString('hex') === MAGIC;
}
