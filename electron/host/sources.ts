import path from 'node:path';
import { appError, err, type Result } from '@shared/errors.ts';
import type { Plan, SourceCoverage } from '@shared/run.ts';
import type { SourceChoice } from '@engine/protocol.ts';
import { z } from 'zod';
import { ensureFolder } from './data-folder.ts';
import { databaseKey, type OpenEntry } from './databases.ts';
import type { Engines } from './engines.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { printable } from './printable.ts';
import { statsOf } from './stats.ts';

/** Where the files that a phase reads lie, as the person said once per database. */
export interface Sources {
  /** null = nothing was said, or a folder that is gone meanwhile. */
  saidOf(database: OpenEntry): SourceChoice | null;
  /** What was said, else that the engine guesses. */
  choiceOf(database: OpenEntry): SourceChoice;
  /** Looks into the folder first, and remembers it when that went well. Error: E_SOURCE_FOLDER, those of a look. */
  use(database: OpenEntry, folder: string): Promise<Result<SourceCoverage | null>>;
  /** Do without, or take that back. */
  decline(database: OpenEntry, isDeclined: boolean): Promise<Result<SourceCoverage | null>>;
}

const Remembered = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('folder'), folder: z.string() }),
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('guess') }),
]);

export interface SourcesContext {
  readonly engines: Engines;
  readonly dataFolder: string;
}

export function createSources({ engines, dataFolder }: SourcesContext): Sources {
  const fileOf = (database: OpenEntry) => path.join(dataFolder, 'sources', `${databaseKey(database.path)}.json`);
  const remember = (database: OpenEntry, choice: SourceChoice): void => {
    ensureFolder(dataFolder, 'sources');
    writeJsonFile(fileOf(database), choice);
  };
  const look = async (database: OpenEntry, choice: SourceChoice) => {
    const looked = await engines.ask(database.path, 'source', { path: database.path, source: choice });
    if (looked.ok) remember(database, choice);
    return looked;
  };
  const saidOf = (database: OpenEntry): SourceChoice | null => {
    const said = readJsonFile(fileOf(database), Remembered.nullable(), null);
    return said?.kind === 'folder' && !isFolder(said.folder) ? null : said;
  };
  return {
    saidOf,
    choiceOf: (database) => saidOf(database) ?? { kind: 'guess' },
    async use(database, folder) {
      if (!isFolder(folder)) return err(appError('E_SOURCE_FOLDER', `${printable(folder)} is not a folder.`));
      return look(database, { kind: 'folder', folder });
    },
    decline: (database, isDeclined) => look(database, { kind: isDeclined ? 'none' : 'guess' }),
  };
}

/** What a plan said it would read is what its run reads, whatever a new guess would find. */
export function sourceOfPlan({ source }: Plan): SourceChoice {
  return source === null || source.folder === null ? { kind: 'none' } : { kind: 'folder', folder: source.folder };
}

const isFolder = (folder: string): boolean => statsOf(folder)?.isDirectory() ?? false;
