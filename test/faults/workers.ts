import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { root } from '../../build/layout.mjs';
import type { FromWorker, ToWorker } from './protocol.ts';

/** Processes of the harness that work through a list together. */
export interface Workers {
  /** Hands out the messages, one at a time to whoever is free. @returns when all are answered, or `isOver` says so. */
  all(messages: readonly ToWorker[], onAnswer: (answer: FromWorker) => void, isOver?: () => boolean): Promise<void>;
  /** Tells every one of them. */
  tell(message: ToWorker): Promise<void>;
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
  // What was prepared for one flow on one database is used again: all of it is done by the same one, until others wait.
  const lanes = new Map<string, number>();
  const laneOf = (message: ToWorker): number => {
    const name = subjectOf(message);
    const lane = lanes.get(name) ?? lanes.size % count;
    lanes.set(name, lane);
    return lane;
  };
  return {
    async all(messages, onAnswer, isOver = () => false) {
      const queues = children.map((_, lane) => messages.filter((message) => laneOf(message) === lane));
      const next = (lane: number): ToWorker | undefined => queues[lane]?.shift() ?? longest(queues)?.pop();
      const work = async (child: ChildProcess, lane: number): Promise<void> => {
        for (let message = next(lane); message !== undefined && !isOver(); message = next(lane))
          onAnswer(await askTwice(child, message));
      };
      await Promise.all(children.map(work));
    },
    async tell(message) {
      await Promise.all(children.map((child) => ask(child, message)));
    },
    end: () => {
      for (const child of children) child.kill();
    },
  };
}

const longest = (queues: ToWorker[][]): ToWorker[] | undefined => queues.toSorted((a, b) => b.length - a.length)[0];

/** Carrying on needs what the flow itself needs. */
function subjectOf(message: ToWorker): string {
  if (message.type === 'end' || message.type === 'profiles') return '';
  const { flow, database } = message.type === 'trial' ? message.job : message;
  return `${flow.replace(/( in use)? again$/, '').replace(/^resume$/, 'upgrade')} ${database}`;
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
