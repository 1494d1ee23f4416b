import { ok } from '@shared/errors.ts';
import type { Plan } from '@shared/run.ts';
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
    ...{ saidOf: () => null, onStatus: () => {}, reportsOf: () => [] },
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
