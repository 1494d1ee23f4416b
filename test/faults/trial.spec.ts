import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Fault } from './faults/fault.ts';
import type { Flow } from './flows/flow.ts';
import { type Place, runTrial } from './trial.ts';
import type { Source } from './databases/source.ts';

let stderr = '';
beforeEach(() => {
  vi.useFakeTimers();
  stderr = '';
  vi.spyOn(console, 'error').mockImplementation((text) => void (stderr += `${String(text)}\n`));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A trial whose engine never answers; `seconds` = after how long it was given up. */
async function hung(fault: Fault) {
  const flow = { name: 'upgrade', prepare: async () => ({ sandbox: { folder: 'x' } }), request: () => ({}) };
  const place = { folder: '', helper: {}, victims: { take: () => new Promise(() => {}), usualMs: 60 } };
  const startedAt = Date.now();
  const trial = runTrial(flow as unknown as Flow, { name: 'shop' } as Source, { fault }, place as unknown as Place);
  await vi.advanceTimersByTimeAsync(200_000);
  const result = await trial;
  return { ...result, seconds: result.ms / 1_000, startedAt };
}

it('a trial that hangs is given up after 90 s, and told with its fault at that moment', async () => {
  const { problems, ended, seconds } = await hung({ kind: 'kill-at', share: 0.5 });

  expect([ended, seconds]).toEqual(['hung', 90]);
  expect(problems).toEqual(['it did not end within 90 s']);
  // Whoever gives up the whole harness meanwhile sees nothing but this.
  expect(stderr).toBe('HUNG upgrade shop {"kind":"kill-at","share":0.5}\n');
});

it('one that is stopped for a minute gets that minute on top', async () => {
  const { seconds } = await hung({ kind: 'pause', call: 'pwrite64', at: 1, ms: 60_000 });

  expect(seconds).toBe(150);
});
