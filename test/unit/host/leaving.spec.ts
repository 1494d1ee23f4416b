import { endWork } from '@host/leaving.ts';
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
});
