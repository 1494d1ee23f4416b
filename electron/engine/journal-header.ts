import { closeSync, openSync, readSync } from 'node:fs';
import { coded } from '@shared/errors.ts';
import { orRefuse } from './identity.ts';

const MAGIC = 'd9d505f920a163d7';
/** Before its first transaction is over, a small file may be shorter than it was, bytes. */
const SLACK_BYTES = 1_048_576;

/**
 * A rollback journal says how long the database was, and SQLite makes it as long again before it puts the pages back:
 * one wrong number turns a small file into one of four terabytes.
 * @param file the database, whose journal would be played back.
 * @throws CodedError E_CORRUPT when the journal cannot be that of a file of this size.
 */
export function requirePlausibleJournal(file: string, sizeBytes: number): void {
  const first = orRefuse(file, () => readFirst(`${file}-journal`));
  if (first.length < 28 || first.toString('hex', 0, 8) !== MAGIC) return; // SQLite does not play such a one back
  const [pages, pageSizeBytes] = [first.readUInt32BE(16), first.readUInt32BE(24)];
  if (pages * pageSizeBytes <= 2 * sizeBytes + SLACK_BYTES) return;
  throw coded('E_CORRUPT', `The journal beside the file would make it ${pages * pageSizeBytes} bytes long.`, {
    pages,
    pageSizeBytes,
    sizeBytes,
  });
}

function readFirst(journal: string): Buffer {
  const descriptor = openSync(journal, 'r');
  try {
    const buffer = Buffer.alloc(28);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, 28, 0));
  } finally {
    closeSync(descriptor);
  }
}
