import { randomBytes } from 'node:crypto';
import { constants, type Dirent, type Stats } from 'node:fs';
import { lstat, open, readdir, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { FileEntry } from '@shared/channels.ts';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { FilePicker, FolderListing } from '@host/door.ts';
import { doesNotAnswer, type Drives, lookOnDrives } from '@host/drives.ts';
import { fsErrorValue, isFsError } from '@host/fs-errors.ts';
import { databaseExtensions } from '@host/windows-open-with.ts';

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
 * @param look comes before everything else that touches a name: a drive that hangs would keep a thread for ever.
 */
export async function createPicker(places: Places, look: Drives = lookOnDrives): Promise<FilePicker> {
  const folders = await resolveAll(places.folders);
  const files = await resolveAll(places.files);
  const tokens = createTokens();
  const isAllowed = (real: string): boolean =>
    files.includes(real) || folders.some((folder) => isVisibleInside(folder, real));

  const pathOf = async (token: string): Promise<Result<string>> => {
    const named = tokens.namedBy(token);
    if (named !== undefined && (await look(named.leadsTo, true)) === 'silent') return err(doesNotAnswer(named.path));
    const real = named === undefined ? null : await realpath(named.path).catch(() => null);
    if (real !== null && isAllowed(real)) return ok(real);
    return err(
      appError('E_NOT_FOUND', 'It was moved or removed since it was listed, or is not among the allowed places.'),
    );
  };
  const entryOf = async (name: string, named: Named): Promise<FileEntry | 'silent' | null> => {
    const seen = await look(named.leadsTo);
    if (seen === 'silent') return 'silent';
    if (seen === 'unasked') return undescribed(tokens.tokenFor(named), name);
    const real = await realpath(named.path).catch(() => null);
    if (real === null || !isAllowed(real)) return null;
    const stats = await lstat(real).catch(() => null);
    if (stats === null || !(stats.isFile() || stats.isDirectory())) return null;
    return describe(tokens.tokenFor(named), name, real, stats);
  };
  const listTop = async (): Promise<FolderListing> => {
    const names = [...folders, ...files];
    const shown = await Promise.all(names.map((place) => entryOf(place, itself(place))));
    return { title: 'Places', parentToken: null, isTop: true, isCut: false, ...listed(names, shown) };
  };
  const listFolder = async (folder: string): Promise<FolderListing> => {
    const all = wantedFirst((await readdir(folder, { withFileTypes: true })).filter(({ name }) => !isHidden(name)));
    const some = all.slice(0, MAX_ENTRIES);
    const shown: (FileEntry | 'silent' | null)[] = [];
    for (let at = 0; at < some.length; at += AT_ONCE) {
      const looks = some
        .slice(at, at + AT_ONCE)
        .map(async (entry) => entryOf(entry.name, await namedIn(folder, entry)));
      shown.push(...(await Promise.all(looks)));
    }
    const { entries, silent } = listed(
      some.map(({ name }) => name),
      shown,
    );
    const parent = path.dirname(folder);
    const parentToken = parent !== folder && isAllowed(parent) ? tokens.tokenFor(itself(parent)) : null;
    const isCut = all.length > some.length;
    return { title: folder, parentToken, isTop: false, isCut, entries: entries.sort(foldersFirst), silent };
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

/** Where something was listed, and where that leads as far as can be told without going there. */
interface Named {
  readonly path: string;
  /** For a link what it says: one into a drive that hangs must not make the folder that it lies in count as silent. */
  readonly leadsTo: string;
}

const itself = (file: string): Named => ({ path: file, leadsTo: file });

async function namedIn(folder: string, entry: Dirent): Promise<Named> {
  const file = path.join(folder, entry.name);
  const target = entry.isSymbolicLink() ? await readlink(file).catch(() => null) : null;
  return { path: file, leadsTo: target === null ? file : path.resolve(folder, target) };
}

/** What may be a database, then folders: of a folder that is cut, the rest is left out. */
function wantedFirst(entries: readonly Dirent[]): Dirent[] {
  const rank = (entry: Dirent): number => (isNamedAsDatabase(entry.name) ? 0 : entry.isDirectory() ? 1 : 2);
  return [0, 1, 2].flatMap((wanted) => entries.filter((entry) => rank(entry) === wanted));
}

const isNamedAsDatabase = (name: string): boolean =>
  databaseExtensions.some((extension) => name.toLowerCase().endsWith(`.${extension}`));

/** @param shown of each of the names: what is there, null for nothing to be shown. */
const listed = (names: readonly string[], shown: readonly (FileEntry | 'silent' | null)[]) => ({
  entries: shown.filter((entry) => entry !== null && entry !== 'silent'),
  silent: names.filter((_, at) => shown[at] === 'silent'),
});

/** Whoever follows it finds out, and whether that is allowed: a name like a database's may be one, all else a folder. */
const undescribed = (token: string, name: string): FileEntry => ({
  token,
  name,
  kind: isNamedAsDatabase(name) ? 'file' : 'folder',
  sizeBytes: null,
  modifiedAt: null,
  looksLikeDatabase: isNamedAsDatabase(name),
});

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
  const names = new Map<string, Named>();
  const tokens = new Map<string, string>();
  return {
    namedBy: (token: string) => names.get(token),
    tokenFor(named: Named): string {
      const present = tokens.get(named.path);
      const token = present ?? randomBytes(16).toString('base64url');
      names.set(token, named); // also a known one: the link may lead elsewhere by now
      tokens.set(named.path, token);
      const oldest = names.size > MAX_TOKENS ? names.entries().next().value : undefined;
      if (oldest) {
        names.delete(oldest[0]);
        tokens.delete(oldest[1].path);
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
