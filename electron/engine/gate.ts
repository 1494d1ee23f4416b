import { accessSync, closeSync, constants, fstatSync, lstatSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { appError, coded, CodedError, type AppError } from '@shared/errors.ts';
import { isWrittenTo, stateOf } from './disk-state.ts';
import { networkKind, readFileSystem, type FileSystem } from './file-system.ts';
import { FIRST_BYTES, readHeader, requireWholeFile, type Header } from './header.ts';
import { identityOf, orRefuse, resolvePath, type Identity } from './identity.ts';
import { requireNoIntent } from './intent.ts';
import { requirePlausibleJournal } from './journal-header.ts';
import { pause } from './pause.ts';
import { whyOfStranger } from './sidecar-owner.ts';
import { readSidecars, type Sidecars } from './sidecars.ts';
import { whyStored } from './stored-backup.ts';

/** A file that may be shown to SQLite, and what is known about it without SQLite. */
export interface GatedFile {
  /** Absolute, links resolved: the only name under which it is opened. */
  readonly path: string;
  readonly identity: Identity;
  readonly header: Header;
  readonly sidecars: Sidecars;
  /** Why it must not be written to; null when it may be. Looking is possible all the same. */
  readonly readOnlyReason: AppError | null;
}

/**
 * Looks at a path and a header before SQLite does; changes nothing, and must not be called while this process has the
 * file open through SQLite.
 * @param fileSystemOf for tests: what a folder lies on.
 * @throws CodedError E_PATH_UNSUPPORTED, E_NOT_FOUND, E_PATH_CHANGED, E_NOT_A_FILE, E_MULTI_LINK, E_NO_PERMISSION,
 * E_IO, E_SIDECAR_UNSAFE, E_STALE_WAL, E_EMPTY, E_NOT_SQLITE, E_ENCRYPTED, E_TRUNCATED, E_SIZE_MISMATCH, E_CORRUPT;
 * E_DB_BUSY where another program writes on and on.
 */
export function passGate(given: string, fileSystemOf: (folder: string) => FileSystem = readFileSystem): GatedFile {
  const file = resolvePath(given);
  requirePlainFile(file);
  const { strangeLog, ...content } = lookUndisturbed(file);
  const strange = strangeLog ?? whyOfStranger(file, content.sidecars);
  return { path: file, ...content, readOnlyReason: whyReadOnly(file, fileSystemOf) ?? strange ?? whyStored(file) };
}

/** What speaks against a file counts only if nobody has written to it for so long. */
const PAUSE_MS = 50;
const MOST_LOOKS = 10;

/**
 * Length, header and journal are looked at one after the other. Where another program commits in between, they do not
 * fit together, and a sound file looks as if it were cut short, or as if its journal were strange.
 */
function lookUndisturbed(file: string): Content {
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const before = stateOf(file);
    const found = orError(() => lookAtContent(file));
    if ('content' in found && found.content.strangeLog === null) return found.content;
    pause(PAUSE_MS);
    if (isWrittenTo(before, stateOf(file))) continue;
    if ('error' in found) throw found.error;
    return found.content;
  }
  throw coded(
    'E_DB_BUSY',
    `Another program keeps writing to ${path.basename(file)}, so that it could not be looked at.`,
  );
}

type Content = Pick<GatedFile, 'identity' | 'header' | 'sidecars'> & { readonly strangeLog: AppError | null };

function orError(look: () => Content): { readonly content: Content } | { readonly error: unknown } {
  try {
    return { content: look() };
  } catch (error) {
    return { error };
  }
}

function lookAtContent(file: string): Content {
  const { identity, first } = readBeginning(file);
  const header = readHeader(first, identity.sizeBytes);
  const sidecars = readSidecars(file);
  // Otherwise the last word about the length is in the WAL or in the journal.
  if (sidecars.isJournalHot) requirePlausibleJournal(file, identity.sizeBytes);
  if (sidecars.isWalRead) requireWalMode(file, header);
  else if (!sidecars.isJournalHot) requireWholeFile(header, identity.sizeBytes);
  return { identity, header, sidecars, strangeLog: whyStrangeLog(file, header, sidecars) };
}

/**
 * As `passGate`, for writing.
 * @throws CodedError also E_RESTORE_UNFINISHED, E_READONLY_FILE, E_READONLY_DIR, E_NETWORK_FS, E_STORED_BACKUP, and
 * E_SIDECAR_UNSAFE for a -wal that is not empty beside a file that is not in WAL mode, and for one, or a hot journal, of a
 * user who may not write the file.
 */
export function passGateForWriting(given: string, fileSystemOf?: (folder: string) => FileSystem): GatedFile {
  const gated = passUnlessRestoring(given, fileSystemOf);
  const { readOnlyReason } = gated;
  if (readOnlyReason) throw new CodedError(readOnlyReason);
  return gated;
}

/** Whatever the file looks like in the middle of a restore, that is what there is to say. */
function passUnlessRestoring(given: string, fileSystemOf?: (folder: string) => FileSystem): GatedFile {
  try {
    const gated = passGate(given, fileSystemOf);
    requireNoIntent(gated.path);
    return gated;
  } catch (error) {
    requireNoIntent(path.resolve(given));
    throw error;
  }
}

/**
 * A file leaves WAL mode only after its WAL was written back and removed, so beside one that is not in that mode lies the
 * WAL of another state of it, or of another file. SQLite would play it in, and its own check might call the result ok.
 */
function requireWalMode(file: string, { journalMode }: Header): void {
  if (journalMode === 'wal') return;
  throw coded('E_STALE_WAL', `${path.basename(file)}-wal was not written by who wrote ${file} last.`, { journalMode });
}

function requirePlainFile(file: string): void {
  const stats = orRefuse(file, () => lstatSync(file));
  if (stats.isDirectory()) throw coded('E_NOT_A_FILE', `${file} is a folder.`);
  if (!stats.isFile()) throw coded('E_NOT_A_FILE', `${file} is a pipe, a device or the like.`);
  if (stats.nlink > 1) {
    // Every name would get its own journal, and one program would not see the other's.
    throw coded('E_MULTI_LINK', `${file} is one of ${stats.nlink} names of the same file.`, { links: stats.nlink });
  }
  // The system administrator may read everything; what counts is that somebody forbade it.
  if ((stats.mode & 0o444) === 0) throw coded('E_NO_PERMISSION', `${file} cannot be read by anybody.`);
}

function readBeginning(file: string): { identity: Identity; first: Buffer } {
  return orRefuse(file, () => {
    const descriptor = openPlainFile(file);
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      if (!stats.isFile()) throw coded('E_NOT_A_FILE', `${file} is not an ordinary file.`);
      const buffer = Buffer.alloc(FIRST_BYTES);
      const length = readSync(descriptor, buffer, 0, FIRST_BYTES, 0);
      return { identity: identityOf(stats), first: buffer.subarray(0, length) };
    } finally {
      closeSync(descriptor);
    }
  });
}

/** The file may have become something else since it was looked at. */
function openPlainFile(file: string): number {
  try {
    // NONBLOCK: opening what has become a pipe must not wait for a writer.
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ELOOP') throw coded('E_PATH_CHANGED', `${file} became a link while it was being looked at.`);
    if (code === 'ENXIO' || code === 'ENODEV') throw coded('E_NOT_A_FILE', `${file} is not an ordinary file.`);
    throw error;
  }
}

function whyReadOnly(file: string, fileSystemOf: (folder: string) => FileSystem): AppError | null {
  const folder = path.dirname(file);
  const network = networkKind(fileSystemOf(folder));
  if (network !== null) return appError('E_NETWORK_FS', `${folder} is a network drive (${network}).`, { network });
  if (!mayWrite(file)) return appError('E_READONLY_FILE', `${file} is marked as read-only.`);
  if (!mayWrite(folder)) return appError('E_READONLY_DIR', `${folder} does not allow new files, which SQLite needs.`);
  return null;
}

/**
 * SQLite works in log mode as soon as a `-wal` that is not empty lies there, whatever is in it, and whatever mode the
 * file says. What it wrote would be in that log alone until it closes: after a kill, beside a file that says of itself
 * that it has none, and which could then no longer be opened.
 */
function whyStrangeLog(file: string, { journalMode }: Header, { walBytes }: Sidecars): AppError | null {
  if (journalMode === 'wal' || walBytes === 0) return null;
  const wal = `${path.basename(file)}-wal`;
  return appError(
    'E_SIDECAR_UNSAFE',
    `Beside ${path.basename(file)} lies ${wal}, which is no log of it: SQLite would write into it what belongs into the file.`,
    { walBytes },
    {
      nextStep: `Close every program that has the file open. If ${wal} is still there then, move it to another folder and keep it; then try again.`,
    },
  );
}

/** Also false where only the mode forbids it: an administrator's rights are no reason to overrule the owner. */
export function mayWrite(file: string): boolean {
  if ((statSync(file).mode & 0o222) === 0) return false;
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
