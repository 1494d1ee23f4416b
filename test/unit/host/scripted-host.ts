import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EventName } from '@shared/channels.ts';
import { createClient } from '@shared/client.ts';
import { appError, type Result } from '@shared/errors.ts';
import type { RunSnapshot } from '@shared/run.ts';
import { type OpenEntry, publicEntry } from '@host/databases.ts';
import type { Door } from '@host/door.ts';
import { lookOnDrives } from '@host/drives.ts';
import { createHandlers } from '@host/handlers.ts';
import { createHost, type Host } from '@host/host.ts';
import { createRouter } from '@host/router.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { onTestFinished } from 'vitest';

export const scriptedEngine = path.resolve(import.meta.dirname, '../../support/scripted-engine.cjs');

/** A host whose engine only pretends; the names of the databases say what happens to them. */
export function scriptedHost(folder: string, more: Partial<Door> = {}, dataFolderAt?: string) {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const dataFolder = dataFolderAt ?? path.join(home, 'data');
  const spawn = spawnWithNode(scriptedEngine);
  const host = createHost({ dataFolder, appVersion: '0.0.0', spawn });
  const info = {
    version: '0.0.0',
    door: 'browser',
    fileChoosing: 'picker',
    canRevealFiles: false,
    notice: null,
  } as const;
  const router = createRouter(createHandlers(host, { info, spawn, documentsFolder: home, ...more }), {
    checkOutput: true,
  });
  const events: { name: EventName; payload: unknown }[] = [];
  host.events.on((name, payload) => events.push({ name, payload }));
  const bridge = { call: router, on: host.events.on };
  const client = createClient({ ...bridge, on: (listener) => host.events.on(listener) }, (cause) =>
    appError('E_DISCONNECTED', String(cause)),
  );
  const open = (script: string): OpenEntry => {
    const file = path.join(home, `${script}.db`);
    writeFileSync(file, 'bytes');
    const entry = must(host.databases.open(file)); // as openDatabase, at once
    lookOnDrives.answered(file);
    host.events.emit('database:opened', publicEntry(entry));
    return entry;
  };
  return { host, router, client, events, home, dataFolder, open };
}

/** Closes the host of `house` when the test that runs now has ended. */
export function closedAfter<House extends { readonly host: Host }>(house: House): House {
  onTestFinished(() => house.host.close());
  return house;
}

/** The value of a result that must not be an error. */
export function must<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.error.code}: ${result.error.message}`);
}

/** The code of a result that must be an error. */
export const codeOf = (result: Result<unknown>): string => (result.ok ? 'no error' : result.error.code);

export const statesOf = (events: readonly { name: EventName; payload: unknown }[]): string[] => {
  const states = events
    .filter(({ name }) => name === 'run:changed')
    .map(({ payload }) => (payload as RunSnapshot).state);
  return states.filter((state, at) => state !== states[at - 1]);
};

export const makeFolder = (...parts: string[]): string => {
  const folder = path.join(...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
};

/** Resolves when `condition` holds; looks at every turn of the event loop, never sleeps for a guess. */
export async function until(condition: () => boolean, limitMs = 10_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
