import type { AppError, Result } from '@shared/errors.ts';
import type { EngineRequestName, EngineRequests } from '@engine/protocol.ts';
import { lookOnDrives } from './drives.ts';
import { type AskListeners, EngineChild, type SpawnEngine } from './engine-process.ts';

type Input<K extends EngineRequestName> = EngineRequests[K]['input'];
type Answer<K extends EngineRequestName> = Promise<Result<EngineRequests[K]['output']>>;

/** Engine processes by database. Short looks share one process per database; everything long gets its own, used once. */
export interface Engines {
  /** Through the process kept for `file`. For requests that only look at the schema. */
  ask<K extends EngineRequestName>(file: string, name: K, input: Input<K>): Answer<K>;
  /** In a fresh process, ended with its answer: cold verdicts, and whatever may take long. */
  askAlone<K extends EngineRequestName>(file: string, name: K, input: Input<K>, options?: AloneOptions): Asked<K>;
  /** Ends the process kept for `file`. */
  release(file: string): void;
  /** Ends whatever only reads `file`, before something writes to it. What was asked answers `refusal`. */
  letGo(file: string, refusal: Result<never>): void;
  /** Kills every process. Only for the end of the host. */
  close(): void;
}

export interface AloneOptions extends AskListeners {
  /** Ends the process, which then answers E_CANCELLED. Only for what reads: nothing is put right afterwards. */
  readonly signal?: AbortSignal | undefined;
}

export interface Asked<K extends EngineRequestName> {
  readonly answer: Answer<K>;
  readonly child: EngineChild;
}

/**
 * @param onDied told when a process that worked on `file` ended by itself.
 * @param lockFolder where engines keep their locks; a look that meets one says whose it is.
 */
export function createEngines(
  spawn: SpawnEngine,
  onDied: (file: string, error: AppError) => void,
  lockFolder?: string,
): Engines {
  const complete = <K extends EngineRequestName>(name: K, input: Input<K>): Input<K> =>
    name === 'inspect' && lockFolder !== undefined ? { ...input, lockFolder } : input;
  const kept = new Map<string, EngineChild>();
  const alone = new Map<EngineChild, { readonly file: string; readonly name: EngineRequestName }>();
  /** Why they were ended. None of them is asked anything again. */
  const letGo = new WeakMap<EngineChild, Result<never>>();
  const endFor = (child: EngineChild, refusal: Result<never>): void => {
    letGo.set(child, refusal);
    child.kill();
  };
  const heard = async <K extends EngineRequestName>(child: EngineChild, asked: Answer<K>): Answer<K> => {
    const answer = await asked;
    return answer.ok ? answer : (letGo.get(child) ?? answer);
  };
  const childFor = (file: string): EngineChild => {
    const child = kept.get(file) ?? new EngineChild(spawn, (error) => onDied(file, error));
    kept.set(file, child);
    return child;
  };
  return {
    ask(file, name, input) {
      const child = childFor(file);
      return heard(child, child.ask(name, complete(name, input), { limitMs: limitFor(name, input, file) }));
    },
    askAlone(file, name, input, { signal, ...listeners } = {}) {
      const child = new EngineChild(spawn, (error) => onDied(file, error));
      alone.set(child, { file, name });
      const limits = { limitMs: limitFor(name, input, file), silenceMs: silenceFor(name, input, file) };
      const asked = child.ask(name, complete(name, input), { ...limits, ...listeners });
      const stop = (): void => void child.cancel(AT_ONCE);
      signal?.addEventListener('abort', stop);
      if (signal?.aborted) stop();
      const answer = heard(child, asked).finally(() => {
        signal?.removeEventListener('abort', stop);
        alone.delete(child);
        child.kill();
      });
      return { answer, child };
    },
    release(file) {
      kept.get(file)?.kill();
      kept.delete(file);
    },
    letGo(file, refusal) {
      for (const [child, of] of alone) if (of.file === file && READING.has(of.name)) endFor(child, refusal);
      const look = kept.get(file);
      if (look?.isBusy !== true) return; // nothing is open then
      kept.delete(file);
      endFor(look, refusal);
    },
    close() {
      for (const child of [...kept.values(), ...alone.keys()]) child.kill();
      kept.clear();
    },
  };
}

/** What has the database itself open and changes nothing, so that it may be ended at any moment. */
const READING: ReadonlySet<EngineRequestName> = new Set([
  'inspect',
  'plan',
  'source',
  'listIssues',
  'listPlainSecrets',
  'exportIssues',
  'verify',
  'restoredFrom',
]);

/** What reads has no whole step to be waited for, ms. */
const AT_ONCE = 0;
const SECOND = 1000;
/** Slowest disks we wait for, bytes per ms: a USB stick or a busy laptop (20 MB/s). */
const SLOW_DISK = 20_000;
/** For whoever reads all of a file, on top of passes over it: what is small in bytes may still be much to compute. */
const READING_ALL = 600 * SECOND;
const passesOver = (count: number, bytes: number): number => count * Math.ceil(bytes / SLOW_DISK);

/**
 * How long a request may take before its process is killed, ms; null = for ever. Looking grows with the file only where
 * a private copy is made. What writes is never killed by this clock, but for its silence before it has changed anything,
 * see `silenceFor`. Putting a file right does only what its next opening does as well, so it may be ended: whoever stops
 * something waits for it.
 */
export async function limitFor(name: EngineRequestName, input: unknown, file: string): Promise<number | null> {
  const passes = async (count: number) => passesOver(count, await sizeOf(file));
  switch (name) {
    case 'inspect':
      return (input as Input<'inspect'>).check === 'data'
        ? 120 * SECOND + (await passes(10))
        : 15 * SECOND + (await passes(1));
    case 'plan':
      return 30 * SECOND + (await passes(4)); // a clean-up that was begun is asked whether its steps still hold
    case 'source':
      return 30 * SECOND + (await passes(1));
    case 'listIssues':
    case 'listBackups':
    case 'packs':
      return 30 * SECOND;
    case 'settle':
      if ((input as Input<'settle'>).proves !== undefined) return READING_ALL + (await passes(20));
      return 30 * SECOND + (await passes(4));
    case 'verifyBackup':
    case 'exportIssues':
    case 'verify':
    case 'restoredFrom':
      return READING_ALL + (await passes(20));
    case 'sample':
      return 300 * SECOND;
    default:
      return null;
  }
}

/**
 * How long what will write may be silent before it has changed anything, ms awake; null = for ever. A rule of the file
 * that never comes to an end would keep its backup, which evaluates it, for ever too. Each of the parts between two signs
 * of life reads the file a few times, so each may take as long as a whole verdict; a backup of 100 GB on a slow stick is
 * not ended. The others read what is no database before they change anything, or may have changed something already.
 */
export async function silenceFor(name: EngineRequestName, input: unknown, file: string): Promise<number | null> {
  if (name !== 'backup' && name !== 'run' && name !== 'restore') return null;
  const { backupPath = file } = input as Partial<Input<'restore'>>;
  let bytes = 0;
  for (const each of new Set([file, `${file}-wal`, backupPath])) {
    const size = await sizeTold(each);
    if (size === null) return null; // of what a drive keeps to itself nobody knows how long it takes
    bytes += size;
  }
  return READING_ALL + passesOver(20, bytes);
}

/** By file, as its drive told it last. */
const sizes = new Map<string, number>();

/**
 * Where its drive does not answer, what it was when it did, or else that of an empty file: the engine finds out, and all
 * windows go on meanwhile.
 */
const sizeOf = async (file: string): Promise<number> => (await sizeTold(file)) ?? 0;

/** @returns null where it never answered. */
async function sizeTold(file: string): Promise<number | null> {
  const seen = await lookOnDrives(file, true);
  if (typeof seen === 'object') sizes.set(file, seen.size);
  return seen === 'nothing' ? 0 : (sizes.get(file) ?? null);
}
