import fs, { renameSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { appError, ok, safetyText } from '@shared/errors.ts';
import { readHistory } from '@host/run-history.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type Line,
  setUp,
  check,
  status,
  backupLine,
  appliedLine,
  report,
  choicesOf,
} from '../../support/recovered-house.ts';

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

describe('an upgrade without a verdict', () => {
  const done = ok(status({ applied: 3, phaseReached: 1, unfinished: null }));

  it('is unproven; the check that holds is noted, and then nothing is asked any more', async () => {
    const { database, recoveries, journal, answers, asked, dataFolder, file } = setUp();
    answers['inspect'] = done;
    journal('r1', [backupLine, appliedLine, { type: 'migrated', report: report() }]);
    const recovery = await recoveries.get(database);
    expect(recovery).toMatchObject({ state: 'unproven', isSafe: true, stepsDone: 3 });
    expect(recovery?.what).toContain('its final check is missing');
    expect(choicesOf(recovery)).toEqual(['check', 'stay', 'restore']);

    expect(await recoveries.check(database)).toEqual(ok({ checks: [check('met')], error: null }));

    const earlier = [{ runId: 'r1', backupPath: '/b/b1.db' }];
    expect(asked).toContain(`verify ${JSON.stringify({ path: file, toPhase: 1, backupPath: '/b/b1.db', earlier })}`);
    expect(await recoveries.get(database)).toBeNull();
    expect(readHistory(dataFolder, file, () => false)).toMatchObject([{ ok: true, verified: true }]);
    expect(await recoveries.check(database)).toMatchObject({ ok: false, error: { code: 'E_NOTHING_TO_DO' } });
  });

  it('is told what the check found, also where that cannot be noted any more', async () => {
    const { database, recoveries, journal, answers, dataFolder } = setUp();
    answers['inspect'] = done;
    journal('r1', [backupLine, appliedLine, { type: 'migrated', report: report() }]);
    answers['verify'] = () => {
      renameSync(dataFolder, `${dataFolder} away`);
      writeFileSync(dataFolder, '');
      return ok({ checks: [check('met')] });
    };

    expect(await recoveries.check(database)).toEqual(ok({ checks: [check('met')], error: null }));
  });

  it('cannot be left at that unnoticed where the disk is full', async () => {
    const { database, recoveries, journal, answers } = setUp();
    answers['inspect'] = done;
    const file = journal('r1', [backupLine, appliedLine, { type: 'migrated', report: report() }]);
    await recoveries.get(database);
    vi.spyOn(fs, 'fsyncSync').mockImplementation(() => {
      throw Object.assign(new Error('ENOSPC: no space left on device, fsync'), { code: 'ENOSPC', syscall: 'fsync' });
    });
    syncBuiltinESMExports();

    await expect(recoveries.stay(database)).rejects.toMatchObject({
      appError: {
        code: 'E_NO_SPACE',
        message: `${file} cannot be used (ENOSPC: no space left on device).`,
        safety: safetyText.untouched,
      },
    });
  });

  it('whose check says no stays one, and is not called safe where something may be missing', async () => {
    const { database, recoveries, journal, answers, dataFolder, file } = setUp();
    answers['inspect'] = done;
    answers['verify'] = ok({ checks: [check('unmet')] });
    journal('r1', [backupLine, { type: 'migrated', report: report() }]);

    const checked = await recoveries.check(database);

    expect(checked).toMatchObject({ ok: true, value: { error: { code: 'E_VERIFY_FAILED' } } });
    const recovery = await recoveries.get(database);
    expect(recovery).toMatchObject({ state: 'unproven', isSafe: false, code: 'E_VERIFY_FAILED' });
    expect(recovery?.what).toContain('its final check did not say yes');
    expect(readHistory(dataFolder, file, () => false)[0]).toMatchObject({ ok: false, verified: false });
  });

  it('is one too when the verdict was stopped, or said no before', async () => {
    const { database, recoveries, journal, answers } = setUp();
    answers['inspect'] = done;
    for (const code of ['E_CANCELLED', 'E_VERIFY_FAILED'] as const) {
      const error = appError(code, 'It is so.');
      const lines: Line[] = [
        { type: 'migrated', report: report() },
        { type: 'ended', report: report({ ok: false, error }) },
      ];
      journal('r1', [backupLine, ...lines]);
      expect(await recoveries.get(database)).toMatchObject({ state: 'unproven', code });
    }
  });
});
