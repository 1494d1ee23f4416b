import type { Plugin } from 'vite';

const EMPTY = '\0umzug-cli';

/**
 * Umzug brings a command line of its own along, whose libraries are half of the engine's bundle and of the time that it
 * takes to start. Ours is another one: theirs is left out.
 */
export const umzugWithoutCli = (): Plugin => ({
  name: 'phasewise-umzug-without-cli',
  enforce: 'pre',
  resolveId: (source, importer) =>
    source === './cli' && /[\\/]umzug[\\/]lib[\\/](umzug|index)\.js$/.test(importer ?? '') ? EMPTY : null,
  load: (id) => (id === EMPTY ? 'export class UmzugCLI {}' : null),
});
