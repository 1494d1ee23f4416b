import type { FromEngine } from '@engine/protocol.ts';
import { utilityProcess } from 'electron';
import type { EngineExit, EngineProcess, SpawnEngine } from '@host/engine-process.ts';
import { OUT_OF_MEMORY, watchMemory } from '@host/memory-limit.ts';

const LAST_WORDS = 4_000;

/**
 * Starts engine processes as Electron's utility processes: fuses forbid Electron to run as plain Node.
 * Only after `app` is ready.
 * @param engineFile the engine's bundle.
 */
export function spawnWithElectron(engineFile: string): SpawnEngine {
  return () => {
    const child = utilityProcess.fork(engineFile, [], { serviceName: 'Phasewise engine', stdio: 'pipe' });
    child.stdout?.resume(); // nobody reads it; a full pipe would stop the engine
    let lastWords = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      lastWords = (lastWords + bytes.toString('utf8')).slice(-LAST_WORDS);
    });
    // V8 gave up. Unheard, it would be thrown here; its exit says the same, and its report holds the environment.
    child.on('error', () => {});
    let isKilled = false;
    const kill = (): void => {
      isKilled = true;
      killNow(child.pid, () => child.kill());
    };
    child.once('spawn', () => {
      if (isKilled) return kill(); // asked for before there was anything that could be killed
      const stopWatching = watchMemory(child.pid, () => {
        lastWords = OUT_OF_MEMORY;
        kill();
      });
      child.once('exit', stopWatching);
    });
    const process: EngineProcess = {
      get pid() {
        return child.pid; // known once it has started
      },
      send: (message) => child.postMessage(message),
      onMessage: (listener) => void child.on('message', (message: FromEngine) => listener(message)),
      onExit: (listener) => void child.once('exit', (code) => listener(exitOf(code, lastWords))),
      kill,
    };
    return process;
  };
}

const exitOf = (code: number, lastWords: string): EngineExit => ({ code, signal: null, lastWords });

/** utilityProcess.kill() asks politely; an engine inside a long statement would not hear it. */
function killNow(pid: number | undefined, politely: () => boolean): void {
  if (pid === undefined || process.platform === 'win32') return void politely();
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    politely();
  }
}
