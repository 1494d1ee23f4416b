import path from 'node:path';
import type { AppError } from '@shared/errors.ts';
import type { SpawnEngine } from './engine-process.ts';
import { type Backups, createBackups, placesOf } from './backups.ts';
import { type Browsing, createBrowsing } from './browsing.ts';
import { wayToGoOn } from './begun-way.ts';
import { type BeginWork, type Busy, createBusy } from './busy.ts';
import { createDatabases, type Databases, type OpenEntry } from './databases.ts';
import { createEngines, type Engines } from './engines.ts';
import { createEventBus, type EventBus } from './events.ts';
import { createExports, type Exports } from './exports.ts';
import { createIngests, type Ingests } from './ingests.ts';
import { createLayouts, type Layouts } from './layouts.ts';
import { createLooks, type Looks } from './looks.ts';
import { createOngoing, type Ongoing } from './ongoing.ts';
import { createReadings, type Readings } from './readings.ts';
import { createRecents, type Recents } from './recents.ts';
import { createRecoveries, type Recoveries } from './recovery.ts';
import { beginWork } from './run-journal.ts';
import { createRuns, type Runs } from './runs.ts';
import { createScrub, type Scrub } from './scrub.ts';
import { createSettings, type SettingsStore } from './settings.ts';
import { createSources, type Sources } from './sources.ts';

/** The house behind every door: databases, their engine processes, runs, backups, and what is remembered. */
export interface Host {
  readonly appVersion: string;
  readonly dataFolder: string;
  readonly databases: Databases;
  readonly engines: Engines;
  readonly events: EventBus;
  readonly busy: Busy;
  readonly looks: Looks;
  readonly browsing: Browsing;
  readonly runs: Runs;
  readonly backups: Backups;
  /** What can be stopped besides upgrades. */
  readonly ongoing: Ongoing;
  /** What only reads, and can be given up. */
  readonly readings: Readings;
  /** Not begun: a door that stays open starts it. */
  readonly scrub: Scrub;
  readonly sources: Sources;
  readonly ingests: Ingests;
  readonly recents: Recents;
  readonly recoveries: Recoveries;
  readonly settings: SettingsStore;
  readonly layouts: Layouts;
  readonly exports: Exports;
  /** Ends every engine process. Call it after runs.cancelAll() or runs.settled(). */
  close(): void;
}

export interface HostOptions {
  readonly dataFolder: string;
  readonly appVersion: string;
  readonly spawn: SpawnEngine;
}

/** Puts the parts together. Creates no file: folders come into being when something is remembered. */
export function createHost({ dataFolder, appVersion, spawn }: HostOptions): Host {
  const events = createEventBus();
  const databases = createDatabases();
  const begin: BeginWork = (file, kind, runId, restore) =>
    beginWork(dataFolder, { ...restore, kind, path: file, runId, appVersion });
  // What writes wants the file for itself: readers of our own would have it refused as in use.
  const busy = createBusy(begin, (file, { isWritten, isLocked }) => {
    if (isLocked) browsing.release(file);
    const refusal = isWritten ? busy.refusal(file) : null;
    if (refusal) engines.letGo(file, refusal);
    scrub.pause();
  });
  const browsing = createBrowsing({ spawn, busy });
  const recents = createRecents(dataFolder);
  const onDied = (file: string, error: AppError): void => {
    const database = databases.find(file);
    if (database) events.emit('engine:died', { handle: database.handle, error });
  };
  const engines = createEngines(spawn, onDied, path.join(dataFolder, 'locks'));
  const sources = createSources({ engines, dataFolder });
  const looks = createLooks({
    engines,
    busy,
    saidOf: sources.saidOf,
    wayOf: (database, last, look) => wayToGoOn(dataFolder, database.path, last, look),
    reportsOf: (database) => runs.reports(database),
    onStatus: (database, status) => recents.seen(database.path, status),
  });
  const ongoing = createOngoing(events);
  const backups = createBackups({ engines, events, busy, ongoing, recents, dataFolder, appVersion });
  const onBackup = backups.remember;
  // What is remembered of it is another database by now, also where no window is there to look.
  const onEnded = async (database: OpenEntry): Promise<void> => {
    if (recents.knows(database.path)) await looks.status(database, 'schema');
  };
  const runs = createRuns({ engines, events, busy, dataFolder, appVersion, onBackup, onEnded });
  const ingests = createIngests({ engines, events, busy, ongoing, dataFolder, appVersion, onBackup });
  const recoveries = createRecoveries({ engines, events, busy, ongoing, backups, recents, dataFolder, appVersion });
  const settings = createSettings(dataFolder);
  const scrub = createScrub({
    ...{ engines, busy, recents, databases, events, onRead: backups.noteCheck },
    placesOf: async (file) => (await placesOf(dataFolder, { path: file })).places,
  });
  const layouts = createLayouts(dataFolder);
  const exports = createExports({ browsing, engines, events });
  const close = () => {
    scrub.stop();
    exports.close();
    browsing.close();
    engines.close();
  };
  const parts = {
    databases,
    engines,
    events,
    busy,
    looks,
    browsing,
    runs,
    backups,
    ongoing,
    readings: createReadings(),
    scrub,
    sources,
    ingests,
    recents,
    recoveries,
    settings,
    layouts,
    exports,
  };
  return { appVersion, dataFolder, ...parts, close };
}
