import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * Comes to a pipe after five seconds, leaves a mark, and lets whoever waits for a writer go on: a spec about code that
 * must not wait fails, and does not hang.
 */
export function lateWriter(pipe: string): { hasCome(): boolean; kill(): void } {
  const script = 'sleep 5; : > "$0.came"; exec 3<> "$0"; sleep 5';
  const child = spawn('sh', ['-c', script, pipe], { stdio: 'ignore' });
  return { hasCome: () => existsSync(`${pipe}.came`), kill: () => void child.kill() };
}
