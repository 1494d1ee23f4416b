import path from 'node:path';
import { ColumnLayout } from '@shared/browse.ts';
import { z } from 'zod';
import { ensureFolder } from './data-folder.ts';
import { databaseKey } from './databases.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';

/** A list, because a table may have any name, such as __proto__. Newest first. */
const Remembered = z.array(z.strictObject({ table: z.string(), layout: ColumnLayout }));

/** Of one database; the one that was arranged longest ago is forgotten. */
const MOST_TABLES = 300;

/** How people arranged the columns of tables: one small file per database in the data folder. */
export interface Layouts {
  /** null = nothing is remembered of this table. */
  get(databasePath: string, table: string): ColumnLayout | null;
  /** @throws CodedError of doingOwn when the data folder cannot be written. */
  set(databasePath: string, table: string, layout: ColumnLayout | null): void;
}

export function createLayouts(dataFolder: string): Layouts {
  const folder = path.join(dataFolder, 'layouts');
  const fileOf = (databasePath: string): string => path.join(folder, `${databaseKey(databasePath)}.json`);
  const read = (databasePath: string) => readJsonFile(fileOf(databasePath), Remembered, []);
  return {
    get: (databasePath, table) => read(databasePath).find((each) => each.table === table)?.layout ?? null,
    set(databasePath, table, layout) {
      const others = read(databasePath).filter((each) => each.table !== table);
      if (layout === null && others.length === read(databasePath).length) return;
      ensureFolder(dataFolder, 'layouts');
      const next = layout === null ? others : [{ table, layout }, ...others];
      writeJsonFile(fileOf(databasePath), next.slice(0, MOST_TABLES));
    },
  };
}
