import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { appError, err, type Result } from '@shared/errors.ts';
import type { Plan, SourceCoverage } from '@shared/run.ts';
import type { SourceChoice } from '@engine/protocol.ts';
import { z } from 'zod';
import { ensureFolder } from './data-folder.ts';
import { databaseKey, type OpenEntry } from './databases.ts';
import type { Engines } from './engines.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { isFolderOn, silentAmong } from './on-drives.ts';
import { printable } from './printable.ts';

/** Where the files that a phase reads lie, as the person said once per database. */
export interface Sources {
  /** null = nothing was said, or a folder that is gone meanwhile; one whose drive does not answer is not. */
  saidOf(database: OpenEntry): Promise<SourceChoice | null>;
  /** What was said, else that the engine guesses. */
  choiceOf(database: OpenEntry): Promise<SourceChoice>;
  /**
   * Looks into the folder first, and remembers it when that went well. Error: E_SOURCE_FOLDER, those of a look; E_TIMEOUT
   * where its drive does not answer.
   */
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
  const noted = (database: OpenEntry) => readJsonFile(fileOf(database), Remembered.nullable(), null);
  const saidOf = async (database: OpenEntry): Promise<SourceChoice | null> => {
    const said = noted(database);
    if (said?.kind !== 'folder') return said;
    const isThere = await isFolderOn(said.folder);
    if (!isDeepStrictEqual(noted(database), said)) return saidOf(database); // meanwhile something else was said
    return isThere === false ? null : said;
  };
  return {
    saidOf,
    choiceOf: async (database) => (await saidOf(database)) ?? { kind: 'guess' },
    async use(database, folder) {
      const isThere = await isFolderOn(folder);
      if (isThere === false) return err(appError('E_SOURCE_FOLDER', `${printable(folder)} is not a folder.`));
      const silent = silentAmong([folder]);
      if (silent) return silent;
      return look(database, { kind: 'folder', folder });
    },
    decline: (database, isDeclined) => look(database, { kind: isDeclined ? 'none' : 'guess' }),
  };
}

/** What a plan said it would read is what its run reads, whatever a new guess would find. */
export function sourceOfPlan({ source }: Plan): SourceChoice {
  return source === null || source.folder === null ? { kind: 'none' } : { kind: 'folder', folder: source.folder };
}
