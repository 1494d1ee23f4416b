import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { FileEntry } from '@shared/channels.ts';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { FilePicker, FolderListing } from '@host/door.ts';
import { fsErrorValue, isFsError } from '@host/fs-errors.ts';

/** What the picker may show: everything visible inside `folders`, and each of `files`. */
export interface Places {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/** Entries shown of one folder; more than anybody reads, few enough to look into each. */
const MAX_ENTRIES = 2_000;
/** Files looked into at a time: a process may have only so many open. */
const AT_ONCE = 64;
/** Tokens kept; the oldest is forgotten first. */
const MAX_TOKENS = 50_000;

/**
 * A file picker for pages that cannot have the system's. Callers name files by random tokens that were shown to them.
 * Whatever a token's path is by the time it is used must, links resolved, still be inside a place and not hidden.
 */
export async function createPicker(places: Places): Promise<FilePicker> {
  const folders = await resolveAll(places.folders);
  const files = await resolveAll(places.files);
  const tokens = createTokens();
  const isAllowed = (real: string): boolean =>
    files.includes(real) || folders.some((folder) => isVisibleInside(folder, real));

  const pathOf = async (token: string): Promise<Result<string>> => {
    const named = tokens.pathOf(token);
    const real = named === undefined ? null : await realpath(named).catch(() => null);
    if (real !== null && isAllowed(real)) return ok(real);
    return err(
      appError('E_NOT_FOUND', 'It was moved or removed since it was listed, or is not among the allowed places.'),
    );
  };
  const entryOf = async (name: string, named: string): Promise<FileEntry | null> => {
    const real = await realpath(named).catch(() => null);
    if (real === null || !isAllowed(real)) return null;
    const stats = await lstat(real).catch(() => null);
    if (stats === null || !(stats.isFile() || stats.isDirectory())) return null;
    return describe(tokens.tokenFor(named), name, real, stats);
  };
  const listTop = async (): Promise<FolderListing> => {
    const shown = await Promise.all([...folders, ...files].map((place) => entryOf(place, place)));
    return { title: 'Places', parentToken: null, isTop: true, entries: shown.filter((entry) => entry !== null) };
  };
  const listFolder = async (folder: string): Promise<FolderListing> => {
    const names = (await readdir(folder)).filter((name) => !isHidden(name)).slice(0, MAX_ENTRIES);
    const shown: (FileEntry | null)[] = [];
    for (let at = 0; at < names.length; at += AT_ONCE) {
      const some = names.slice(at, at + AT_ONCE).map((name) => entryOf(name, path.join(folder, name)));
      shown.push(...(await Promise.all(some)));
    }
    const parent = path.dirname(folder);
    const parentToken = parent !== folder && isAllowed(parent) ? tokens.tokenFor(parent) : null;
    return {
      title: folder,
      parentToken,
      isTop: false,
      entries: shown.filter((entry) => entry !== null).sort(foldersFirst),
    };
  };
  return {
    resolve: pathOf,
    async list(token) {
      if (token === null) return ok(await listTop());
      const folder = await pathOf(token);
      if (!folder.ok) return folder;
      try {
        return ok(await listFolder(folder.value));
      } catch (cause) {
        if (isFsError(cause)) return err(fsErrorValue(cause, folder.value));
        throw cause;
      }
    },
  };
}

async function describe(token: string, name: string, real: string, stats: Stats): Promise<FileEntry> {
  const isFile = stats.isFile();
  return {
    token,
    name,
    kind: isFile ? 'file' : 'folder',
    sizeBytes: isFile ? stats.size : null,
    modifiedAt: stats.mtime.toISOString(),
    looksLikeDatabase: isFile && stats.size >= 512 && (await startsAsDatabase(real)),
  };
}

/** Reads 16 bytes without following a link and without waiting for a pipe that took the file's place. */
async function startsAsDatabase(file: string): Promise<boolean> {
  const handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch(
    () => null,
  );
  if (handle === null) return false;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return bytesRead === 16 && buffer.toString('latin1') === 'SQLite format 3\0';
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}

function createTokens() {
  const paths = new Map<string, string>();
  const tokens = new Map<string, string>();
  return {
    pathOf: (token: string) => paths.get(token),
    tokenFor(file: string): string {
      const present = tokens.get(file);
      if (present !== undefined) return present;
      const token = randomBytes(16).toString('base64url');
      paths.set(token, file);
      tokens.set(file, token);
      const oldest = paths.size > MAX_TOKENS ? paths.entries().next().value : undefined;
      if (oldest) {
        paths.delete(oldest[0]);
        tokens.delete(oldest[1]);
      }
      return token;
    },
  };
}

/** True for the folder itself and for what lies in it, unless a part of the way below it is hidden. */
export function isVisibleInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  if (relative === '') return true;
  if (path.isAbsolute(relative)) return false; // another drive
  return relative.split(path.sep).every((part) => !isHidden(part)); // `..` begins with a dot too
}

const isHidden = (name: string): boolean => name.startsWith('.');

const foldersFirst = (a: FileEntry, b: FileEntry): number =>
  a.kind === b.kind ? a.name.localeCompare(b.name, 'en', { numeric: true }) : a.kind === 'folder' ? -1 : 1;

/** Without what does not exist and without repetition. */
async function resolveAll(named: readonly string[]): Promise<string[]> {
  const real = await Promise.all(named.map((place) => realpath(place).catch(() => null)));
  return [...new Set(real.filter((place) => place !== null))];
}
