import { setImmediate } from 'node:timers/promises';

/** Long enough to get on, and short enough for nobody to notice, ms. */
const SLICE_MS = 20;

/** For long work in a process that answers windows: waiting for what it returns lets the others in every now and then. */
export function inSlices(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < SLICE_MS) return;
    await setImmediate();
    since = performance.now();
  };
}

/** What is found one by one, all of it, in such slices. */
export async function gathered<T>(found: Iterable<T>): Promise<T[]> {
  const pause = inSlices();
  const all: T[] = [];
  for (const each of found) {
    all.push(each);
    await pause();
  }
  return all;
}
