import type { Recovery } from '@shared/recovery.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { defaultBackupFolder } from './databases.ts';
import { isFolderOn } from './on-drives.ts';
import { openWork } from './open-work.ts';
import { findWork, readWorks, type Work } from './works.ts';

/** What a person had said when an upgrade was begun, and need not say again to go on with it. */
export interface BegunWay {
  /** null = the folder that any upgrade would choose. */
  readonly backupFolder: string | null;
  /** null = nothing was said: the usual places. */
  readonly source: NonNullable<Recovery['source']> | null;
}

const NOTHING_SAID: BegunWay = { backupFolder: null, source: null };

/**
 * Only where the file itself knows of a part: another one may lie at that path by now, and in which nothing was begun
 * yet has nothing to go on with. What is gone meanwhile, as on a disk that was taken out, is left out; what is on a drive
 * that does not answer is not gone.
 * @param chain the parts of an upgrade, newest first. A host that had no plan at hand wrote down none.
 */
export async function begunWay(chain: readonly Work[], status: DatabaseStatus | null): Promise<BegunWay> {
  if (!isOfFile(chain, status)) return NOTHING_SAID;
  const begun = chain.find(({ started }) => started.plan !== null);
  const { backupFolder: backups, source } = begun?.started.plan ?? {};
  // Of the path it had then: by its present one, the usual folder of a file that was moved since would look chosen.
  const usual = begun && defaultBackupFolder(begun.path);
  const isMeant = typeof backups === 'string' && backups !== usual && (await mayBeFolder(backups));
  const backupFolder = isMeant ? backups : null;
  const { choice = 'none', folder: files = null } = source ?? {};
  if (choice === 'declined') return { backupFolder, source: { kind: 'none' } };
  const isChosen = choice === 'chosen' && typeof files === 'string' && (await mayBeFolder(files));
  return { backupFolder, source: isChosen ? { kind: 'folder', folder: files } : null };
}

/**
 * The way of the upgrade that one begun now goes on from, by the journal or by what the file notes as unfinished.
 * @param last what was seen last. @param look a new one, asked for only where something is unfinished: it may be another
 * file by now.
 */
export async function wayToGoOn(
  dataFolder: string,
  file: string,
  last: DatabaseStatus | null,
  look: () => Promise<DatabaseStatus | null>,
): Promise<BegunWay> {
  const chain = openWork(readWorks(dataFolder, file))?.chain ?? [];
  if (chain.length === 0 && (last?.unfinishedRun ?? null) === null) return NOTHING_SAID;
  const status = await look();
  if (isOfFile(chain, status)) return begunWay(chain, status);
  const inFile = status?.unfinishedRun ? findWork(dataFolder, status.unfinishedRun.runId) : null;
  return begunWay(inFile ? [inFile] : [], status);
}

const isOfFile = (chain: readonly Work[], status: DatabaseStatus | null): boolean =>
  chain.some(({ runId }) => runId === status?.unfinishedRun?.runId);

const mayBeFolder = async (folder: string): Promise<boolean> => (await isFolderOn(folder)) !== false;
