import { randomBytes } from 'node:crypto';
import { type AppError, appError, err, ok, type Result } from '@shared/errors.ts';
import type { EngineRequestName, EngineRequests } from '@engine/protocol.ts';
import type { Busy } from './busy.ts';
import type { OpenEntry } from './databases.ts';
import { EngineChild, type SpawnEngine } from './engine-process.ts';
import type { Asker } from './router.ts';

type BrowseName = Extract<EngineRequestName, `browse${string}`>;
/** Without the path and the secret, which the host adds. */
type Asked<K extends BrowseName> = Omit<EngineRequests[K]['input'], 'path' | 'keySecret'>;
type Answer<K extends BrowseName> = Promise<Result<EngineRequests[K]['output']>>;

export interface AloneOptions {
  readonly onProgress?: (rows: number, bytes: number) => void;
  /** Ends the process. */
  readonly signal?: AbortSignal;
}

/** The data browser's processes: one per database, with the file open for reading; gone while something writes. */
export interface Browsing {
  ask<K extends BrowseName>(database: OpenEntry, name: K, input: Asked<K>, asker?: Asker): Answer<K>;
  /** In a process of its own, ended with its answer: what takes long, or loads a value whole. */
  askAlone<K extends BrowseName>(database: OpenEntry, name: K, input: Asked<K>, options?: AloneOptions): Answer<K>;
  /** In a process that ends when nothing was asked of it for a while: values so large that the kept one would grow. */
  askLoading<K extends BrowseName>(database: OpenEntry, name: K, input: Asked<K>): Answer<K>;
  /** Ends whatever is being looked for. What others than `asker` wait for is looked for again, in a new process. */
  stop(database: OpenEntry, asker?: Asker): void;
  /** Lets go of the file. */
  release(file: string): void;
  close(): void;
}

export interface BrowsingContext {
  readonly spawn: SpawnEngine;
  readonly busy: Busy;
}

/** A page, ms: sorting ten million rows takes about ten seconds; whatever is beyond this does not end. */
const LOOK_LIMIT_MS = 120_000;
/** Somebody who scrolls through a large value asks every second or so. */
const LOADING_KEPT_MS = 10_000;

export function createBrowsing({ spawn, busy }: BrowsingContext): Browsing {
  const kept = new Map<string, EngineChild>();
  const loading = new Map<string, { child: EngineChild; timer: NodeJS.Timeout | undefined }>();
  // Keys go from one process to another: to a new one after a stop, to one of its own for an export.
  const keySecret = randomBytes(32).toString('hex');
  const alone = new Map<string, Set<EngineChild>>();
  const childFor = (file: string): EngineChild => {
    const child = kept.get(file) ?? new EngineChild(spawn);
    kept.set(file, child);
    return child;
  };
  const released = new WeakSet<EngineChild>();
  const release = (file: string): void => {
    const open = [kept.get(file), loading.get(file)?.child, ...(alone.get(file) ?? [])];
    for (const child of open) if (child) released.add(child);
    for (const child of open) child?.kill();
    kept.delete(file);
    alone.delete(file);
    endLoading(file);
  };
  const endLoading = (file: string): void => {
    clearTimeout(loading.get(file)?.timer);
    loading.get(file)?.child.kill();
    loading.delete(file);
  };
  /** By whom. */
  const stopped = new WeakMap<EngineChild, Asker | undefined>();
  /** What was ended by something that needs the file: that is what a person should hear. */
  const orRefusal = <T>(file: string, child: EngineChild, answer: Result<T>): Result<T> =>
    !answer.ok && released.has(child) ? (busy.refusal(file) ?? answer) : answer;
  const ask: Browsing['ask'] = async (database, name, input, asker) => {
    const { path } = database;
    const refused = busy.refusal(path);
    if (refused) return refused;
    const child = childFor(path);
    const request = { ...input, path, keySecret } as unknown as EngineRequests[typeof name]['input'];
    const answer = await child.ask(name, request, { limitMs: LOOK_LIMIT_MS });
    if (answer.ok || !stopped.has(child)) return orRefusal(path, child, answer);
    const isGivenUp = stopped.get(child) === asker || asker?.isGone === true;
    return isGivenUp ? err(stoppedError()) : ask(database, name, input, asker);
  };
  return {
    ask,
    async askAlone({ path }, name, input, { onProgress, signal } = {}) {
      const refused = busy.refusal(path);
      if (refused) return refused;
      const child = new EngineChild(spawn);
      const siblings = alone.get(path) ?? new Set();
      alone.set(path, siblings.add(child));
      const request = { ...input, path, keySecret } as unknown as EngineRequests[typeof name]['input'];
      const options = { limitMs: null, ...(onProgress ? { onExported: onProgress } : {}) };
      const end = (): void => child.kill();
      signal?.addEventListener('abort', end);
      const answer = await child.ask(name, request, options).finally(() => {
        signal?.removeEventListener('abort', end);
        siblings.delete(child);
        end();
      });
      return orRefusal(path, child, answer);
    },
    async askLoading({ path }, name, input) {
      const refused = busy.refusal(path);
      if (refused) return refused;
      const own = loading.get(path) ?? { child: new EngineChild(spawn), timer: undefined };
      loading.set(path, own);
      clearTimeout(own.timer);
      own.timer = undefined;
      const request = { ...input, path, keySecret } as unknown as EngineRequests[typeof name]['input'];
      const answer = await own.child.ask(name, request, { limitMs: LOOK_LIMIT_MS });
      clearTimeout(own.timer);
      if (loading.get(path) === own) own.timer = setTimeout(() => endLoading(path), LOADING_KEPT_MS).unref();
      return orRefusal(path, own.child, answer);
    },
    stop({ path }, asker) {
      const child = kept.get(path);
      if (!child) return;
      stopped.set(child, asker);
      child.kill();
      kept.delete(path);
    },
    release,
    close() {
      for (const file of new Set([...kept.keys(), ...alone.keys(), ...loading.keys()])) release(file);
    },
  };
}

const stoppedError = (): AppError =>
  appError('E_CANCELLED', 'Looking was stopped.', undefined, {
    safety: 'untouched',
    nextStep: 'Ask for something smaller, or for an order that an index gives.',
  });

export const nothing = ok({});
