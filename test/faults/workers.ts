import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { root } from '../../build/layout.mjs';
import type { FromWorker, ToWorker } from './protocol.ts';

/** Processes of the harness that work through a list together. */
export interface Workers {
  /** Hands out the messages, one at a time to whoever is free. @returns when all are answered, or `isOver` says so. */
  all(messages: readonly ToWorker[], onAnswer: (answer: FromWorker) => void, isOver?: () => boolean): Promise<void>;
  end(): void;
}

/** @param bundle of the worker. @param folder each gets a folder below. */
export async function startWorkers(
  bundle: string,
  count: number,
  folder: string,
  bundleFolder: string,
  canTrace: boolean,
): Promise<Workers> {
  const children = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      startWorker(bundle, path.join(folder, `lane-${index + 1}`), bundleFolder, canTrace),
    ),
  );
  return {
    async all(messages, onAnswer, isOver = () => false) {
      const queue = [...messages];
      const work = async (child: ChildProcess): Promise<void> => {
        for (let message = queue.shift(); message !== undefined && !isOver(); message = queue.shift())
          onAnswer(await askTwice(child, message));
      };
      await Promise.all(children.map(work));
    },
    end: () => {
      for (const child of children) child.kill();
    },
  };
}

async function startWorker(
  bundle: string,
  folder: string,
  bundleFolder: string,
  canTrace: boolean,
): Promise<ChildProcess> {
  const child = fork(bundle, [folder, bundleFolder, canTrace ? 'strace' : 'switches'], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--no-warnings'],
    cwd: root,
  });
  await answerOf(child);
  return child;
}

/** A process of the harness that cannot be started on a busy machine says nothing about the engine. */
async function askTwice(child: ChildProcess, message: ToWorker): Promise<FromWorker> {
  const answer = await ask(child, message);
  return answer.type === 'failed' ? ask(child, message) : answer;
}

function ask(child: ChildProcess, message: ToWorker): Promise<FromWorker> {
  if (!child.connected) throw new Error('a worker of the harness died');
  child.send(message);
  return answerOf(child);
}

const answerOf = (child: ChildProcess): Promise<FromWorker> =>
  new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a worker of the harness died (${code})`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as FromWorker);
    });
  });
