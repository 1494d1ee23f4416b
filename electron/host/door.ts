import type { FileEntry } from '@shared/channels.ts';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { Publisher } from './app-version.ts';
import { doesNotAnswer, lookOnDrives } from './drives.ts';
import type { SpawnEngine } from './engine-process.ts';
import type { Log } from './log-file.ts';
import { printable } from './printable.ts';

/** What differs between Electron and the browser host; everything else is the same house. */
export interface Door {
  readonly info: {
    readonly version: string;
    readonly door: 'electron' | 'browser';
    readonly fileChoosing: 'native' | 'picker';
    readonly canRevealFiles: boolean;
    readonly notice: string | null;
    /** See `app:info`; absent = none. */
    readonly trouble?: string | null;
  };
  readonly spawn: SpawnEngine;
  /** The folder that people look in for their documents; the sample is put there. */
  readonly documentsFolder: string;
  /** The system's dialog; null = the person closed it. */
  chooseDatabase?(): Promise<string | null>;
  chooseFolder?(title: string, button: string): Promise<string | null>;
  /** Files to be taken in. */
  chooseFiles?(): Promise<string[] | null>;
  /** Where a new file goes. @param suggested a whole path. null = the person closed it. */
  chooseSaveFile?(suggested: string, title: string, button: string): Promise<string | null>;
  /** The host's own picker, where there is no system dialog. */
  readonly picker?: FilePicker;
  /** Shows a file, or the inside of a folder, in the system's file manager. */
  revealFile?(file: string): Promise<void> | void;
  readonly publisher?: Publisher;
  /** Hands an address to the system's browser; called with the publisher's own only. */
  openAddress?(url: string): Promise<void> | void;
  readonly log?: Pick<Log, 'folder'>;
}

export interface FolderListing {
  readonly title: string;
  readonly parentToken: string | null;
  readonly isTop: boolean;
  readonly entries: FileEntry[];
  readonly isCut: boolean;
  readonly silent: string[];
}

/** Names files by tokens and shows only what it was allowed to. */
export interface FilePicker {
  /** @param token null = the places it may show. Error: E_NOT_FOUND for tokens it does not know or that left the allowed places. */
  list(token: string | null): Promise<Result<FolderListing>>;
  /** The path that a token stands for. Error: as list. */
  resolve(token: string): Promise<Result<string>>;
}

/** Error: E_NOT_FOUND, E_TIMEOUT where its drive does not answer, E_BAD_REQUEST where there is no file manager. */
export async function reveal(door: Door, file: string): Promise<Result<Record<string, never>>> {
  if (!door.revealFile)
    return err(appError('E_BAD_REQUEST', 'This is not possible here: it has no file manager to show it in.'));
  const seen = await lookOnDrives(file, true);
  if (seen === 'silent') return err(doesNotAnswer(file));
  if (seen === 'nothing' || seen === 'hidden') return err(appError('E_NOT_FOUND', `There is no ${printable(file)}.`));
  await door.revealFile(file);
  return ok({});
}
