import { createElement } from 'react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { Recovery } from '@shared/recovery.ts';
import type { CheckResult } from '@shared/status.ts';
import { drawn, wordsOf } from './drawn.ts';
import { backup, report, status } from './values.ts';

/** The answers of the host about something unfinished: which of them counts, and what is shown of a check. */

const waiting: ((answer: Result<unknown>) => void)[] = [];
const answers: Record<string, Result<unknown>> = {};
const location = { hash: '#/db/k3/overview' };
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', location);
vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => {} });
vi.stubGlobal('window', {
  addEventListener: () => {},
  phasewise: {
    call: (name: string) =>
      name === 'recovery:get'
        ? new Promise((resolve) => waiting.push(resolve))
        : Promise.resolve(answers[name] ?? ok([])),
    on: () => () => {},
  },
});

const { connect } = await import('../../../renderer/api.ts');
const { ActivityPanel } = await import('../../../renderer/panels/run/activity-panel.tsx');
const { parseRoute } = await import('../../../renderer/route.ts');
const { choose, loadRecovery, useRecovery } = await import('../../../renderer/stores/recovery.ts');
const { useRoute } = await import('../../../renderer/stores/route.ts');
const { useRuns } = await import('../../../renderer/stores/runs.ts');
connect();

const recovery: Recovery = {
  ...{ kind: 'upgrade', state: 'unproven', runId: 'r1', startedAt: '', lastSignAt: '', toPhase: 4 },
  ...{ stepsDone: 3, stepsTotal: 3, what: '', where: '', isSafe: true, reasons: [], backup: null },
  ...{ code: 'E_INTERRUPTED', choices: [] },
};
const view = () => useRecovery.getState().byHandle['k3'];
const shown = (): string | null | undefined => view() && (view()?.recovery?.runId ?? null);
const checks: CheckResult[] = ['Everything is kept', 'The file is whole'].map((title, at) => ({
  ...{ id: `c${at}`, title, state: 'met', summary: 'It is so.', evidence: [] },
}));

beforeEach(() => {
  waiting.length = 0;
  for (const name of Object.keys(answers)) delete answers[name];
  Object.assign(answers, {
    'recovery:stay': ok({}),
    'recovery:check': ok({ checks, error: null }),
    'recovery:finish': ok({ restored: backup(), before: null, replacedFolder: null }),
  });
  useRecovery.setState({ byHandle: {}, checked: {} });
  useRuns.setState({ byHandle: { k3: null }, history: { k3: [] } });
  location.hash = '#/db/k3/overview';
  useRoute.setState({ route: parseRoute(location.hash), step: null });
});

/** Asks the host, which may take minutes. @returns how it answers at last. */
function ask(): (found: Recovery | null | 'unknown') => Promise<void> {
  const asked = loadRecovery('k3');
  const answer = waiting.at(-1);
  return async (found) => {
    answer?.(found === 'unknown' ? err(appError('E_IO', 'It cannot be read.')) : ok(found));
    await asked;
  };
}

describe('what the host says is unfinished', () => {
  it.each([recovery, null, 'unknown'] as const)(
    'is what was asked last, whatever comes back after it (%#)',
    async (late) => {
      const [older, newer] = [ask(), ask()];
      await newer({ ...recovery, runId: 'r2' });
      await older(late);
      expect([shown(), view()?.unknown]).toEqual(['r2', null]);
    },
  );

  it('is shown as soon as there is an answer, though a later one is waited for', async () => {
    const [older] = [ask(), ask()];
    await older(recovery);
    expect([shown(), view()?.isLoaded]).toEqual(['r1', true]);
  });

  it.each(['stay', 'check', 'finish'] as const)(
    'before the person chose "%s" is not said again after it',
    async (id) => {
      await ask()(recovery);
      const [older, unknown] = [ask(), ask()];
      await choose('k3', id);
      expect(shown()).toBeNull();

      await older(recovery);
      await unknown('unknown');

      expect([shown(), view()?.unknown]).toEqual([null, null]);
      await ask()({ ...recovery, runId: 'r2' });
      expect(shown()).toBe('r2');
    },
  );

  it('counts still where the choice was refused', async () => {
    await ask()(recovery);
    const older = ask();
    answers['recovery:stay'] = err(appError('E_STATE_CHANGED', 'By now it is another one.'));
    await choose('k3', 'stay');
    await older({ ...recovery, runId: 'r2' });
    expect(shown()).toBe('r2');
  });

  it('behind a restore that is left is asked for, and what was said before does not take its place', async () => {
    await ask()({ ...recovery, kind: 'restore' });
    const older = ask();
    const chosen = choose('k3', 'stay');
    await vi.waitFor(() => expect(waiting).toHaveLength(3));
    waiting.at(-1)?.(ok({ ...recovery, runId: 'r2' }));
    await chosen;
    await older(null);
    expect(shown()).toBe('r2');
  });
});

describe('the page that a check leads to', () => {
  const page = (reportId = 'r1'): string =>
    wordsOf(drawn(createElement(ActivityPanel, { handle: 'k3', status: status(), reportId })));

  it('shows the verdict of a run whose report is kept elsewhere', async () => {
    await ask()(recovery);
    await choose('k3', 'check');
    expect(location.hash).toBe('#/db/k3/activity/r1');
    expect(page()).toContain('The final check holds');
    expect(page()).toMatch(/2 of 2 checks passed\..* Checked \S/);
    for (const { title } of checks) expect(page()).toContain(title);
    expect(page()).not.toContain('not in the journal');
    expect(page('another')).toContain('not in the journal');
  });

  it('is that of its report where there is one', async () => {
    await ask()(recovery);
    await choose('k3', 'check');
    useRuns.setState({ history: { k3: [report({ runId: 'r1' })] } });
    expect(page()).not.toContain('The final check holds');
  });

  it('says of a run without a report here, which nobody has checked just now, where that may be', () => {
    expect(page()).toMatch(/not in the journal of this database\. .*under another name.*on another computer/);
  });
});
