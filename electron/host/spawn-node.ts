import { type ChildProcess, fork } from 'node:child_process';
import type { FromEngine } from '@engine/protocol.ts';
import type { EngineExit, EngineProcess, SpawnEngine } from './engine-process.ts';
import { OUT_OF_MEMORY, watchMemory } from './memory-limit.ts';

/** Kept of what a process writes to stderr, characters. Read for reasons of death, never shown or stored. */
const LAST_WORDS = 4_000;

/**
 * Starts engine processes with the Node that runs this one.
 * @param engineFile the engine's bundle.
 */
export function spawnWithNode(engineFile: string): SpawnEngine {
  return () => {
    const child = fork(engineFile, [], {
      execPath: process.execPath,
      // The host's own flags (an inspector's port, say) are not for it. Its work is SQLite's: up to 48 MB for young objects,
      // Node's default, would be half of what it needs.
      execArgv: ['--max-semi-space-size=1'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Ctrl-C in a terminal reaches every process of its group: only the host may decide when the engine stops.
      detached: process.platform !== 'win32',
    });
    return nodeProcess(child);
  };
}

function nodeProcess(child: ChildProcess): EngineProcess {
  let lastWords = '';
  let exit: EngineExit | null = null;
  const listeners: ((exit: EngineExit) => void)[] = [];
  const stopWatching = watchMemory(child.pid, () => {
    lastWords = OUT_OF_MEMORY;
    child.kill('SIGKILL');
  });
  const ended = (code: number | null, signal: string | null) => {
    if (exit) return;
    stopWatching();
    exit = { code, signal, lastWords };
    for (const listener of listeners) listener(exit);
  };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS);
  });
  child.on('error', (error) => ended(null, error.message));
  child.on('close', ended); // after stderr was read to its end; 'exit' may come before it
  return {
    pid: child.pid,
    // A send to a process that just died fails; its exit answers for it.
    send: (message) => void child.send(message, () => {}),
    onMessage: (listener) => void child.on('message', (message) => listener(message as FromEngine)),
    onExit: (listener) => void (exit ? listener(exit) : listeners.push(listener)),
    kill: () => void child.kill('SIGKILL'),
  };
}
