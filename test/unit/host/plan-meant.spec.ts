import { ok } from '@shared/errors.ts';
import type { Plan, SourceCoverage } from '@shared/run.ts';
import { createBusy } from '@host/busy.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { Engines } from '@host/engines.ts';
import { createLooks } from '@host/looks.ts';
import { expect, it } from 'vitest';

const database: OpenEntry = { handle: 'h', name: 'a.db', folder: '/', path: '/a.db' };

it('a plan is the one meant only where phase and fingerprint say so, and is that of no other file', async () => {
  const plan = { toPhase: 2, fingerprint: 'f2' } as Plan;
  const looks = createLooks({
    ...{ engines: { ask: () => Promise.resolve(ok(plan)) } as unknown as Engines, busy: createBusy() },
    ...{ saidOf: async () => null, onStatus: () => {}, reportsOf: () => [] },
    wayOf: () => Promise.resolve({ backupFolder: null, source: null }),
  });
  expect(looks.planFor(database, 2, 'f2')).toBeNull();
  await looks.plan(database, 2);

  expect(looks.planFor(database, 2, 'f2')).toBe(plan);
  expect(looks.planFor(database, 1, 'f2')).toBeNull();
  expect(looks.planFor(database, 2, 'f1')).toBeNull();
  expect(looks.planFor({ ...database, path: '/b.db' }, 2, 'f2')).toBeNull();
  looks.forget(database);
  expect(looks.planFor(database, 2, 'f2')).toBeNull();
});

/** Every plan that is asked for is another one, unless the state of the file is `still`. */
function planning(still?: string) {
  const plans: Plan[] = [];
  const ask = (_: string, __: string, { toPhase }: { toPhase: number }) => {
    plans.push({ toPhase, fingerprint: still ?? `f${plans.length + 1}`, source: { folder: '/guessed' } } as Plan);
    return Promise.resolve(ok(plans.at(-1)));
  };
  const looks = createLooks({
    ...{ engines: { ask } as unknown as Engines, busy: createBusy() },
    ...{ saidOf: async () => null, onStatus: () => {}, reportsOf: () => [] },
    wayOf: () => Promise.resolve({ backupFolder: null, source: null }),
  });
  return { looks, plans };
}

it('a plan that somebody agrees to is known still when another tab has asked for another phase', async () => {
  const { looks, plans } = planning();
  await looks.plan(database, 2);
  await looks.plan(database, 1);

  expect(looks.planFor(database, 2, 'f1')).toBe(plans[0]);
  expect(looks.planFor(database, 1, 'f2')).toBe(plans[1]);
});

it('files that were chosen go for every plan that is shown of the database', async () => {
  const { looks } = planning();
  await looks.plan(database, 2);
  await looks.plan(database, 1);

  looks.sourceChosen(database, { folder: '/chosen' } as SourceCoverage);

  const folders = [looks.planFor(database, 2, 'f1'), looks.planFor(database, 1, 'f2')].map(
    (plan) => plan?.source?.folder,
  );
  expect(folders).toEqual(['/chosen', '/chosen']);
});

it('of many plans the latest are known', async () => {
  const { looks } = planning();
  for (let count = 0; count < 20; count += 1) await looks.plan(database, 1);

  expect(looks.planFor(database, 1, 'f1')).toBeNull();
  expect(looks.planFor(database, 1, 'f20')).not.toBeNull();
});

it('of the same plan, made again and again, the last is meant, and it takes the place of no other', async () => {
  const { looks, plans } = planning('f1');
  await looks.plan(database, 2);
  for (let count = 0; count < 20; count += 1) await looks.plan(database, 1);

  expect(looks.planFor(database, 1, 'f1')).toBe(plans.at(-1));
  expect(looks.planFor(database, 2, 'f1')).toBe(plans[0]);
});
