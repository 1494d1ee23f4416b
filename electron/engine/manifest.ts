import fs from 'node:fs';
import path from 'node:path';
import { appError, type AppError } from '@shared/errors.ts';
import { BackupCheck, Manifest } from '@shared/manifest.ts';
import type { BackupRecord } from '@shared/run.ts';
import { sha256Text, writeFileDurably } from './fsync.ts';

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
  const text = readSmall(manifestFile(folder, id));
  if (text === undefined) return undefined;
  const parsed = Manifest.safeParse(parseJson(text));
  if (!parsed.success || parsed.data.id !== id) {
    return { error: appError('E_BACKUP_CORRUPT', 'The manifest beside the backup cannot be read.', { backup: id }) };
  }
  const { seal, ...unsealed } = parsed.data;
  if (seal !== sealOf(unsealed)) {
    const error = appError('E_BACKUP_CORRUPT', 'The manifest beside the backup was changed after it was written.', {
      backup: id,
    });
    return { error, changed: parsed.data };
  }
  return { manifest: parsed.data };
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
  return names
    .filter((name) => name.endsWith(MANIFEST_END) && !name.endsWith(CHECK_END))
    .map((name) => name.slice(0, -MANIFEST_END.length));
}

/** One more than any backup in `folder` has. */
export function nextSequence(folder: string): number {
  const all = manifestIds(folder).map((id) => {
    const read = readManifest(backupFile(folder, id));
    return read !== undefined && 'manifest' in read ? (read.manifest.sequence ?? 0) : 0;
  });
  return Math.max(0, ...all) + 1;
}

/** What the manifest says, joined with what can be seen now: is the file there, how did the last check end. */
export function recordFrom(folder: string, manifest: Manifest): BackupRecord {
  const file = backupFile(folder, manifest.id);
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  const stored = readSmall(checkFile(folder, manifest.id));
  const check = stored === undefined ? undefined : BackupCheck.safeParse(parseJson(stored)).data;
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

function readSmall(file: string): string | undefined {
  try {
    return fs.statSync(file).size > MAX_MANIFEST_BYTES ? '' : fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
