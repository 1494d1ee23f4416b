import fs from 'node:fs';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { coded } from '@shared/errors.ts';
import { fsyncFolder } from '../fsync.ts';

/** A file that appears under its name only when it is whole, and never in place of another one. */
export interface NewFile {
  write(text: string): void;
  /** Bytes so far. */
  readonly sizeBytes: number;
  /** Flushed to the disk and given its name. @throws CodedError E_FILE_EXISTS, E_NO_SPACE, … */
  finish(): void;
  /** Removes what was written. Does nothing after `finish`. */
  discard(): void;
}

const BUFFER_CHARACTERS = 1 << 18;
/** Names that would make SQLite take the file for a part of the database. */
const SIDECARS = ['', '-wal', '-shm', '-journal'];
/** File systems without hard links (FAT, some network shares). */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL', 'EACCES'];

/**
 * @param partial the name that it has until it is whole, in the same folder.
 * @throws CodedError E_FILE_EXISTS, E_PATH_UNSUPPORTED, E_READONLY_DIR, E_NOT_FOUND, E_NO_SPACE.
 */
export function createNewFile(database: string, target: string, partial: string): NewFile {
  if (SIDECARS.some((suffix) => path.resolve(target) === database + suffix))
    throw coded('E_PATH_UNSUPPORTED', `${path.basename(target)} is a name that belongs to the database itself.`);
  const doing = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw writeError(error, target);
    }
  };
  if (doing(() => fs.lstatSync(target, { throwIfNoEntry: false }))) throw exists(target);
  const descriptor = doing(() => fs.openSync(partial, 'wx', 0o600));
  let buffer = '';
  let sizeBytes = 0;
  let isOpen = true;
  const flush = (): void => {
    const bytes = Buffer.from(buffer, 'utf8');
    buffer = '';
    doing(() => fs.writeFileSync(descriptor, bytes));
    sizeBytes += bytes.length;
  };
  const close = (): void => {
    if (isOpen) fs.closeSync(descriptor);
    isOpen = false;
  };
  const discard = (): void => {
    process.removeListener('exit', discard);
    try {
      close();
    } finally {
      fs.rmSync(partial, { force: true });
    }
  };
  process.once('exit', discard);
  return {
    write(text) {
      buffer += text;
      if (buffer.length > BUFFER_CHARACTERS) flush();
    },
    get sizeBytes() {
      return sizeBytes;
    },
    finish() {
      flush();
      doing(() => {
        fs.fsyncSync(descriptor);
        close();
        giveName(partial, target);
        fsyncFolder(path.dirname(target));
      });
      process.removeListener('exit', discard);
    },
    discard,
  };
}

/** A link fails where the name is taken; a rename would replace what is there. */
function giveName(partial: string, target: string): void {
  try {
    fs.linkSync(partial, target);
    fs.rmSync(partial);
  } catch (error) {
    if (!NO_LINKS.includes(errorCode(error))) throw error;
    if (fs.lstatSync(target, { throwIfNoEntry: false })) throw exists(target);
    fs.renameSync(partial, target);
  }
}

const exists = (target: string): Error => coded('E_FILE_EXISTS', `${path.basename(target)} exists already.`);

function writeError(error: unknown, target: string): unknown {
  const [name, folder] = [path.basename(target), path.dirname(target)];
  switch (errorCode(error)) {
    case 'EEXIST':
      return exists(target);
    case 'ENOSPC':
    case 'EDQUOT':
      return coded('E_NO_SPACE', `There is no room for ${name} in ${folder}. What was written was removed.`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return coded('E_READONLY_DIR', `${folder} may not be written to.`);
    case 'ENAMETOOLONG':
    case 'EINVAL':
      return coded('E_PATH_UNSUPPORTED', `${name} is no name for a file in ${folder}.`);
    case 'ENOENT':
    case 'ENOTDIR':
      return coded('E_NOT_FOUND', `There is no folder ${folder}.`);
    default:
      return error;
  }
}
