import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import path from 'node:path';

/**
 * Works on one database are counted, because the time of day cannot say which was the last: clocks are set back. The
 * number stands at the beginning of a journal's first line.
 */
export const withOrder = <T extends { readonly type: string }>(line: T, order: number): T => {
  const { type, ...rest } = line;
  return { type, order, ...rest } as unknown as T; // early in the line, where `orderIn` looks for it
};

/** One more than the highest in the folder; two that begin in the same moment may get the same. */
export function nextOrder(folder: string): number {
  const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return 1 + names.reduce((most, name) => Math.max(most, orderIn(path.join(folder, name))), 0);
}

/** 0 where it cannot be read, or nobody counted yet. */
function orderIn(file: string): number {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const beginning = Buffer.alloc(64);
    const length = readSync(descriptor, beginning, 0, beginning.length, 0);
    const match = /^\{"type":"started","order":(\d{1,12}),/.exec(beginning.toString('latin1', 0, length));
    return Number(match?.[1] ?? 0);
  } catch {
    return 0;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
