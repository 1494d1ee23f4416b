import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * strace, attached to the main thread of a running engine: SQLite and our own synchronous calls all run there, so the
 * n-th call is the same call each time, and starting the process is not counted. Without --seccomp-bpf, which cannot be
 * used on a running process.
 */
export interface Tracing {
  /** What was traced; complete after `end`. */
  lines(): string[];
  /** Lets go of the process, unless it is gone already. */
  end(): Promise<void>;
}

/** null = it can trace our own children; otherwise why it cannot. */
export function whyNoStrace(): string | null {
  const victim = spawnSync('strace', ['-qq', '-e', 'trace=none', 'true'], { encoding: 'utf8' });
  if (victim.error) return 'strace is not installed';
  return victim.status === 0
    ? null
    : `strace may not trace (${victim.stderr.trim().split('\n').at(-1) ?? 'no reason given'})`;
}

/** @returns once the process is being traced. @throws Error when it is gone or must not be traced. */
export function attach(pid: number, log: string, options: readonly string[]): Promise<Tracing> {
  const strace = spawn('strace', ['-p', String(pid), '-o', log, ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise<void>((resolve) => strace.on('close', () => resolve()));
  return new Promise((resolve, reject) => {
    let text = '';
    strace.on('error', reject);
    strace.stderr.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (text.includes(' attached')) {
        resolve({
          lines: () => readFileSync(log, 'utf8').split('\n'),
          async end() {
            strace.kill('SIGINT');
            await exited;
          },
        });
      }
    });
    void exited.then(() => reject(new Error(`strace: ${text.trim()}`)));
  });
}
