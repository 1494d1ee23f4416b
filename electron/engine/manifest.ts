import fs from 'node:fs';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { appError, type AppError, CodedError } from '@shared/errors.ts';
import { BackupCheck, Manifest } from '@shared/manifest.ts';
import type { BackupRecord } from '@shared/run.ts';
import { readText, sha256Text, writeFileDurably } from './fsync.ts';
import { fromSqlite } from './sqlite-error.ts';

/** Reads and writes what lies beside a backup: `<id>.json`, its manifest, and `<id>.check.json`, the last check. */

const MANIFEST_END = '.json';
const CHECK_END = '.check.json';
const MAX_MANIFEST_BYTES = 4 << 20; // thousands of tables fit; anything larger is not ours

export type Unsealed = Omit<Manifest, 'seal'>;

export const backupFile = (folder: string, id: string): string => path.join(folder, `${id}.db`);
export const manifestFile = (folder: string, id: string): string => path.join(folder, id + MANIFEST_END);
const checkFile = (folder: string, id: string): string => path.join(folder, id + CHECK_END);

/** Writes the manifest durably. Call it last: from here on the backup exists. */
export function writeManifest(folder: string, unsealed: Unsealed): void {
  const manifest: Manifest = { ...unsealed, seal: sealOf(unsealed) };
  writeFileDurably(manifestFile(folder, unsealed.id), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * The manifest of the backup at `backupPath`.
 * @returns undefined when there is none; an error value when it was changed or cannot be read.
 */
export function readManifest(
  backupPath: string,
): { manifest: Manifest } | { error: AppError; changed?: Manifest } | undefined {
  const folder = path.dirname(backupPath);
  const id = path.basename(backupPath).replace(/\.db$/i, '');
  let text: string | undefined;
  try {
    text = readSmall(manifestFile(folder, id));
  } catch (error) {
    return { error: fromSqlite(error, `reading the manifest of the backup ${id}`, 'untouched').appError };
  }
  if (text === undefined) return undefined;
  const parsed = Manifest.safeParse(parseJson(text));
  if (!parsed.success) {
    return { error: appError('E_BACKUP_CORRUPT', 'The manifest beside the backup cannot be read.', { backup: id }) };
  }
  if (parsed.data.id !== id) return { error: renamed(folder, id, parsed.data.id) };
  const { seal, ...unsealed } = parsed.data;
  if (seal !== sealOf(unsealed)) {
    const error = appError('E_BACKUP_CORRUPT', 'The manifest beside the backup was changed after it was written.', {
      backup: id,
    });
    return { error, changed: parsed.data };
  }
  return { manifest: parsed.data };
}

/** Nothing is known to be wrong with it, only that its names say something else than the manifest. */
function renamed(folder: string, id: string, madeAs: string): AppError {
  const isTaken = fs.existsSync(backupFile(folder, madeAs));
  const how = isTaken ? 'that one lies there too, and this is a copy' : "it was renamed, or is another one's";
  const message = `The manifest beside “${id}.db” is that of a backup named “${madeAs}.db”: ${how}.`;
  const nextStep = isTaken
    ? 'Use the one of that name. Rename nothing to it: that would replace it.'
    : 'If the backup and its manifest were renamed, rename both back to that name, then try again.';
  return appError('E_BACKUP_CORRUPT', message, { backup: id, madeAs }, { nextStep });
}

export const writeCheck = (folder: string, id: string, check: BackupCheck): void =>
  writeFileDurably(checkFile(folder, id), `${JSON.stringify(check, null, 2)}\n`);

/** Ids of the backups that have a manifest in `folder`; none when the folder cannot be read. */
export function manifestIds(folder: string): string[] {
  let names: string[];
  try {
    names = fs.readdirSync(folder);
  } catch {
    return [];
  }
  return idsAmong(names);
}

const idsAmong = (names: readonly string[]): string[] =>
  names
    .filter((name) => name.endsWith(MANIFEST_END) && !name.endsWith(CHECK_END))
    .map((name) => name.slice(0, -MANIFEST_END.length));

/**
 * One more than any backup in `folder` has: by these numbers the newest is known, whatever the clock said.
 * @throws the system's error, or a CodedError, where the folder or one of the manifests cannot be read.
 */
export function nextSequence(folder: string): number {
  const all = idsAmong(fs.readdirSync(folder)).map((id) => sequenceOf(backupFile(folder, id)));
  return Math.max(0, ...all) + 1;
}

function sequenceOf(backup: string): number {
  const read = readManifest(backup);
  if (read === undefined) return 0;
  if ('manifest' in read) return read.manifest.sequence ?? 0;
  if (read.error.code !== 'E_BACKUP_CORRUPT') throw new CodedError(read.error);
  return read.changed?.sequence ?? 0;
}

/**
 * What the manifest says, joined with what can be seen now: is the file there, how did the last check end. One that
 * cannot be looked at is broken, with the reason as its last check: it must not hide the others.
 */
export function recordFrom(folder: string, manifest: Manifest): BackupRecord {
  const file = backupFile(folder, manifest.id);
  const { stat, failed } = statOf(file);
  const check = failed ?? lastCheckOf(folder, manifest.id);
  const isWhole = stat?.isFile() === true && stat.size === manifest.sizeBytes && check?.ok !== false;
  const {
    id,
    databaseName,
    databasePath,
    createdAt,
    sequence,
    reason,
    phase,
    variantTitle,
    sizeBytes,
    sha256,
    pages,
    runId,
    checks,
  } = manifest;
  return {
    ...{
      id,
      databaseName,
      databasePath,
      createdAt,
      reason,
      phase,
      variantTitle,
      sizeBytes,
      sha256,
      pages,
      runId,
      checks,
    },
    ...(sequence === undefined ? {} : { sequence }),
    path: file,
    folder,
    verified: isWhole,
    lastCheck: check ?? null,
    state: stat === undefined ? 'missing' : isWhole ? 'verified' : 'broken',
  };
}

/** @returns null and why when it cannot be looked at; undefined when it is not there. */
function statOf(file: string): { stat: fs.Stats | undefined | null; failed?: BackupCheck } {
  try {
    return { stat: fs.statSync(file, { throwIfNoEntry: false }) };
  } catch (cause) {
    const error = fromSqlite(cause, `looking at the backup ${path.basename(file)}`, 'backup-only').appError;
    return { stat: null, failed: { at: new Date().toISOString(), ok: false, error } };
  }
}

/** undefined also when it cannot be read: the backup is what its manifest says, until it is read again. */
function lastCheckOf(folder: string, id: string): BackupCheck | undefined {
  try {
    return BackupCheck.safeParse(parseJson(readSmall(checkFile(folder, id)) ?? '')).data;
  } catch {
    return undefined;
  }
}

const sealOf = (unsealed: Unsealed): string => sha256Text(JSON.stringify(sortKeys(unsealed)));

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sortKeys(entry)]),
  );
}

/**
 * Text of what may be a manifest, '' when it is too large for one.
 * @returns undefined when there is no such file: a pipe or a device of that name would be read for ever.
 * @throws the system's error when it could not be read.
 */
export function readSmall(file: string): string | undefined {
  try {
    const stat = fs.statSync(file);
    if (!stat.isFile()) return undefined;
    return stat.size > MAX_MANIFEST_BYTES ? '' : readText(file);
  } catch (error) {
    if (IS_NONE.has(errorCode(error))) return undefined;
    throw error;
  }
}

/** Of a name that leads to no file of ours, and cannot. */
const IS_NONE: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ENAMETOOLONG',
  'ELOOP',
  'ERR_INVALID_ARG_VALUE',
]);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
