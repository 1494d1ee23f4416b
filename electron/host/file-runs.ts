import path from 'node:path';
import type { BackupRecord } from '@shared/run.ts';
import type { FileRun } from '@shared/status.ts';
import type { EarlierBackup } from '@engine/protocol.ts';
import { defaultBackupFolder } from './databases.ts';
import { lookOnDrives } from './drives.ts';
import type { EngineChild } from './engine-process.ts';
import type { Engines } from './engines.ts';
import { neighbouringBackupFolders } from './kept-files.ts';
import { insideOf } from './on-drives.ts';
import { journalFolder } from './run-journal.ts';
import { inSlices } from './slices.ts';
import { statsOf } from './stats.ts';
import { toldIn } from './told-work.ts';
import { answeredAt, findWork, isProven, wasLeftElsewhere, type Work } from './works.ts';

/**
 * Which upgrades the content of a file came from, the file itself says, whatever it is called now and whoever put it
 * there; how they ended, and where their backups lie, the journals say.
 */
export interface OpenRun {
  readonly run: FileRun;
  /** null: begun on another computer, or by another user. */
  readonly work: Work | null;
}

/**
 * The runs in a file whose result nobody has proven or accepted, oldest first: those since the last that was. One that
 * has applied all of its steps elsewhere was most likely proven there: it is taken for that, and is not called verified.
 * @param runs all that the file names, oldest first.
 * @param answered what had its answer when it was asked; absent: has it now.
 */
export function openRunsIn(
  dataFolder: string,
  databasePath: string,
  runs: readonly FileRun[],
  answered = answeredAt(dataFolder, databasePath),
): OpenRun[] {
  const open: OpenRun[] = [];
  let isDoneElsewhere = false;
  for (const run of runs.toReversed()) {
    const work = findWork(dataFolder, run.runId);
    if (answered.has(path.basename(run.runId)) || isAnsweredElsewhere(dataFolder, databasePath, run, work)) break;
    if (work === null) isDoneElsewhere ||= run.isMigrated;
    if (work !== null || !isDoneElsewhere) open.push({ run, work });
  }
  return open.reverse();
}

/** Whether a journal here knows that the last run in the file came to a proven end; true where it names none. */
export function isLastProven(dataFolder: string, runs: readonly FileRun[]): boolean {
  const last = runs.at(-1);
  if (last === undefined) return true;
  const work = findWork(dataFolder, last.runId);
  return work !== null && isProven(work);
}

/**
 * Under another name. What a run did to the file that it was begun on, it did to a copy as well, unless that was made
 * before the run was through; what a person accepted of one is true of that one alone.
 */
function isAnsweredElsewhere(dataFolder: string, databasePath: string, run: FileRun, work: Work | null): boolean {
  const isOther = work !== null && work.path !== databasePath;
  if (isOther && isProven(work) && (run.isMigrated || isGone(work.path))) return true;
  return wasLeftElsewhere(dataFolder, databasePath, run.runId);
}

/**
 * An older version noted what a person left as it is with the run itself where the file had been renamed, and not of which
 * file. That is enough not to ask once more, and too little to compare with less: see `openRunsIn`.
 */
export const wasLeftInOlderWords = (work: Work): boolean =>
  work.isClosed && !work.isSettled && isGone(work.path) && toldIn(work.journal)?.leftFiles.length === 0;

/** Where a verdict about a run is noted. What is true of a copy need not be true of the file that it was copied from. */
export const notedIn = (dataFolder: string, databasePath: string, work: Work | null): string =>
  work === null || (work.path !== databasePath && !isGone(work.path))
    ? journalFolder(dataFolder, databasePath)
    : work.folder;

/**
 * Renamed or removed. One whose folder is not there either may be on a disk that is away, and so may one whose drive does
 * not answer. At once: an answer is noted by it in the same breath, and what is noted meanwhile must not come in between.
 */
const isGone = (file: string): boolean =>
  !lookOnDrives.isSilent(file) && statsOf(file) === undefined && statsOf(path.dirname(file))?.isDirectory() === true;

/**
 * Asks the drives of this file, and of those that its runs were begun on, whether they answer: before `openRunsIn`,
 * `notedIn` and whatever else has to tell at once which of them are gone.
 */
export async function askPlacesOf(
  dataFolder: string,
  databasePath: string,
  runs: readonly Pick<FileRun, 'runId'>[],
): Promise<void> {
  const pause = inSlices();
  const places = new Set([databasePath]);
  for (const { runId } of runs) {
    places.add(findWork(dataFolder, runId)?.path ?? databasePath);
    await pause();
  }
  for (const place of places) await lookOnDrives(place, true);
}

export interface BackupSearch {
  readonly databasePath: string;
  /** Folders to look in beside the usual ones. */
  readonly folders?: readonly string[];
  /** The process that looks, whenever there is one. */
  readonly onChild?: (child: EngineChild | null) => void;
  /** Nobody wants to know any more. */
  readonly signal?: AbortSignal;
}

/**
 * The backup from before each of these runs, in their order: where its journal says, or else the one in the folders at
 * hand that names the run and has the bytes that the file names. Of one that nowhere lies, the place is told where it
 * should: the verdict then finds none, and says no. So it is of one whose drive does not answer, unless another lies at
 * hand that is the same: nobody says that it is gone.
 */
export async function backupsBefore(
  engines: Engines,
  open: readonly OpenRun[],
  { databasePath, folders = [], onChild = () => {}, signal }: BackupSearch,
): Promise<EarlierBackup[]> {
  const usual = defaultBackupFolder(databasePath);
  const noted = open.flatMap(({ work }) => work?.backupPath ?? []);
  let listed: BackupRecord[] = [];
  const there = await amongThem(noted, isThere);
  if (noted.length < open.length || there.size < new Set(noted).size) {
    const near = await neighbouringBackupFolders(databasePath);
    const places = [usual, ...folders, ...noted.map((file) => path.dirname(file)), ...near];
    const all = [...(await amongThem(places, mayBeListed))];
    listed = signal?.aborted === true ? [] : await listedIn(engines, databasePath, all, onChild);
  }
  const earlier: EarlierBackup[] = [];
  for (const { run, work } of open) {
    const at = work?.backupPath ?? path.join(usual, `${run.runId}.db`);
    earlier.push({ runId: run.runId, backupPath: (await isThere(at)) ? at : (backupOf(run, listed)?.path ?? at) });
  }
  return earlier;
}

async function listedIn(
  engines: Engines,
  databasePath: string,
  folders: string[],
  onChild: NonNullable<BackupSearch['onChild']>,
): Promise<BackupRecord[]> {
  const asked = engines.askAlone(databasePath, 'listBackups', { folders, databasePath: null });
  onChild(asked.child);
  const found = await asked.answer.finally(() => onChild(null));
  return found.ok ? found.value : [];
}

const isThere = async (file: string): Promise<boolean> => typeof (await lookOnDrives(file, true)) === 'object';
/** One folder that hangs would keep the engine from telling of the others. */
const mayBeListed = async (folder: string): Promise<boolean> =>
  (await lookOnDrives(insideOf(folder), true)) !== 'silent';

async function amongThem(files: readonly string[], is: (file: string) => Promise<boolean>): Promise<Set<string>> {
  const found = new Set<string>();
  for (const file of new Set(files)) if (await is(file)) found.add(file);
  return found;
}

/** A run may make more than one; the first is that from before it. @param listed newest first. */
const backupOf = ({ runId, backupSha256 }: FileRun, listed: readonly BackupRecord[]): BackupRecord | undefined =>
  listed.findLast((record) => record.runId === runId && (backupSha256 ?? record.sha256) === record.sha256);
