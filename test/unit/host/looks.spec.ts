import { appError, err, ok } from '@shared/errors.ts';
import { createBrowsing } from '@host/browsing.ts';
import { type Busy, createBusy } from '@host/busy.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { EngineProcess } from '@host/engine-process.ts';
import type { Engines } from '@host/engines.ts';
import { createLooks } from '@host/looks.ts';
import { expect, it } from 'vitest';
import { status } from '../renderer/values.ts';

/** Nothing is opened that something is being written to. */

const database: OpenEntry = { handle: 'h', name: 'a.db', folder: '/', path: '/a.db' };
const RUNS = err(appError('E_RUN_ACTIVE', 'An upgrade of this database is running.'));

const NO_WAY = { backupFolder: null, source: null };

/** @param onWay while the way to make a plan is looked for. */
function setUp(onWay: (busy: Busy) => void = () => {}) {
  const [busy, asked] = [createBusy(), [] as string[]];
  const ask = (_: string, name: string) => {
    asked.push(name);
    return Promise.resolve(ok({ fingerprint: 'f' }));
  };
  const looks = createLooks({
    ...{ engines: { ask } as unknown as Engines, busy, saidOf: async () => null, onStatus: () => {} },
    reportsOf: () => [],
    wayOf: () => {
      onWay(busy);
      return Promise.resolve(NO_WAY);
    },
  });
  return { busy, asked, looks };
}

it('no plan is made while something runs on the file', async () => {
  const { busy, asked, looks } = setUp();
  const free = busy.take('/a.db', 'upgrade');

  expect(await looks.plan(database, 1)).toEqual(RUNS);
  expect(asked).toEqual([]);

  if (free.ok) free.value();
  expect(await looks.plan(database, 1)).toMatchObject({ ok: true });
});

it('nor where it began while the way to make that plan was looked for', async () => {
  const { asked, looks } = setUp((busy) => busy.take('/a.db', 'upgrade'));

  expect(await looks.plan(database, 1)).toEqual(RUNS);
  expect(asked).toEqual([]);
});

it('what was seen is no look as good as a new one once a look has met an error', async () => {
  const [first, third] = [status(), status()];
  const answers = [ok(first), err(appError('E_NOT_FOUND', 'It is gone.')), ok(third)];
  const looks = createLooks({
    ...{ engines: { ask: () => Promise.resolve(answers.shift()) } as unknown as Engines, busy: createBusy() },
    ...{ saidOf: async () => null, onStatus: () => {}, reportsOf: () => [], wayOf: () => Promise.resolve(NO_WAY) },
  });
  const lookedAt = async () => {
    await looks.status(database, 'schema');
    return looks.last(database);
  };

  expect([await lookedAt(), await lookedAt(), await lookedAt()]).toEqual([first, null, third]);
});

it('no row is asked for while something runs on the file', async () => {
  const busy = createBusy();
  let started = 0;
  const spawn = (): EngineProcess => {
    started += 1;
    throw new Error('not here');
  };
  const browsing = createBrowsing({ spawn, busy });
  const free = busy.take('/a.db', 'upgrade');
  const tables = (ask: 'ask' | 'askAlone' | 'askLoading') => browsing[ask](database, 'browseTables', {});

  expect([await tables('ask'), await tables('askAlone'), await tables('askLoading')]).toEqual([RUNS, RUNS, RUNS]);
  expect(started).toBe(0);

  if (free.ok) free.value();
  await tables('ask');
  expect(started).toBe(1);
});
