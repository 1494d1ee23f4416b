import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { processIdentity } from '@host/process-identity.ts';
import { appendToJournal, journalFolder } from '@host/run-journal.ts';
import { expect, it } from 'vitest';
import { execute } from '../../../electron/cli/commands.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, scriptedHost } from '../host/scripted-host.ts';

const folder = temporaryFolder();

it('nothing is left as it is while another program goes on with it, and nobody says that nothing is unfinished', async () => {
  const { host, open } = closedAfter(scriptedHost(mkdtempSync(path.join(folder, 'home-'))));
  const { path: file } = open('good');
  const living = { pid: process.ppid, process: processIdentity(process.ppid) };
  appendToJournal(journalFolder(host.dataFolder, file), 'r1', {
    ...{ type: 'started', at: new Date().toISOString(), runId: 'r1', path: file, toPhase: 1, ...living },
    ...{ appVersion: '0', plan: null },
  });

  expect(await execute(host, { name: 'stay', file })).toMatchObject({
    json: { ok: false, error: { code: 'E_RUN_ACTIVE' } },
  });
});
