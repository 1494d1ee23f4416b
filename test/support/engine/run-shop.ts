import { mkdtempSync, realpathSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { createControl, type RunControl } from '@engine/control.ts';
import type { Pack } from '@engine/migration.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import { runUpgrade, type RunDependencies, type RunInput } from '@engine/run.ts';
import type { RunReport } from '@shared/run.ts';
import { makeDatabase } from '../temporary.ts';
import { legacyRows, legacySchema, shopPack } from './shop-pack.ts';

let runs = 0;

/** A legacy shop in a folder of its own below `parent`. */
export function makeShop(parent: string, { members = 30, notesEach = 3, wal = false, extra = '' } = {}): string {
  const folder = mkdtempSync(path.join(realpathSync(parent), 'shop-'));
  return makeDatabase(
    folder,
    `${wal ? 'PRAGMA journal_mode = WAL;' : ''}${legacySchema}${legacyRows(members, notesEach)}${extra}`,
    'shop.db',
  );
}

export const backupFolderOf = (file: string): string => path.join(path.dirname(file), 'backups');

export const inputFor = (file: string, change: Partial<RunInput> = {}): RunInput => ({
  path: file,
  toPhase: null,
  fingerprint: null,
  backupFolder: backupFolderOf(file),
  runId: `run-${(runs += 1)}`,
  lockFolder: path.join(path.dirname(file), 'locks'),
  appVersion: '0.0.0',
  ...change,
});

export { manyChunks } from './many-chunks.ts';

export interface ShopRun {
  readonly pack?: Pack;
  readonly input?: Partial<RunInput>;
  readonly control?: RunControl;
  readonly events?: EngineRunEvent[];
  readonly more?: Partial<RunDependencies>;
}

export const upgradeShop = (file: string, run: ShopRun = {}): Promise<RunReport> =>
  runUpgrade(inputFor(file, run.input), {
    packs: [run.pack ?? shopPack()],
    emit: (event) => run.events?.push(event),
    control: run.control ?? createControl(),
    lockWaitMs: 200,
    ...run.more,
  });

/** Asks the closed file one question. */
export function ask<T>(file: string, sql: string): T[] {
  const db = new Database(file, { fileMustExist: true });
  try {
    return db.prepare<[], T>(sql).all();
  } finally {
    db.close();
  }
}

export const askOne = <T>(file: string, sql: string): T =>
  Object.values(ask<Record<string, T>>(file, sql)[0] ?? {})[0] as T;
