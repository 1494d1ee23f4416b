/** Waits without letting anything else of this process go on: for code that must not be interrupted. @param ms milliseconds. */
export const pause = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
