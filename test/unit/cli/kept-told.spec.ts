import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { appError, ok } from '@shared/errors.ts';
import type { RunReport, RunSnapshot } from '@shared/run.ts';
import { afterEach, expect, it, vi } from 'vitest';
import { execute } from '../../../electron/cli/commands.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { scriptedHost } from '../host/scripted-host.ts';

const folder = temporaryFolder();
afterEach(() => vi.restoreAllMocks());

const [KEPT, EARLIER] = ['/b/a before recovery 2', '/b/a before recovery'];

it.each([
  ['each', 'It failed.', [KEPT, EARLIER]],
  ['not again what its error has told', `It failed. That is kept in ${KEPT}.`, [EARLIER]],
])('an upgrade that fails tells where what lay beside the file is kept: %s', async (_, message, lines) => {
  const { host, open } = scriptedHost(mkdtempSync(path.join(folder, 'home-')));
  const { path: file } = open('app');
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const error = appError('E_MIGRATION_FAILED', message);
  const report = { keptIn: KEPT, earlierKeptIn: [EARLIER], backup: null, migrations: [], backfills: [], checks: [] };
  const failed = { state: 'failed', error, backup: null, report: { ...report, error } as unknown as RunReport };
  const snapshot = failed as unknown as RunSnapshot;
  vi.spyOn(host.runs, 'start').mockReturnValue(ok({ snapshot, done: Promise.resolve(snapshot) }));

  const how = { to: null, yes: true, backupFolder: null, source: { kind: 'none' }, contract: false } as const;
  const { text, json } = await execute(host, { name: 'migrate', file, ...how });

  expect(text.split('\n').filter((line) => line.startsWith('The last changes of another program'))).toEqual(
    lines.toReversed().map((each) => expect.stringContaining(each) as string),
  );
  expect(json).toMatchObject({ ok: false, keptIn: KEPT });
  host.close();
});
