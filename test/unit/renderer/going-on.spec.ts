import { createElement, isValidElement, type ReactElement, type ReactNode } from 'react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Recovery } from '@shared/recovery.ts';
import { drawn } from './drawn.ts';
import { backup, backupList, plan, run, status } from './values.ts';

/** Work that ends leads on to where it is told of, but moves nobody away who has gone elsewhere meanwhile. */
const answers: Record<string, unknown> = {};
const asked: string[] = [];
const inputs: Record<string, unknown> = {};
const ok = (value: unknown) => ({ ok: true, value });
const location = { hash: '#/db/k3/overview' };
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', location);
vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => {} });
vi.stubGlobal('window', {
  addEventListener: () => {},
  phasewise: {
    call: (name: string, input: unknown) => {
      asked.push(name);
      inputs[name] = input;
      return Promise.resolve(answers[name] ?? ok([]));
    },
    on: () => () => {},
  },
});
vi.mock('../../../renderer/panels/plan/use-plan.ts', () => ({
  usePlan: () => ({ plan: { ...plan(), fingerprint: 'f1', steps: [{}] }, error: null, again: () => {}, isFresh: true }),
}));

const { connect } = await import('../../../renderer/api.ts');
const { PlanActions } = await import('../../../renderer/panels/plan/plan-actions.tsx');
const { PlanPanel } = await import('../../../renderer/panels/plan/plan-panel.tsx');
const { parseRoute } = await import('../../../renderer/route.ts');
const { choose, putBackAndShow, restoreAndShow, useRecovery } = await import('../../../renderer/stores/recovery.ts');
const { useRoute } = await import('../../../renderer/stores/route.ts');
connect();

const stand = (hash: string): void => {
  location.hash = hash;
  useRoute.setState({ route: parseRoute(hash), step: null });
};
const recovery: Recovery = {
  ...{ kind: 'upgrade', state: 'interrupted', runId: 'r1', startedAt: '', lastSignAt: '', toPhase: 4 },
  ...{ stepsDone: 1, stepsTotal: 3, what: '', where: '', isSafe: true, reasons: [], backup: backup() },
  ...{ code: 'E_INTERRUPTED', choices: [] },
};
const find = (change: Partial<Recovery>): void => {
  const view = { isLoaded: true, isStruck: false, looking: null, busy: null, error: null, unknown: null };
  const found = { ...view, recovery: { ...recovery, ...change }, putOff: null, hasRestored: false };
  useRecovery.setState({ byHandle: { k3: found } });
};

const start = async (): Promise<void> => {
  let tree: ReactNode = null;
  const Page = () => {
    tree = PlanPanel({ handle: 'k3', status: status(), toPhase: 1 });
    return null;
  };
  drawn(createElement(Page));
  actionsIn(tree)?.props.onStart();
  await vi.waitFor(() => expect(asked).toContain('run:start'));
  await Promise.resolve();
};

/** What the page has in its head. */
function actionsIn(node: ReactNode): ReactElement<{ onStart: () => void }> | undefined {
  if (Array.isArray(node)) return node.map(actionsIn).find(Boolean);
  if (!isValidElement<{ children?: ReactNode; actions?: ReactNode; onStart: () => void }>(node)) return undefined;
  if (node.type === PlanActions) return node;
  return actionsIn(node.props.actions) ?? actionsIn(node.props.children);
}

const restored = ok({ restored: backup(), before: backup(), replacedFolder: null });
beforeEach(() => {
  asked.length = 0;
  for (const name of Object.keys(answers)) delete answers[name];
  Object.assign(answers, {
    'backup:list': ok(backupList()),
    'backup:restore': restored,
    'recovery:check': ok({ checks: [], error: null }),
    'recovery:finish': restored,
    'recovery:get': ok(null),
    'run:start': ok(run()),
  });
  find({});
});

describe.each<[string, string, () => Promise<unknown>]>([
  ['a check', '#/db/k3/activity/r1', () => choose('k3', 'check')],
  ['a restore that is carried through', '#/db/k3/backups', () => choose('k3', 'finish')],
  ['an upgrade that is gone on with', '#/db/k3/activity', () => goOn(true)],
  ['one that something stands in the way of', '#/db/k3/phases/upgrade-to-4', () => goOn(false)],
  ['a backup that is made again', '#/db/k3/backups', () => goOn(true, 'backup')],
  ['taking in that is begun again', '#/db/k3/overview/take-in', () => goOn(true, 'ingest')],
  ['a restore', '#/db/k3/backups', () => restoreAndShow('k3', 'b1', 'a.db')],
  ['old files that are put back', '#/db/k3/backups', () => putBackAndShow('k3', 'a.db')],
  ['an upgrade that is started', '#/db/k3/activity', start],
])('the end of what was asked: %s', (_, goal, act) => {
  it('leads to where it is told of, from any page of its database', async () => {
    stand('#/db/k3/data/users');
    await act();
    expect(location.hash).toBe(goal);
  });

  it.each(['#/db/k4/data/users', '#/', '#/refused'])('leaves alone who has gone to %s', async (elsewhere) => {
    stand(elsewhere);
    await act();
    expect(location.hash).toBe(elsewhere);
  });
});

function goOn(isClear: boolean, kind: Recovery['kind'] = 'upgrade'): Promise<void> {
  find({ kind });
  const preflight = isClear ? [] : [{ id: 'p', title: '', state: 'blocking', message: '' }];
  answers['plan:make'] = ok({ ...plan(), fingerprint: 'f1', preflight });
  return choose('k3', 'continue');
}

it('a restore that failed leads nowhere', async () => {
  stand('#/db/k3/activity');
  answers['backup:restore'] = { ok: false, error: { code: 'E_DB_BUSY' } };
  expect(await restoreAndShow('k3', 'b1', 'a.db')).toMatchObject({ code: 'E_DB_BUSY' });
  expect(location.hash).toBe('#/db/k3/activity');
  expect(useRecovery.getState().byHandle['k3']?.hasRestored).toBe(false);
});

it('only those old files are put back that the page names', async () => {
  find({ setAside: '/p/a.db replaced-Abc123' });
  await putBackAndShow('k3', 'a.db');
  expect(inputs['backup:putBack']).toMatchObject({ shown: '/p/a.db replaced-Abc123' });
});
