/** What a computer sleeps through, or a host is held up for, counts as one such slice at most, ms. */
const SLICE_MS = 5_000;

export interface AwakeTimer {
  /** From the beginning. */
  again(): void;
  stop(): void;
}

/**
 * Acts once after `ms` in which this process could work. A clock that runs on while a computer sleeps would find that
 * whoever is waited for has done nothing all night.
 * @param sliceMs for tests.
 */
export function afterAwake(ms: number, act: () => void, sliceMs = SLICE_MS): AwakeTimer {
  let timer: NodeJS.Timeout | undefined;
  const wait = (leftMs: number): void => {
    const slice = Math.min(leftMs, sliceMs);
    clearTimeout(timer);
    timer = setTimeout(() => (leftMs > slice ? wait(leftMs - slice) : act()), slice);
  };
  wait(ms);
  return { again: () => wait(ms), stop: () => clearTimeout(timer) };
}
