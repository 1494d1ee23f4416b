import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EngineRequestName } from '@engine/protocol.ts';
import { readWorks } from '@host/works.ts';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, codeOf, must, scriptedHost, until } from './scripted-host.ts';

/** Phasewise does not stand in its own way: what only reads a file lets go of it for what is about to write to it. */

const folder = temporaryFolder();
const setUp = () => closedAfter(scriptedHost(folder));
/** A database whose engine has been asked something, and never answers. */
async function asking(ask: (house: ReturnType<typeof setUp>, file: string, handle: string) => Promise<unknown>) {
  const house = setUp();
  const { handle, path: file } = house.open('endless');
  const answer = ask(house, file, handle);
  await until(() => existsSync(`${file}.asked`));
  return { ...house, handle, file, answer: answer as Promise<Parameters<typeof codeOf>[0]> };
}
const UPGRADE = { error: { code: 'E_RUN_ACTIVE', message: 'An upgrade of this database is running.' } };

describe('when an upgrade begins', () => {
  it('a check of all the data ends for it, and says why', async () => {
    const { host, file, answer } = await asking(({ client }, _, handle) => client.call('database:check', { handle }));

    must(host.busy.take(file, 'upgrade'));

    expect(await answer).toMatchObject(UPGRADE);
  });

  it.each<EngineRequestName>(['verify', 'restoredFrom', 'exportIssues'])('so does %s', async (name) => {
    const { host, file, answer } = await asking(
      ({ host: { engines } }, at) => engines.askAlone(at, name, { path: at } as never).answer,
    );

    must(host.busy.take(file, 'upgrade'));

    expect(await answer).toMatchObject(UPGRADE);
  });

  it('so does what the kept process was looking for, and the next one answers', async () => {
    const { host, file, answer } = await asking(({ client }, _, handle) =>
      client.call('plan:make', { handle, toPhase: 1 }),
    );

    const free = must(host.busy.take(file, 'upgrade'));

    expect(await answer).toMatchObject(UPGRADE);
    free();
    expect(codeOf(await host.engines.ask(file, 'listIssues', { path: 'good.db', afterId: null, limit: 1 }))).toBe(
      'no error',
    );
  });

  it('a look at the schema tells what was seen last, as it does while the upgrade runs', async () => {
    const { host, client, open } = setUp();
    const { handle, path: file } = open('good');
    const seen = must(await client.call('database:status', { handle }));
    const looking = client.call('database:status', { handle });

    must(host.busy.take(file, 'upgrade'));

    expect(must(await looking)).toEqual(seen);
  });

  it('rows on their way to a file leave nothing, and hear of it', async () => {
    const { host, open, home } = setUp();
    const database = open('exports');
    const before = readdirSync(home).length;
    const work = host.exports.startIssues(database, 'csv', path.join(home, 'issues.csv'));
    await until(() => readdirSync(home).length > before);

    must(host.busy.take(database.path, 'upgrade'));

    expect(await work).toMatchObject({
      error: {
        code: 'E_RUN_ACTIVE',
        message:
          'An upgrade of this database is running. The export was ended for it, and what it had written was removed.',
      },
    });
    expect(readdirSync(home)).toHaveLength(before);
  });

  it.each(['ask', 'askLoading', 'askAlone'] as const)(
    'so does a page that the data browser waits for: %s',
    async (how) => {
      const { host, file, answer } = await asking(({ host: { browsing, databases } }, _, handle) =>
        browsing[how](must(databases.get(handle)), 'browseTables', {}),
      );

      must(host.busy.take(file, 'upgrade'));

      expect(await answer).toMatchObject(UPGRADE);
    },
  );

  it('another database is looked at as before', async () => {
    const { host, file } = await asking(
      ({ host: { engines } }, at) => engines.askAlone(at, 'inspect', { path: at, check: 'data' }).answer,
    );
    const other = host.engines.askAlone(path.join(file, '..', 'slow.db'), 'inspect', {
      path: 'slow.db',
      check: 'data',
    });

    must(host.busy.take(file, 'upgrade'));

    expect(other.child.isBusy).toBe(true);
  });
});

it.each<EngineRequestName>(['run', 'restore', 'finishRestore', 'putBack', 'ingest', 'retryIssues', 'settle', 'backup'])(
  'what may write is never ended: %s',
  (name) => {
    const { host, open } = setUp();
    const { path: file } = open('slow');
    const { child } = host.engines.askAlone(file, name, { path: file } as never);

    must(host.busy.take(file, 'upgrade'));

    expect(child.isBusy).toBe(true);
  },
);

it('what only reads goes on where an upgrade could not begin', () => {
  const { host, open, dataFolder } = setUp();
  const database = open('slow');
  const { child } = host.engines.askAlone(database.path, 'inspect', { path: database.path, check: 'data' });
  mkdirSync(dataFolder, { recursive: true });
  writeFileSync(path.join(dataFolder, 'runs'), 'no folder');
  const request = { toPhase: 1, fingerprint: null, plan: null, backupFolder: '/b', isRemovalConfirmed: false };

  const answer = host.runs.start(database, { ...request, source: { kind: 'guess' } });

  expect([answer.ok, child.isBusy, host.busy.any()]).toEqual([false, true, false]);
});

it.each(['backup', 'trial'])('what only reads goes on beside what does not write either: a %s', async (work) => {
  const { host, open } = setUp();
  const { path: file } = open('slow');
  const { child } = host.engines.askAlone(file, 'inspect', { path: file, check: 'data' });

  must(host.busy.take(file, work === 'backup' ? 'backup' : 'ingest', { isTrial: work === 'trial' }));

  expect(child.isBusy).toBe(true);
});

describe('while a backup is made, or backups are looked through or deleted', () => {
  const works = ['backup', 'look-at-backups', 'delete-backups'] as const;

  it.each(works)('rows on their way to a file go on, and whatever else ends them is said: %s', async (work) => {
    const stopper = new AbortController();
    const { host, file, answer } = await asking(({ host: { browsing, databases } }, _, handle) =>
      browsing.askAlone(must(databases.get(handle)), 'browseTables', {}, { signal: stopper.signal }),
    );
    let isOver = false;
    void answer.then(() => (isOver = true));

    must(host.busy.take(file, work));

    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    stopper.abort();
    expect(codeOf(await answer)).toBe('E_WORKER_DIED');
  });

  it.each([
    ['look-at-backups', 'The backups of this database are being looked through.'],
    ['delete-backups', 'Backups of this database are being deleted.'],
  ] as const)('no backup is said to be made that is not: %s', (work, message) => {
    const { host, open, dataFolder } = setUp();
    const { path: file } = open('good');

    must(host.busy.take(file, work));

    expect(host.busy.refusal(file)).toMatchObject({ error: { message } });
    expect(readWorks(dataFolder, file)).toEqual([]); // there is nothing to be asked about later
  });
});

it.each([true, false])('what could be tidied is looked for, and else deleted: %s', async (isTrial) => {
  const { client, host, open } = setUp();
  const { handle } = open('good');
  const begun: string[] = [];
  host.busy.watch(({ work, ended }) => void (ended ?? begun.push(work)));

  must(await client.call('backup:tidy', { handle, keep: 1, isTrial }));

  expect(begun).toEqual([isTrial ? 'look-at-backups' : 'delete-backups']);
});
