import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
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
  const first = orRefuse(`${file}-journal`, () => readFirst(`${file}-journal`));
  if (first.length < 28 || first.toString('hex', 0, 8) !== MAGIC) return; // SQLite does not play such a one back
  const [pages, sectorSizeBytes, pageSizeBytes] = [16, 20, 24].map((at) => first.readUInt32BE(at)) as Header;
  if (pages * pageSizeBytes <= 2 * sizeBytes + SLACK_BYTES) return;
  const [name, journal] = [path.basename(file), `${path.basename(file)}-journal`];
  const details = { pages, sectorSizeBytes, pageSizeBytes, sizeBytes };
  if (!isSizeOf(pageSizeBytes, 512) || !isSizeOf(sectorSizeBytes, 32)) {
    const message = `${journal} beside the file is damaged, or is the journal of no database: SQLite would put nothing back from it, and would remove it. ${name} itself looks untouched by it.`;
    throw coded('E_CORRUPT', message, details, {
      nextStep: `Close every program that has the file open. If ${journal} is still there then, move it to another folder and keep it; then try again.`,
    });
  }
  const message = `${journal} beside the file is damaged: it says that the file was ${pageSizeBytes * pages} bytes long. It was to undo a write that did not come to its end, so ${name} may hold half of that write.`;
  throw coded('E_CORRUPT', message, details, {
    nextStep: `Restore a backup of it. Without one, keep copies of ${name} and ${journal}, and ask support.`,
  });
}

type Header = [pages: number, sectorSizeBytes: number, pageSizeBytes: number];

/** As SQLite asks of the sizes in a journal's header: a power of two up to 65,536. https://sqlite.org/fileformat2.html#the_rollback_journal */
const isSizeOf = (bytes: number, least: number): boolean =>
  bytes >= least && bytes <= 65_536 && Number.isInteger(Math.log2(bytes));

function readFirst(journal: string): Buffer {
  const descriptor = openSync(journal, 'r');
  try {
    const buffer = Buffer.alloc(28);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, 28, 0));
  } finally {
    closeSync(descriptor);
  }
}
