import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { OTHER_TABLE } from '../oracles/content.ts';
import type { Meddled } from './other-program.ts';

/** What a program did that stayed for a while. */
export interface Visit extends Meddled {
  /** Rows that it was told are committed, in a file that had been taken away under it. */
  readonly strayed: readonly number[];
}

/** Another program that keeps a database open and writes to it; one process for all the databases that it ever visits. */
export interface Program {
  /** It has tried to open the file and to write a row when this returns, and goes on trying. */
  comeTo(file: string, staysMs: number): Promise<void>;
  /** It has nothing open when this returns. */
  leave(): Promise<Visit>;
}

const nothing: Visit = { acknowledged: [], removed: [], strayed: [] };

/** Started when it is needed for the first time; ends with this process. */
export function createProgram(): Program {
  let child: ChildProcess | undefined;
  let died: Promise<never> | undefined;
  const tell = async (message: object): Promise<Visit> => {
    // The worker is a bundle elsewhere: it runs in the repository's root.
    child ??= fork(path.resolve('test/faults/faults/program.cjs'), [], { execArgv: [] });
    died ??= once(child, 'exit').then(([code]) => Promise.reject(new Error(`the other program died (${code})`)));
    const answer = once(child, 'message');
    child.send(message);
    const [visit] = (await Promise.race([answer, died])) as [Visit];
    return visit;
  };
  return {
    comeTo: async (file, staysMs) => void (await tell({ come: file, table: OTHER_TABLE, staysMs })),
    leave: async () => (child === undefined ? nothing : tell({})),
  };
}
