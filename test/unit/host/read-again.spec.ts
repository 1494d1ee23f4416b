import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { type AppError, appError, err, ok, type Result, safetyText } from '@shared/errors.ts';
import { createBusy } from '@host/busy.ts';
import type { EngineChild } from '@host/engine-process.ts';
import type { Engines } from '@host/engines.ts';
import { createEventBus } from '@host/events.ts';
import { createIngests } from '@host/ingests.ts';
import { createOngoing } from '@host/ongoing.ts';
import { readAgain } from '@host/read-again.ts';
import { unlessUnseen } from '@host/run-stop.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

/** After an error of the disk a file is called safe by whoever has opened it anew and read it, and by nobody else. */

const dataFolder = temporaryFolder();
const settled = { phase: 1, applied: ['m1'], begun: null };
const failed = appError('E_IO', 'The disk reported an error (while working on m2).', { step: 'm2' });

/** Engines whose looks answer one after the other what the spec says. */
function answering(...answers: Result<unknown>[]) {
  const asked: Record<string, unknown>[] = [];
  const askAlone = (_file: string, _name: string, input: Record<string, unknown>) => {
    asked.push(input);
    return { child: {} as EngineChild, answer: Promise.resolve(answers[asked.length - 1] ?? err(failed)) };
  };
  return { engines: { askAlone } as unknown as Engines, asked };
}
const look = (engines: Engines, signal?: AbortSignal, error: AppError = failed) =>
  readAgain(engines, error, {
    ...{ path: '/p/a.db', dataFolder, applied: ['m1'], backupPath: '/p/backups/b.db', whole: 'whole-step' },
    ...(signal ? { signal } : {}),
  });

describe('a run that had stopped when the disk failed under its last words', () => {
  afterEach(() => void vi.useRealTimers());
  const stopped = { ...failed, details: { step: 'the record of this run', isStopped: true } };

  it('is read all the same, and where that finds it whole it was just stopped', async () => {
    const { engines, asked } = answering(ok({ ...settled, problem: null }));

    const { error } = await look(engines, AbortSignal.abort(), stopped);

    expect(asked).toMatchObject([{ proves: { applied: ['m1'] } }]);
    expect(error).toMatchObject({ code: 'E_CANCELLED', title: 'Stopped at your request', nextStep: failed.nextStep });
    expect(error.safety).toBe(safetyText['whole-step']);
    expect(error.message).toMatch(/^The disk reported an error .* SQLite found no damage/);
  });

  it.each<[string, Result<unknown>]>([
    ['it is damaged', ok({ ...settled, problem: appError('E_CORRUPT', 'It is damaged.') })],
    ['it could not be read', err(appError('E_IO', 'The disk reported an error again.'))],
  ])('has failed where %s', async (_, answer) => {
    const { error } = await look(answering(answer).engines, AbortSignal.abort(), stopped);
    expect(error).toMatchObject({ code: 'E_IO', safety: safetyText.unknown });
  });

  it('is read for a while only', async () => {
    vi.useFakeTimers();
    const { promise: end, resolve: cancelled } = Promise.withResolvers<Result<unknown>>();
    const child = { cancel: () => cancelled(err(appError('E_CANCELLED', 'Ended.', { wasEnded: true }))) };
    const askAlone = vi.fn().mockReturnValueOnce({ child, answer: end });
    askAlone.mockReturnValueOnce({ child, answer: Promise.resolve(ok(settled)) });
    const looked = look({ askAlone } as unknown as Engines, AbortSignal.abort(), stopped);

    await vi.advanceTimersByTimeAsync(60_000);

    expect((await looked).error).toMatchObject({ code: 'E_IO', safety: safetyText.unknown });
    expect((askAlone.mock.calls as unknown[][]).map(([, , input]) => 'proves' in (input as object))).toEqual([
      true,
      false,
    ]);
  });
});

describe('a file that the disk failed under', () => {
  it('is at a whole step where all of it was read and every finished step is recorded', async () => {
    const { engines, asked } = answering(ok({ ...settled, problem: null }));

    const found = await look(engines);

    expect(asked).toMatchObject([{ path: '/p/a.db', proves: { applied: ['m1'] } }]);
    expect(found.error).toMatchObject({ code: 'E_IO', safety: safetyText['whole-step'], nextStep: failed.nextStep });
    expect(found.error.message).toMatch(/^The disk reported an error .* every step that was finished is recorded\.$/);
    expect(found.error.details).toMatchObject({ step: 'm2', isReadAgain: true });
    expect(found.settled).toMatchObject({ applied: ['m1'] });
  });

  const problem = appError('E_INVARIANT', '1 step that had been finished is not recorded any more.');
  it.each<[string, Result<unknown>, string]>([
    ['a finished step is missing', ok({ ...settled, problem }), problem.message],
    ['nobody said what it holds', ok(settled), 'did not say what it found'],
    ['it could not be read again', err(appError('E_IO', 'The disk reported an error again.')), 'an error again.'],
    ['reading it took too long', err(appError('E_TIMEOUT', 'There was no answer.')), 'There was no answer.'],
  ])('is not called safe where %s, and the way back is named', async (_, answer, words) => {
    const { error } = await look(answering(answer).engines);
    expect(error).toMatchObject({ code: 'E_IO', safety: safetyText.unknown });
    expect(error.message).toContain(words);
    expect(error.nextStep).toContain('restore the backup /p/backups/b.db');
  });

  it('is put right, and nothing said of it, where a person stops the reading', async () => {
    const stopped = answering(err(appError('E_CANCELLED', 'Stopped.', { wasEnded: true })), ok(settled));
    expect((await look(stopped.engines)).error.safety).toBe(safetyText.unknown);
    expect(stopped.asked.map(({ proves }) => proves !== undefined)).toEqual([true, false]);
    const before = answering(ok(settled));
    expect((await look(before.engines, AbortSignal.abort())).error.safety).toBe(safetyText.unknown);
    expect(before.asked.map(({ proves }) => proves !== undefined)).toEqual([false]);
  });

  it('names what settling has kept', async () => {
    const { error } = await look(answering(ok({ ...settled, problem: null, keptIn: '/p/kept' })).engines);
    expect(error.message).toContain('as they were found are kept in /p/kept.');
  });
});

it.each([
  [null, safetyText['step-only']],
  [appError('E_CORRUPT', 'It is damaged.'), safetyText.unknown],
] as const)('a small change is told by the same look: %s', async (problem, safety) => {
  const { engines } = answering(err(failed), ok({ ...settled, problem }));
  const home = mkdtempSync(path.join(dataFolder, 'home-'));
  const database = { handle: 'h', name: 'a.db', folder: home, path: path.join(home, 'a.db') };
  const events = createEventBus();
  const parts = { engines, events, busy: createBusy(), ongoing: createOngoing(events), dataFolder };
  const ingests = createIngests({ ...parts, appVersion: '0', onBackup: () => {} });

  const done = await ingests.retry(database, { source: { kind: 'none' } });

  expect(done).toMatchObject({ ok: false, error: { code: 'E_IO', safety } });
});

const kept = { ...failed, details: { keptIn: '/b/a.db before recovery' } };
it.each([
  [failed, ok(settled), safetyText.untouched],
  [kept, ok(settled), safetyText.kept],
  [failed, err(appError('E_IO', 'The disk failed again.')), safetyText.unknown],
])(
  'a mere look at files does not have all of the database read; what it tried is taken back: %#',
  async (told, found, safety) => {
    const { engines, asked } = answering(err(told), found);
    const home = mkdtempSync(path.join(dataFolder, 'home-'));
    const database = { handle: 'h', name: 'a.db', folder: home, path: path.join(home, 'a.db') };
    const events = createEventBus();
    const parts = { engines, events, busy: createBusy(), ongoing: createOngoing(events), dataFolder };
    const ingests = createIngests({ ...parts, appVersion: '0', onBackup: () => {} });

    const looked = await ingests.look(database, ['/away/logs']);

    expect(looked).toMatchObject({ ok: false, error: { code: 'E_IO', safety } });
    expect(asked.filter(({ proves }) => proves !== undefined)).toEqual([]);
  },
);

it('of a process that died behind its backup, nobody says safe where the file could not be looked at since', () => {
  const died = appError('E_WORKER_DIED', 'It ended.');
  const said = (found: AppError | null) => unlessUnseen(died, found && { ...found }).safety;
  expect(said(appError('E_IO', 'The disk failed.'))).toBe(safetyText.unknown);
  expect(said(appError('E_DB_IN_USE', 'Somebody has it open.'))).toBe(safetyText['whole-step']);
  expect(unlessUnseen(died, settled)).toBe(died);
});
