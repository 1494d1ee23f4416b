import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * The command that starts a program under strace, which stays a direct child of ours, with its own process id. Calls are
 * counted from the start of the process, in each thread for itself: SQLite and our own synchronous calls all run in the
 * main one, so that the n-th call is the same call each time. With --seccomp-bpf only the calls that are traced are held
 * up; attached to a running process, strace holds up every single one.
 */
export const straced = (log: string, options: readonly string[]): readonly string[] => [
  'strace',
  '-D',
  '-f',
  '-qq',
  '--seccomp-bpf',
  '-s',
  '0',
  '-o',
  log,
  ...options,
];

/** Lines of the main thread, without the number that stands before each. */
export const linesOf = (log: string, pid: number): string[] =>
  readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${pid} `))
    .map((line) => line.slice(String(pid).length).trimStart());

/** strace, attached to the main thread of a running engine. */
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
