import { lstatSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type AppError, appError, err, type ErrorCode, ok, type Result, safetyText } from '@shared/errors.ts';
import { stampOf } from '@shared/file-stamp.ts';
import type { RunReport } from '@shared/run.ts';
import { type CheckResult, SINCE_THE_FIRST } from '@shared/status.ts';
import type { Engines } from '@host/engines.ts';
import { disagreement, patiently, withVerdict } from '@host/verdict.ts';
import { isWrittenSince } from '@host/written-since.ts';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { backup } from '../renderer/values.ts';

vi.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));

const folder = temporaryFolder();
const report = {
  ok: true,
  verified: false,
  toPhase: 1,
  backup: backup({ id: 'b1' }),
  checks: [],
} as unknown as RunReport;
const answering = (error: AppError) =>
  ({ askAlone: () => ({ answer: Promise.resolve(err(error)), child: null }) }) as unknown as Engines;

it.each<ErrorCode>(['E_IO', 'E_WORKER_DIED', 'E_TIMEOUT', 'E_PATH_CHANGED'])(
  'an upgrade whose final check could not be made (%s) has not ended well',
  async (code) => {
    const judged = await withVerdict(answering(appError(code, 'No.')), '/a.db', report);

    expect(judged).toMatchObject({
      ...{ ok: false, verified: false },
      error: { code: 'E_VERIFY_FAILED', safety: safetyText.unknown, details: { cause: code } },
    });
    expect(judged?.error?.nextStep).toContain('do not delete the backup');
  },
);

it('one that was stopped is not judged', async () => {
  expect(await withVerdict(answering(appError('E_CANCELLED', 'Stopped.')), '/a.db', report)).toBeNull();
});

it('no check at all says nothing of the data', () => {
  expect(disagreement([], false)).toMatchObject({ code: 'E_VERIFY_FAILED', safety: safetyText.unknown });
});

describe('what to do next', () => {
  const failed = (id: string): CheckResult => ({ id, title: id, state: 'unmet', summary: '', evidence: [] });
  const nextStepOf = (...ids: string[]) => disagreement(ids.map(failed), false)?.nextStep;

  it('names the way out where the backup is not there to compare with, as on another computer', () => {
    const earlier = `backup${SINCE_THE_FIRST}`;
    for (const ids of [['backup', 'kept'], [earlier], ['backup', 'kept', 'references', earlier]]) {
      const nextStep = nextStepOf(...ids);
      expect(nextStep).toContain('"Leave it as it is" (on the command line: stay)');
      expect(nextStep).toContain('Put that backup back');
    }
  });

  it('is not to leave it where something else does not hold, or the backup that is there says that rows are missing', () => {
    for (const ids of [['integrity', 'backup', 'kept'], ['kept'], ['backup', 'kept', `kept${SINCE_THE_FIRST}`]])
      expect(nextStepOf(...ids)).not.toContain('Put that backup back');
  });

  it('names the way out also where another program has written', () => {
    expect(disagreement([failed('kept')], true)?.nextStep).toContain('(on the command line: stay)');
  });
});

describe('a file that somebody has open', () => {
  const busy = err(appError('E_DB_IN_USE', 'In use.'));
  /** Busy so often, then free. */
  const asking = (times: number) => vi.fn(() => Promise.resolve<Result<string>>((times -= 1) < 0 ? ok('free') : busy));

  it('is asked for again, for a while', async () => {
    const [soon, never] = [asking(2), asking(9)];
    const { signal } = new AbortController();
    expect(await patiently(signal, soon)).toEqual(ok('free'));
    expect(await patiently(signal, never)).toEqual(busy);
    expect(never).toHaveBeenCalledTimes(4);
  });

  it('is not asked for again once that is not wanted any more', async () => {
    const stop = new AbortController();
    const ask = asking(9);
    ask.mockImplementationOnce(() => {
      stop.abort();
      return Promise.resolve(busy);
    });
    expect(await patiently(stop.signal, ask)).toBeNull();
    expect(await patiently(stop.signal, ask)).toBeNull();
    expect(ask).toHaveBeenCalledTimes(1);
  });
});

describe('whether somebody has written since', () => {
  function left() {
    const file = path.join(mkdtempSync(path.join(folder, 'left-')), 'a.db');
    writeFileSync(file, 'bytes');
    utimesSync(file, 1_000, 1_000);
    return { file, leftAs: stampOf(lstatSync(file, { bigint: true })) };
  }
  const write = (file: string, bytes: string, seconds: number): void => {
    writeFileSync(file, bytes);
    utimesSync(file, seconds, seconds);
  };

  it('is told by the size or by the time alone', async () => {
    const { file, leftAs } = left();
    expect(await isWrittenSince(file, leftAs)).toBe(false);
    write(file, 'more bytes', 1_000);
    expect(await isWrittenSince(file, leftAs)).toBe(true);
    write(file, 'other', 2_000);
    expect(await isWrittenSince(file, leftAs)).toBe(true);
  });

  it('nobody can say of a file that is gone, nor where nobody noted how it was left', async () => {
    const { file, leftAs } = left();
    expect([await isWrittenSince(`${file} gone`, leftAs), await isWrittenSince(file, undefined)]).toEqual([
      false,
      false,
    ]);
  });
});
