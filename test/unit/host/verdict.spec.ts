import { type AppError, appError, err, type ErrorCode, safetyText } from '@shared/errors.ts';
import type { RunReport } from '@shared/run.ts';
import type { Engines } from '@host/engines.ts';
import { withVerdict } from '@host/verdict.ts';
import { expect, it } from 'vitest';
import { backup } from '../renderer/values.ts';

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
