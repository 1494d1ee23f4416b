import { expect, it } from 'vitest';
import type { Recovery } from '@shared/recovery.ts';
import type { PlanStep, RunReport } from '@shared/run.ts';
import { recoveryText } from '../../../electron/cli/recovery-words.ts';
import { localTime, phaseMarks, planText, reportText, statusText } from '../../../electron/cli/words.ts';
import { spaceDisks } from '../../../renderer/panels/plan/space-words.ts';
import { phaseMarks as phaseMarksOnScreen } from '../../../renderer/words/states.ts';
import { phase, plan, report, status } from '../renderer/values.ts';

it('tells people the time of their computer, with its offset', () => {
  const iso = '2026-11-21T12:34:56.789Z';
  const told = localTime(iso);

  expect(told).toMatch(/^2026-11-2[012] \d\d:\d\d:56 [+-]\d\d:\d\d$/);
  expect(Date.parse(told.replace(' ', 'T').replace(' ', ''))).toBe(Date.parse(iso) - 789);
  expect(localTime('long ago')).toBe('long ago');
});

it('calls issue rows noted: most of them are where they belong', () => {
  const noted: RunReport = {
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

  expect(reportText(noted)).toContain(
    'member: 1,234 rows = 1,233 moved + 0 already right + 1 noted (copying members)\n' +
      '  noted: 1 row of member: The member has no name',
  );
});

it('names every folder in which a part of an upgrade has kept what was found, the first of them first', () => {
  const told = reportText({ ...report(), earlierKeptIn: ['/b/1', '/b/2'], keptIn: '/b/3' });
  expect(told.match(/as they were found: .*/g)).toEqual(
    ['/b/1', '/b/2', '/b/3'].map((at) => `as they were found: ${at}`),
  );
  expect(reportText(report())).not.toContain('as they were found');
});

it('names the folders that the interrupted upgrade was begun with in the command that goes on with it', () => {
  const recovery: Recovery = {
    ...{ kind: 'upgrade', state: 'interrupted', runId: 'r', startedAt: '', lastSignAt: '', toPhase: 1 },
    ...{ stepsDone: 1, stepsTotal: 3, what: '', where: '', isSafe: true, reasons: [], backup: null },
    ...{ code: 'E_INTERRUPTED', choices: [{ id: 'continue', title: 'Continue', consequence: '' }] },
    backupFolder: '/my backups',
  };
  const unfinishedRun = { runId: 'r', startedAt: '', toPhase: 1, stoppedAt: 'Do two' };
  const found = status({ unfinishedRun });

  expect(recoveryText(recovery, '/a.db')).toContain(`migrate /a.db --to 1 --backup-dir '/my backups' --yes\n`);
  expect(recoveryText(recovery, '/a.db', true)).toContain(`--backup-dir '/my backups' --contract\n`);
  const reading = (source: NonNullable<Recovery['source']>) => recoveryText({ ...recovery, source }, '/a.db');
  expect(reading({ kind: 'folder', folder: '/logs' })).toContain(`--backup-dir '/my backups' --run-logs /logs --yes\n`);
  expect(reading({ kind: 'none' })).toContain(`--backup-dir '/my backups' --no-run-logs --yes\n`);
  // Left as it is.
  const way = { backupFolder: '/my backups', source: { kind: 'folder', folder: '/my logs' } } as const;
  expect(statusText(found, null, way)).toContain(`--to 1 --backup-dir '/my backups' --run-logs '/my logs' --yes`);
  expect(statusText(found)).not.toContain('--backup-dir');
});

it('names the state of a phase as the window and the reference do', () => {
  for (const [state, { word }] of Object.entries(phaseMarksOnScreen)) expect(phaseMarks).toHaveProperty(state, word);
});

it('says at the goal that nothing is pending, and which command looks at the last phase', () => {
  const last = phase(2, 'next', { removesAnything: true });
  const reached = { phaseReached: 1, defaultTarget: 1, pending: [], phases: [phase(1, 'done'), last] };
  const atGoal = statusText(status(reached));
  expect(atGoal).toContain('Nothing is pending: phase 1 is reached');
  expect(atGoal).toMatch(
    /Once no older program needs the old names, phase 2 \(Phase 2\) removes them.*\n.*-- plan .* --to 2/,
  );

  const below = statusText(status({ ...reached, phaseReached: null, pending: ['a'] }));
  expect(below).toContain('Pending for phase 1: 1 migration');
  expect(below).not.toContain('Next:');
  expect(statusText(status({ ...reached, phases: [phase(1, 'done'), phase(2, 'done')] }))).not.toContain('Next:');
});

it('says which programs a file has to be closed in, and why', () => {
  const title = 'Other programs that have the file open';
  const detail = 'Close the file in python3 (4711) before you start.';
  expect(planText(plan({ preflight: [{ id: 'in-use', title, detail, state: 'warning', error: null }] }))).toContain(
    'Note: Other programs that have the file open: close the file in python3 (4711) before you start.',
  );
});

it('tells every part of the space that a plan asks for, as the window does', () => {
  const on = { disk: 'database', isTemporary: false } as const;
  const parts = [
    { label: 'Growth of the file', bytes: 11_000_000, ...on },
    { label: 'Rebuilding tables', bytes: 24_000_000, ...on },
    { label: 'Rollback journal', bytes: 30_000_000, ...on, isTemporary: true },
  ];
  const { space } = plan({ space: { ...plan().space, growthBytes: 35_000_000, parts } });

  const told = planText(plan({ space, steps: [step] }));

  expect(told).toContain('the file grows by about 35.0 MB');
  expect(told).toContain(
    'on the disk of the database: Growth of the file 11.0 MB + Rebuilding tables 24.0 MB + Rollback journal 30.0 MB* = 65.0 MB',
  );
  expect(spaceDisks(space)).toMatchObject([{ disk: 'database', parts, totalBytes: 65_000_000 }]);
});

const step: PlanStep = {
  ...{ migrationId: 'm', phase: 5, title: '', kind: 'contract', reason: 'pending', what: [], rows: 0 },
};
