/** The time inside the sample: starts at a fixed moment and moves only when told to. */
export interface Clock {
  advance(seconds: number): void;
  /** As the program writes times: UTC, whole seconds, 2026-02-14T09:31:07Z. */
  now(): string;
  /** As run logs carry them: with milliseconds. */
  nowWithMilliseconds(): string;
}

export function createClock(start: string): Clock {
  let milliseconds = Date.parse(start);
  const iso = (): string => new Date(milliseconds).toISOString();
  return {
    advance: (seconds) => {
      milliseconds += Math.round(seconds * 1000);
    },
    now: () => iso().replace(/\.\d+Z$/, 'Z'),
    nowWithMilliseconds: iso,
  };
}
