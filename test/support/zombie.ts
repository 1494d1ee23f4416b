import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

export interface Zombie {
  readonly pid: number;
  /** When it was started, as the system counts. */
  readonly startedAt: string;
  /** Ends its parent, and with it the zombie. */
  release(): void;
}

/** Linux only. A process that has ended and whose parent never asks for it, as in containers without a proper first process. */
export async function startZombie(): Promise<Zombie> {
  const parent = spawn('/bin/sh', ['-c', 'sleep 0.02 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const pid = await new Promise<number>((resolve) => {
    parent.stdout.once('data', (text: Buffer) => resolve(Number(String(text))));
  });
  const stat = () => readFileSync(`/proc/${pid}/stat`, 'utf8');
  while (!stat().includes(') Z ')) await wait(5);
  const startedAt =
    stat()
      .slice(stat().lastIndexOf(')') + 2)
      .split(' ')[19] ?? '';
  return { pid, startedAt, release: () => void parent.kill('SIGKILL') };
}
