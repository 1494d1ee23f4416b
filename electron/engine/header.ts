import { coded } from '@shared/errors.ts';
import { number } from './counted.ts';

/** The first 100 bytes of a SQLite file, see https://www.sqlite.org/fileformat2.html#the_database_header */
export interface Header {
  readonly pageSizeBytes: number;
  readonly journalMode: 'wal' | 'rollback';
  /** Pages as the header says; null when the last writer did not keep the number (very old programs). */
  readonly pages: number | null;
  readonly changeCounter: number;
  readonly encoding: 'UTF-8' | 'UTF-16le' | 'UTF-16be';
  /** 1 to 4; 0 = nothing was ever in it. */
  readonly schemaFormat: number;
}

/** Enough for the header and for judging whether the rest looks encrypted. */
export const FIRST_BYTES = 4096;
const SMALLEST_DATABASE = 512;
/** A beginning that differs in this many bytes at most was one of a database once. SQLite 2 differs in more. */
const MOST_WRONG_BYTES = 3;
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
const ENCODINGS = ['UTF-8', 'UTF-8', 'UTF-16le', 'UTF-16be'] as const; // 0 = nothing was stored yet

/**
 * Judges the first bytes of a file before SQLite sees it: SQLite takes an empty or a one-byte file for a new database
 * and overwrites it.
 * @param first up to FIRST_BYTES from the beginning.
 * @throws CodedError E_EMPTY, E_NOT_SQLITE, E_ENCRYPTED, E_TRUNCATED, E_CORRUPT.
 */
export function readHeader(first: Buffer, sizeBytes: number): Header {
  if (sizeBytes === 0) throw coded('E_EMPTY', 'The file holds 0 bytes.');
  const magic = first.subarray(0, MAGIC.length);
  if (!MAGIC.subarray(0, magic.length).equals(magic)) throw notSqlite(first, sizeBytes);
  if (sizeBytes < SMALLEST_DATABASE) {
    throw coded(
      'E_TRUNCATED',
      `Of the database only the beginning is left, ${sizeBytes === 1 ? '1 byte' : `${sizeBytes} bytes`}.`,
      { sizeBytes },
    );
  }
  const storedPageSize = first.readUInt16BE(16);
  const pageSizeBytes = storedPageSize === 1 ? 65_536 : storedPageSize;
  requirePossible(first, pageSizeBytes);
  const changeCounter = first.readUInt32BE(24);
  const pages = first.readUInt32BE(28);
  return {
    pageSizeBytes,
    journalMode: first[19] === 2 ? 'wal' : 'rollback',
    pages: pages > 0 && changeCounter === first.readUInt32BE(92) ? pages : null,
    changeCounter,
    encoding: ENCODINGS[first.readUInt32BE(56)] ?? 'UTF-8',
    schemaFormat: first.readUInt32BE(44),
  };
}

/**
 * The file is as long as its header says. Not to be asked of a file whose WAL or hot journal has the last word.
 * @throws CodedError E_TRUNCATED, E_SIZE_MISMATCH.
 */
export function requireWholeFile(header: Header, sizeBytes: number): void {
  const wantBytes = header.pages === null ? null : header.pages * header.pageSizeBytes;
  const details = { sizeBytes, wantBytes, pageSizeBytes: header.pageSizeBytes };
  if (wantBytes !== null && sizeBytes < wantBytes) {
    throw coded(
      'E_TRUNCATED',
      `The file should have ${number(wantBytes)} bytes but has only ${number(sizeBytes)}.`,
      details,
    );
  }
  if (wantBytes !== null && sizeBytes > wantBytes) {
    throw coded(
      'E_SIZE_MISMATCH',
      `The file should have ${number(wantBytes)} bytes but has ${number(sizeBytes)}.`,
      details,
    );
  }
  if (sizeBytes % header.pageSizeBytes !== 0) {
    throw coded(
      'E_TRUNCATED',
      `The file ends in the middle of a page of ${number(header.pageSizeBytes)} bytes.`,
      details,
    );
  }
}

function requirePossible(first: Buffer, pageSizeBytes: number): void {
  const isPowerOfTwo = pageSizeBytes >= 512 && (pageSizeBytes & (pageSizeBytes - 1)) === 0;
  const fields: readonly (readonly [name: string, isPossible: boolean])[] = [
    ['page size', isPowerOfTwo],
    ['reserved space', pageSizeBytes - byte(first, 20) >= 480],
    ['write version', byte(first, 18) === 1 || byte(first, 18) === 2],
    ['read version', byte(first, 19) === 1 || byte(first, 19) === 2],
    ['payload fractions', byte(first, 21) === 64 && byte(first, 22) === 32 && byte(first, 23) === 32],
    ['schema format', first.readUInt32BE(44) <= 4],
    ['text encoding', first.readUInt32BE(56) <= 3],
  ];
  const wrong = fields.filter(([, isPossible]) => !isPossible).map(([name]) => name);
  if (wrong.length === 0) return;
  throw coded('E_CORRUPT', `The header of the file is damaged: impossible ${wrong.join(', ')}.`, {
    fields: wrong.join(),
  });
}

const byte = (buffer: Buffer, at: number): number => buffer[at] ?? 0;

function notSqlite(first: Buffer, sizeBytes: number) {
  const details = { sizeBytes, firstBytes: first.subarray(0, 8).toString('hex') };
  const alike = MAGIC.filter((value, at) => first[at] === value).length;
  if (alike >= MAGIC.length - MOST_WRONG_BYTES)
    return coded(
      'E_CORRUPT',
      'The first bytes of the file are almost those of a SQLite database, but damaged.',
      details,
    );
  if (looksEncrypted(first, sizeBytes)) {
    return coded(
      'E_ENCRYPTED',
      'The file looks like noise from its first byte on, as encrypted databases do.',
      details,
    );
  }
  return coded('E_NOT_SQLITE', 'The file does not begin as a SQLite database does.', details);
}

/** Beginnings of files that are as dense as encrypted ones: zip, gzip, zstd, xz, 7z, png, jpeg, pdf. */
const DENSE_FORMATS = ['504b', '1f8b', '28b52ffd', 'fd377a58', '377abcaf', '89504e47', 'ffd8ff', '25504446'];

/** Encrypted databases keep their page size; every byte value is about equally frequent. */
function looksEncrypted(first: Buffer, sizeBytes: number): boolean {
  const beginning = first.subarray(0, 4).toString('hex');
  if (sizeBytes % SMALLEST_DATABASE !== 0 || DENSE_FORMATS.some((format) => beginning.startsWith(format))) return false;
  // 512 random bytes measure about 7.6 bits per byte, 4,096 about 7.95; text and machine code stay below 7.
  return entropyBits(first) > (first.length < FIRST_BYTES ? 7.4 : 7.8);
}

function entropyBits(bytes: Buffer): number {
  const counts = new Uint32Array(256);
  for (const value of bytes) counts[value] = (counts[value] ?? 0) + 1;
  return counts.reduce(
    (sum, count) => (count === 0 ? sum : sum - (count / bytes.length) * Math.log2(count / bytes.length)),
    0,
  );
}
