import { waitForSpace } from '../../../electron/cli/space-wait.ts';
import { afterEach, expect, it } from 'vitest';
import { must, scriptedHost, until } from '../host/scripted-host.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const houses: ReturnType<typeof scriptedHost>[] = [];
afterEach(() => {
  for (const { host } of houses.splice(0)) host.close();
});

function startFull() {
  const house = scriptedHost(folder);
  houses.push(house);
  const database = house.open('full');
  const start = () =>
    must(
      house.host.runs.start(database, {
        ...{ toPhase: 1, fingerprint: 'f1', plan: null, backupFolder: house.home },
        ...{ source: { kind: 'none' }, isRemovalConfirmed: false },
      }),
    );
  return { ...house, database, start };
}

it('an upgrade that waits for space on the command line is tried again until there is room', async () => {
  const { host, database, start } = startFull();
  const waiting = waitForSpace(host, database.handle, { tryEveryMs: 10 });
  const run = await start().done;
  expect(run.state).toBe('completed');
  expect(waiting.end()).toBeNull();
});

it('and is stopped at its whole step when nobody makes room in time', async () => {
  const { host, database, start } = startFull();
  const waiting = waitForSpace(host, database.handle, { tryEveryMs: 10, giveUpMs: 0 });
  const started = start();
  await until(() => host.runs.get(database.handle)?.state === 'cancelled');
  expect((await started.done).error?.code).toBe('E_CANCELLED');
  expect(waiting.end()?.code).toBe('E_NO_SPACE');
});
