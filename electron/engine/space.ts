import { lstatSync, statSync } from 'node:fs';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { appError, coded, type AppError } from '@shared/errors.ts';
import type { Plan } from '@shared/run.ts';
import { needAndFree } from '@shared/sizes.ts';
import { freeBytes } from './file-system.ts';
import type { Rebuild } from './growth.ts';
import { temporaryFolder, temporaryProblem } from './temporary-folder.ts';

/** Half again as much of changed pages as a chunk's limit: SQLite writes its log back every 1,000 pages. */
const LOG_PAGES = 1_200;
/**
 * The largest step in one transaction, as a share of the file: measured up to 0.6 (log), 0.25 (rollback journal). Where a
 * plan of all phases ends in copying tables that have grown by then, it is more; the growth that is asked for has that to spare.
 */
const LOG_SHARE = 0.7;
const JOURNAL_SHARE = 0.3;
/** With each page in the log; 8 in a rollback journal. */
const FRAME_BYTES = 24;
/** SQLite sorts in memory up to its cache (28 MB); beyond that an index is sorted in files, of a third of the whole. */
const SORT_CACHE_BYTES = 28e6;
const SORT_SHARE = 0.35;
/** What a single statement may have to take back lies there too: up to 2.3 MB were seen. */
const STATEMENT_BYTES = 3e6;
const MARGIN_BYTES = 2e6;
const MARGIN_SHARE = 0.1;
const MOST_MARGIN_BYTES = 64e6;

export type Space = Plan['space'];
type Part = Space['parts'][number];

export interface SpaceRequest {
  readonly file: string;
  readonly backupFolder: string;
  /** The file with its WAL. */
  readonly databaseBytes: number;
  /** What the file will grow by, and by when a second backup is made of it; null = no second one is made. */
  readonly growthBytes: number;
  readonly growthBeforeSecond: number | null;
  /** Of steps that copy whole tables: in a phase that removes something, so after a second backup. */
  readonly rebuild: Rebuild;
  /** false = nothing but the backup will be written. */
  readonly isChanging: boolean;
  readonly isWal: boolean;
  readonly pageSizeBytes: number;
}

/**
 * What an upgrade will take, part by part and disk by disk, and what the disks have. `needBytes` is the sum of all parts
 * that lie on the disk of the database. A folder that is yet to be made counts as its parent.
 */
export function planSpace(request: SpaceRequest): Space {
  const { file, backupFolder, databaseBytes, growthBytes, growthBeforeSecond, isChanging } = request;
  const folders: Record<Part['disk'], string> = {
    database: path.dirname(file),
    backup: existingParent(backupFolder),
    temporary: temporaryFolder() ?? path.dirname(file),
  };
  const parts = [...backupParts(databaseBytes, growthBeforeSecond), ...(isChanging ? changeParts(request) : [])].filter(
    ({ bytes }) => bytes > 0,
  );
  const dev = (disk: Part['disk']) => statSync(folders[disk]).dev;
  return {
    databaseBytes,
    backupBytes: databaseBytes + (growthBeforeSecond === null ? 0 : databaseBytes + growthBeforeSecond),
    growthBytes: isChanging ? growthBytes + request.rebuild.growthBytes : 0,
    needBytes: sumOf(parts.filter(({ disk }) => dev(disk) === dev('database'))),
    freeBytes: freeBytes(folders.database),
    backupFreeBytes: freeBytes(folders.backup),
    temporaryFreeBytes: freeBytes(folders.temporary),
    parts,
  };
}

/** One trial copy at a time: the larger one counts. */
function backupParts(databaseBytes: number, growthBeforeSecond: number | null): Part[] {
  const second = growthBeforeSecond === null ? 0 : databaseBytes + growthBeforeSecond;
  const on = { disk: 'backup', isTemporary: false } as const;
  return [
    { label: 'The backup', bytes: databaseBytes, ...on },
    { label: 'A second backup, before anything is removed', bytes: second, ...on },
    { label: 'A trial copy of the backup', bytes: Math.max(databaseBytes, second), ...on, isTemporary: true },
    { label: 'Margin beside the backup', bytes: MARGIN_BYTES, ...on, isTemporary: true },
  ];
}

function changeParts({ databaseBytes, growthBytes, rebuild, isWal, pageSizeBytes }: SpaceRequest): Part[] {
  // A log holds all that a step writes, a rollback journal only what stood in pages before: not those by which the file grows.
  const written = rebuild.writtenBytes * (1 + FRAME_BYTES / pageSizeBytes);
  const log = isWal
    ? LOG_PAGES * pageSizeBytes + Math.max(LOG_SHARE * databaseBytes, written)
    : Math.max(JOURNAL_SHARE * databaseBytes, written - rebuild.growthBytes);
  const sort = SORT_SHARE * (databaseBytes + growthBytes);
  const part = (label: string, bytes: number, disk: Part['disk'], isTemporary = true): Part => ({
    ...{ label, bytes: Math.ceil(bytes), disk, isTemporary },
  });
  return [
    part('Growth of the file', growthBytes, 'database', false),
    part('Rebuilding tables', rebuild.growthBytes, 'database', false),
    part(isWal ? 'Write-ahead log' : 'Rollback journal', log, 'database'),
    part('Margin beside the database', marginFor(databaseBytes), 'database'),
    part('Sorting, and statements in hand', sort <= SORT_CACHE_BYTES ? STATEMENT_BYTES : sort, 'temporary'),
  ];
}

/** Kept free on the disk of the database; with less than this a run waits. */
export const marginFor = (databaseBytes: number): number =>
  Math.ceil(Math.min(MOST_MARGIN_BYTES, MARGIN_BYTES + MARGIN_SHARE * databaseBytes));

const sumOf = (parts: readonly Part[]): number => parts.reduce((sum, { bytes }) => sum + bytes, 0);

/** What must be free on a disk for its own parts. */
export const needOf = (space: Space, disk: Part['disk']): number =>
  sumOf(space.parts.filter((part) => part.disk === disk));

/** Said where there is enough. Everything may lie on one disk. */
export const roomWords = (space: Space): string =>
  space.needBytes === sumOf(space.parts) ? 'The disk has room enough.' : 'The disks have room enough.';

/** The refusal that the run would meet; null when there is enough. */
export function spaceProblem(space: Space, file: string, backupFolder: string): AppError | null {
  const needOfBackup = needOf(space, 'backup');
  if (space.backupFreeBytes < needOfBackup) {
    const { backupFreeBytes: freeBytes } = space;
    const { need, free } = needAndFree(needOfBackup, freeBytes);
    return appError(
      'E_BACKUP_NO_SPACE',
      `The backup and its trial need ${need} but ${backupFolder} has ${free} free.`,
      { folder: backupFolder, needBytes: needOfBackup, freeBytes },
    );
  }
  if (space.freeBytes < space.needBytes) {
    const { needBytes, freeBytes } = space;
    const { need, free } = needAndFree(needBytes, freeBytes);
    return appError('E_NO_SPACE', `The upgrade needs ${need} but the disk of ${path.dirname(file)} has ${free} free.`, {
      needBytes,
      freeBytes,
    });
  }
  return temporaryProblem(needOf(space, 'temporary'), space.temporaryFreeBytes);
}

/**
 * The nearest name above at which there is something.
 * @throws CodedError E_BACKUP_FOLDER when that is a link to nothing, or cannot be reached.
 */
export function existingParent(folder: string): string {
  let parent = path.resolve(folder);
  while (!isThere(parent) && parent !== path.dirname(parent)) parent = path.dirname(parent);
  return parent;
}

function isThere(file: string): boolean {
  try {
    if (statSync(file, { throwIfNoEntry: false })) return true;
    if (!lstatSync(file, { throwIfNoEntry: false })) return false;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOTDIR') return false; // below a file: that is what the caller finds further up
    if (code !== 'ELOOP') throw coded('E_BACKUP_FOLDER', `${file} cannot be reached (${code ?? 'no reason given'}).`);
  }
  throw coded('E_BACKUP_FOLDER', `${file} is a link that leads nowhere.`, { folder: file });
}
