import type { AppError, Result } from '@shared/errors.ts';
import type { EngineRequestName, EngineRequests } from '@engine/protocol.ts';
import { type AskListeners, EngineChild, type SpawnEngine } from './engine-process.ts';
import { statsOf } from './stats.ts';

type Input<K extends EngineRequestName> = EngineRequests[K]['input'];
type Answer<K extends EngineRequestName> = Promise<Result<EngineRequests[K]['output']>>;

/** Engine processes by database. Short looks share one process per database; everything long gets its own, used once. */
export interface Engines {
  /** Through the process kept for `file`. For requests that only look at the schema. */
  ask<K extends EngineRequestName>(file: string, name: K, input: Input<K>): Answer<K>;
  /** In a fresh process, ended with its answer: cold verdicts, and whatever may take long. */
  askAlone<K extends EngineRequestName>(file: string, name: K, input: Input<K>, listeners?: AskListeners): Asked<K>;
  /** Ends the process kept for `file`. */
  release(file: string): void;
  /** Kills every process. Only for the end of the host. */
  close(): void;
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
  const alone = new Set<EngineChild>();
  const childFor = (file: string): EngineChild => {
    const child = kept.get(file) ?? new EngineChild(spawn, (error) => onDied(file, error));
    kept.set(file, child);
    return child;
  };
  return {
    ask: (file, name, input) =>
      childFor(file).ask(name, complete(name, input), { limitMs: limitFor(name, input, file) }),
    askAlone(file, name, input, listeners = {}) {
      const child = new EngineChild(spawn, (error) => onDied(file, error));
      alone.add(child);
      const answer = child
        .ask(name, complete(name, input), { limitMs: limitFor(name, input, file), ...listeners })
        .finally(() => {
          alone.delete(child);
          child.kill();
        });
      return { answer, child };
    },
    release(file) {
      kept.get(file)?.kill();
      kept.delete(file);
    },
    close() {
      for (const child of [...kept.values(), ...alone]) child.kill();
      kept.clear();
    },
  };
}

const SECOND = 1000;
/** Slowest disks we wait for, bytes per ms: a USB stick or a busy laptop (20 MB/s). */
const SLOW_DISK = 20_000;

/**
 * How long a request may take before its process is killed, ms; null = for ever. Looking grows with the file only where
 * a private copy is made. What writes is never killed by a clock: its own deadlines end it at a safe place. Putting a file
 * right does only what its next opening does as well, so it may be ended: whoever stops something waits for it.
 */
export function limitFor(name: EngineRequestName, input: unknown, file: string): number | null {
  const passMs = Math.ceil(sizeOf(file) / SLOW_DISK);
  switch (name) {
    case 'inspect':
      return (input as Input<'inspect'>).check === 'data' ? 120 * SECOND + 10 * passMs : 15 * SECOND + passMs;
    case 'plan':
      return 30 * SECOND + 4 * passMs; // a clean-up that was begun is asked whether its steps still hold
    case 'source':
      return 30 * SECOND + passMs;
    case 'listIssues':
    case 'listBackups':
    case 'packs':
      return 30 * SECOND;
    case 'settle':
      return 30 * SECOND + 4 * passMs;
    case 'verifyBackup':
    case 'exportIssues':
    case 'verify':
    case 'restoredFrom':
      return 600 * SECOND + 20 * passMs;
    case 'sample':
      return 300 * SECOND;
    default:
      return null;
  }
}

const sizeOf = (file: string): number => statsOf(file)?.size ?? 0;
