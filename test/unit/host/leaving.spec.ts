import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { endWork, isAtWork } from '@host/leaving.ts';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { codeOf, must, scriptedHost, until } from './scripted-host.ts';

const folder = temporaryFolder();
const request = {
  ...{ toPhase: 1, fingerprint: null, plan: null, backupFolder: folder, source: { kind: 'guess' } as const },
  isRemovalConfirmed: false,
};

describe('leaving', () => {
  it('at the end of a session stops runs and backups, and waits until nothing goes on', async () => {
    const { host, client, open } = scriptedHost(folder);
    const run = must(host.runs.start(open('waits'), request));
    await until(() => host.runs.get(run.snapshot.handle)?.state === 'migrating');
    const backup = client.call('backup:create', { handle: open('long').handle }); // never ends by itself

    await endWork(host, 'session-ends');

    expect(host.busy.any()).toBe(false);
    expect((await run.done).state).toBe('cancelled');
    expect(codeOf(await backup)).toBe('E_CANCELLED');
    host.close();
  });

  it.each([true, false])('reaches backups that are deleted, or looked through for that: %s', async (isTrial) => {
    const { host, client, open } = scriptedHost(folder);
    const { handle } = open('long');
    const work = client.call('backup:tidy', { handle, keep: 1, isTrial }); // their drive hangs
    await until(() => host.ongoing.get(must(host.databases.get(handle)))?.canCancel === true);

    await endWork(host, 'session-ends');

    expect([isAtWork(host), codeOf(await work)]).toEqual([false, 'E_CANCELLED']);
    host.close();
  });

  it('after this step stops a run at its next whole step', async () => {
    const { host, open } = scriptedHost(folder);
    const run = must(host.runs.start(open('waits'), request));
    await endWork(host, 'finish-step');
    expect((await run.done).state).toBe('cancelled');
    host.close();
  });

  it('after everything lets a run come to its own end', async () => {
    const { host, open } = scriptedHost(folder);
    const run = must(host.runs.start(open('good'), request));
    await endWork(host, 'finish-all');
    expect((await run.done).state).toBe('completed');
    expect(host.busy.any()).toBe(false);
    host.close();
  });

  describe('while rows are written to a file', () => {
    const writing = async () => {
      const house = scriptedHost(folder);
      const database = house.open('exports'); // never ends by itself
      const target = path.join(house.home, 'rows.csv');
      const work = house.host.exports.startIssues(database, 'csv', target);
      await until(() => house.host.exports.isWriting() && readdirSync(house.home).length > 1);
      return { ...house, work, target };
    };

    it.each(['finish-step', 'session-ends'] as const)('ends that, and leaves nothing of the file: %s', async (how) => {
      const { host, home, work } = await writing();
      expect([isAtWork(host), host.busy.any()]).toEqual([true, false]);

      await endWork(host, how);

      expect([isAtWork(host), readdirSync(home)]).toEqual([false, ['exports.db']]);
      expect(codeOf(await work)).toBe('E_CANCELLED');
      host.close();
    });

    it('after everything waits for it', async () => {
      const { host, open, home, work } = await writing();
      const whole = host.exports.startIssues(open('good'), 'csv', path.join(home, 'whole.csv'));
      let isLeft = false;
      const left = endWork(host, 'finish-all').then(() => (isLeft = true));
      must(await whole);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(isLeft).toBe(false);
      host.exports.stopAll();
      await Promise.all([left, work]);
      expect(existsSync(path.join(home, 'rows.csv'))).toBe(false);
      host.close();
    });
  });
});
