import { expect, it } from 'vitest';
import type { RunReport } from '@shared/run.ts';
import { localTime, reportText } from '../../../electron/cli/words.ts';

it('tells people the time of their computer, with its offset', () => {
  const iso = '2026-11-21T12:34:56.789Z';
  const told = localTime(iso);

  expect(told).toMatch(/^2026-11-2[012] \d\d:\d\d:56 [+-]\d\d:\d\d$/);
  expect(Date.parse(told.replace(' ', 'T').replace(' ', ''))).toBe(Date.parse(iso) - 789);
  expect(localTime('long ago')).toBe('long ago');
});

it('calls issue rows noted: most of them are where they belong', () => {
  const report: RunReport = {
    ...{ runId: 'r', ok: true, fileName: 'a.db', packId: 'p', fromPhase: null, toPhase: 1 },
    ...{ startedAt: '', finishedAt: '', migrations: [], backup: null, verified: true, checks: [], tables: [] },
    backfills: [
      {
        ...{ id: 'm/b', title: 'copying members', source: 'member' },
        ...{ expected: 1_234, moved: 1_233, alreadyRight: 0, issueRows: 1, rowsPerSecond: null },
      },
    ],
    issues: [{ reason: 'no-name', title: 'The member has no name', sourceTable: 'member', count: 1 }],
  };

  expect(reportText(report)).toContain(
    'member: 1,234 rows = 1,233 moved + 0 already right + 1 noted (copying members)\n' +
      '  noted: 1 row of member: The member has no name',
  );
});
