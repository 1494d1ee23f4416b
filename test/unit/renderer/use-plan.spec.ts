import { expect, it, vi } from 'vitest';

/** Hooks as React runs them for one component; `render` is done until nothing changes any more. */
const states: unknown[] = [];
const effects: (readonly unknown[])[] = [];
const due: (() => void)[] = [];
let at = 0;
vi.mock('react', () => ({
  useCallback: <T>(act: T) => act,
  useState: (first: unknown) => {
    const index = at++;
    if (states.length <= index) states.push(first);
    return [
      states[index],
      (next: unknown) => (states[index] = typeof next === 'function' ? next(states[index]) : next),
    ];
  },
  useEffect: (act: () => void, needs: readonly unknown[]) => {
    if (effects[0]?.every((each, index) => each === needs[index])) return;
    effects[0] = needs;
    due.push(act);
  },
}));
const answers: ((plan: unknown) => void)[] = [];
vi.mock('../../../renderer/api.ts', () => ({ call: () => new Promise((resolve) => answers.push(resolve)) }));
vi.mock('../../../renderer/stores/databases.ts', () => ({ reportLost: () => {} }));
const { usePlan } = await import('../../../renderer/panels/plan/use-plan.ts');

const render = (checkedAt: string) => {
  at = 0;
  const plan = usePlan('k3', 1, checkedAt);
  for (const act of due.splice(0)) act();
  return plan;
};
const answer = async (fingerprint: string): Promise<void> => {
  answers.shift()?.({ ok: true, value: { fingerprint } });
  await Promise.resolve();
};

it('a plan from before the newest look at the database cannot be started', async () => {
  expect(render('14:00').isFresh).toBe(false);
  await answer('f1');
  expect(render('14:00')).toMatchObject({ plan: { fingerprint: 'f1' }, isFresh: true });

  expect(render('14:05')).toMatchObject({ plan: { fingerprint: 'f1' }, isFresh: false }); // still to be read
  await answer('f2');
  expect(render('14:05')).toMatchObject({ plan: { fingerprint: 'f2' }, isFresh: true });
});
