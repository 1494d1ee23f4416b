import { afterEach, beforeEach, expect, it, vi } from 'vitest';

/** What was written to a pipe that nobody reads: no write is ever said to be out. */
let written: string[] = [];
let exits: unknown[] = [];
let stopListening = () => {};
const before = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => [name, process.listenerCount(name)] as const);

beforeEach(async () => {
  vi.useFakeTimers();
  vi.resetModules(); // a process ends once
  [written, exits] = [[], []];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => (written.push(String(text)), false));
  vi.spyOn(process, 'exit').mockImplementation((code) => (exits.push(code), undefined as never));
  const { endAtOnce } = await import('../../../electron/cli/signals.ts');
  stopListening = endAtOnce(() => stopListening()); // as closing ends the work, and the work takes its listener along
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const [signal, listeners] of before)
    for (const listener of process.listeners(signal).slice(listeners)) process.off(signal, listener);
});

const send = (signal: 'SIGINT' | 'SIGTERM'): void => void process.emit(signal, signal);

it('a command that changes nothing ends at once on the second signal, told once', () => {
  send('SIGINT');
  vi.advanceTimersByTime(800);
  expect(exits).toEqual([]);
  send('SIGTERM');

  expect([exits, written.length]).toEqual([[143], 1]);
});

it('one Ctrl-C that arrives twice does not cut off what is being told; nobody waits longer than a second', () => {
  send('SIGINT');
  vi.advanceTimersByTime(50);
  send('SIGINT'); // npm passes on what the terminal has sent already
  vi.advanceTimersByTime(900);
  expect(exits).toEqual([]);
  vi.advanceTimersByTime(50);

  expect([exits, written.length]).toEqual([[130], 1]);
});

it('what the command itself has to tell afterwards is not heard', async () => {
  const { report } = await import('../../../electron/cli/terminal.ts');
  send('SIGINT');
  report({ exitCode: 1, json: {}, text: 'the engine is gone' }, false);

  expect(written.join('')).not.toContain('the engine is gone');
});

it('where nothing came, no listener is left', () => {
  stopListening();
  expect(before.map(([name]) => [name, process.listenerCount(name)])).toEqual(before);
});

it('work that must end at a safe place is asked to once, and ended at once by the second signal alone', async () => {
  stopListening();
  const { whileRunning } = await import('../../../electron/cli/signals.ts');
  const asked: string[] = [];
  let end: (value: string) => void = () => {};
  const work = new Promise<string>((resolve) => (end = resolve));
  const running = whileRunning(work, { gently: () => asked.push('gently'), atOnce: () => asked.push('at once') });

  send('SIGTERM');
  vi.advanceTimersByTime(50);
  send('SIGTERM'); // npm passes on what the terminal has sent already
  expect(asked).toEqual(['gently']);
  vi.advanceTimersByTime(800);
  send('SIGINT');
  expect(asked).toEqual(['gently', 'at once']);

  end('done');
  expect(await running).toEqual({ value: 'done', signalCode: 143 });
  expect(before.map(([name]) => [name, process.listenerCount(name)])).toEqual(before);
});
