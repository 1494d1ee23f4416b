import { afterEach, beforeAll, expect, it } from 'vitest';
import { buildEngine } from '../support/engine-child.ts';
import { closeHosts, realHost } from '../support/real-host.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();
beforeAll(buildEngine);
afterEach(closeHosts);

it('a database is remembered as what an upgrade made of it, without anybody looking at it again', async () => {
  const { host, database, start } = realHost(folder, 'delete');
  await host.looks.status(database, 'schema');
  const before = (await host.recents.list())[0];

  const run = await start();

  expect(run.state).toBe('completed');
  expect(before).toMatchObject({ phaseReached: null, variantTitle: 'Legacy version' });
  expect(await host.recents.list()).toMatchObject([{ phaseReached: 4, variantTitle: 'Upgraded by Phasewise' }]);
  expect(host.looks.last(database)?.phaseReached).toBe(4);
});
