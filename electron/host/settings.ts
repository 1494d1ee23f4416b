import path from 'node:path';
import { Settings } from '@shared/channels.ts';
import { ensureFolder } from './data-folder.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';

const DEFAULTS: Settings = { colorScheme: 'auto' };

export interface SettingsStore {
  get(): Settings;
  /** @throws CodedError of doingOwn when the data folder cannot be written. */
  set(settings: Settings): Settings;
}

export function createSettings(dataFolder: string): SettingsStore {
  const file = path.join(dataFolder, 'settings.json');
  return {
    get: () => readJsonFile(file, Settings, DEFAULTS),
    set(settings) {
      ensureFolder(dataFolder);
      writeJsonFile(file, settings);
      return settings;
    },
  };
}
