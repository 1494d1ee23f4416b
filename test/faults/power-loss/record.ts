import { spawn } from 'node:child_process';
import v8 from 'node:v8';
import type { FromEngine, ToEngine } from '@engine/protocol.ts';
import type { Result } from '@shared/errors.ts';
import type { EngineRequest } from '../flows/flow.ts';
import { recordedCalls } from './calls.ts';

/** Larger than anything that is written at once; a string that strace cut short ends the replay with an error. */
const LONGEST_STRING = 16 << 20;

/**
 * One request to an engine process of its own, every system call written to `traceFile`.
 * @param engine the bundle to run.
 * @throws Error when the process died before it answered.
 */
export function record(
  engine: string,
  traceFile: string,
  temporaryFolder: string,
  request: EngineRequest,
): Promise<Result<unknown>> {
  const strace = ['-f', '-y', '-xx', '-qq', '-s', String(LONGEST_STRING), '--seccomp-bpf', '-o', traceFile];
  const child = spawn(
    'strace',
    [...strace, '-e', `trace=${recordedCalls.join(',')}`, '-e', 'signal=none', process.execPath, engine],
    {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, TMPDIR: temporaryFolder, SQLITE_TMPDIR: temporaryFolder, UV_USE_IO_URING: '0' },
    },
  );
  return new Promise((resolve, reject) => {
    let answer: Result<unknown> | undefined;
    let lastWords = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(-2_000)));
    child.on('error', reject);
    child.on('message', (message: FromEngine) => {
      if (message.type === 'ready') child.send({ type: 'request', id: 1, ...request } satisfies ToEngine);
      else if (message.type === 'answer') {
        answer = message.result as Result<unknown>;
        child.disconnect(); // it leaves by itself, so that the trace has its end
      }
    });
    // Not 'close', which never comes after disconnect().
    child.on('exit', (code, signal) => {
      if (answer !== undefined) resolve(answer);
      else reject(new Error(`the recorded engine ended (${code ?? signal}): ${lastWords}`));
    });
  });
}

/** Puts the pieces of the channel together. @returns a function that takes a piece and gives the messages it ends. */
export function messageReader(): (piece: Buffer) => FromEngine[] {
  let rest: Buffer = Buffer.alloc(0);
  return (piece) => {
    rest = Buffer.concat([rest, piece]);
    const messages: FromEngine[] = [];
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const end = 4 + rest.readUInt32BE(0);
      messages.push(v8.deserialize(rest.subarray(4, end)) as FromEngine);
      rest = rest.subarray(end);
    }
    return messages;
  };
}
