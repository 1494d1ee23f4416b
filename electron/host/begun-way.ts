import type { DatabaseStatus } from '@shared/status.ts';
import type { Recovery } from '@shared/recovery.ts';
import { defaultBackupFolder } from './databases.ts';
import { openWork } from './open-work.ts';
import { statsOf } from './stats.ts';
import { findWork, readWorks, type Work } from './works.ts';

/** What a person had said when an upgrade was begun, and need not say again to go on with it. */
export interface BegunWay {
  /** null = the folder that any upgrade would choose. */
  readonly backupFolder: string | null;
  /** null = nothing was said: the usual places. */
  readonly source: NonNullable<Recovery['source']> | null;
}

/** @param chain the parts of an upgrade, newest first. A host that had no plan at hand wrote down none. */
export function begunWay(chain: readonly Work[], file: string): BegunWay {
  const plan = chain.find(({ started }) => started.plan !== null)?.started.plan ?? null;
  const folder = plan?.backupFolder;
  const backupFolder = typeof folder !== 'string' || folder === defaultBackupFolder(file) ? null : folder;
  const { choice, folder: files } = plan?.source ?? { choice: 'none', folder: null };
  if (choice === 'declined') return { backupFolder, source: { kind: 'none' } };
  const isChosen = choice === 'chosen' && typeof files === 'string';
  return { backupFolder, source: isChosen ? { kind: 'folder', folder: files } : null };
}

/**
 * The way of the upgrade that one begun now goes on from, by the journal or by what the file notes as unfinished. What
 * is gone meanwhile, as on a disk that was taken out, is left out: the usual place is used then.
 */
export function wayToGoOn(dataFolder: string, file: string, status: DatabaseStatus | null): BegunWay {
  const runInFile = status?.unfinishedRun?.runId;
  const inFile = runInFile === undefined ? null : findWork(dataFolder, runInFile);
  const chain = openWork(readWorks(dataFolder, file))?.chain ?? (inFile ? [inFile] : []);
  const { backupFolder, source } = begunWay(chain, file);
  return {
    backupFolder: backupFolder !== null && isFolder(backupFolder) ? backupFolder : null,
    source: source?.kind === 'folder' && isFolder(source.folder) ? source : null,
  };
}

const isFolder = (folder: string): boolean => statsOf(folder)?.isDirectory() ?? false;
