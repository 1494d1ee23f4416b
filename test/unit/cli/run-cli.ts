import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

/** Where the bundles are that `npm run build` makes. */
export const build = path.resolve(import.meta.dirname, '../../../.vite/build');
export const isBuilt = ['cli.cjs', 'engine.cjs'].every((name) => existsSync(path.join(build, name)));

export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  /** The one document of --json; empty without it, and where the tool was killed. */
  json: Record<string, unknown>;
}

export interface Start {
  cli?: string;
  /** Without it, the folder of the project itself. */
  cwd?: string;
  /** Where Phasewise keeps its own things. */
  home: string;
  onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the CLI as a person's shell would, without a terminal. With --json it must write exactly one document. */
export function runCli(
  args: readonly string[],
  { cli = path.join(build, 'cli.cjs'), cwd, home, onStderr }: Start,
): Promise<Ended> {
  const env = { ...process.env, PHASEWISE_HOME: home };
  const child = spawn(process.execPath, [cli, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    onStderr?.(stderr, (signal) => child.kill(signal));
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      const json = args.includes('--json') && signal === null ? (JSON.parse(stdout) as Record<string, unknown>) : {};
      resolve({ code, signal, stdout, stderr, json });
    });
  });
}

export const errorCode = (ended: Ended): unknown => (ended.json['error'] as { code?: unknown } | undefined)?.code;
