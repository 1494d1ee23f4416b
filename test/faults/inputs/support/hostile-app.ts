import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end. */
export function runCli(folder: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawn(process.execPath, [path.join(folder, 'cli.cjs'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = listen(child);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...said() })));
}

export interface RunningHost {
  readonly process: ChildProcess;
  readonly port: number;
  readonly token: string;
  said(): { stdout: string; stderr: string };
  stop(): Promise<void>;
}

/** Starts the browser host as its own process. */
export async function startBrowserHost(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<RunningHost> {
  const child = spawn(process.execPath, [path.join(folder, 'browser-host.cjs'), '--no-open', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = listen(child);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const address = await new Promise<RegExpExecArray>((resolve, reject) => {
    child.stdout.on('data', () => {
      const found = /http:\/\/127\.0\.0\.1:(\d+)\/#token=([\w-]+)/.exec(said().stdout);
      if (found) resolve(found);
    });
    child.once('close', (code) => reject(new Error(`the browser host ended with ${code}: ${said().stderr}`)));
  });
  return {
    process: child,
    port: Number(address[1]),
    token: address[2] ?? '',
    said,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function listen(child: ChildProcess): () => { stdout: string; stderr: string } {
  const said = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  return () => said;
}

export interface RawAnswer {
  /** 0 = there was no answer. */
  readonly status: number;
  readonly text: string;
}
export interface RawOptions {
  readonly address?: string;
  readonly limitMs?: number;
}

/** Sends exactly these bytes: a polite client would repair what is to be tested. Resolves at the close or at the limit. */
export function sendRaw(port: number, bytes: string | Buffer, options: RawOptions): Promise<RawAnswer> {
  const { address = '127.0.0.1', limitMs = 5_000 } = options;
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: address });
    let text = '';
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text });
    };
    const timer = setTimeout(end, limitMs);
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    socket.on('close', end).on('error', end);
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
}

/** '' where it cannot be read. */
export const readOr = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};
