import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { intentFile } from '@shared/beside.ts';
import { appError, err, ok } from '@shared/errors.ts';
import type { Backups } from '@host/backups.ts';
import { createBusy } from '@host/busy.ts';
import type { Engines } from '@host/engines.ts';
import { createEventBus } from '@host/events.ts';
import { createOngoing } from '@host/ongoing.ts';
import { createRecoveries } from '@host/recovery.ts';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

/** @returns the folders in which the engine was asked to look for the backup that the note names. */
async function askedFor(backupPath: string): Promise<unknown[]> {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const file = path.join(home, 'a.db');
  writeFileSync(file, 'bytes');
  const note = {
    ...{ format: 'phasewise-restore 1', startedAt: '2026-01-01T00:00:00.000Z', databaseName: 'a.db' },
    ...{ way: 'in-place', source: 'backup', backupPath, sha256: 'a'.repeat(64) },
    ...{ files: [], quarantine: null, beforePath: null },
  };
  writeFileSync(intentFile(file), JSON.stringify(note));
  const asked: unknown[] = [];
  const askAlone = (_: string, name: string, input: Record<string, unknown>) => {
    if (name !== 'inspect') asked.push(input['folders'] ?? name);
    const answer = name === 'listBackups' ? ok([]) : err(appError('E_RESTORE_UNFINISHED', 'it was interrupted'));
    return { answer: Promise.resolve(answer), child: null };
  };
  const events = createEventBus();
  const recoveries = createRecoveries({
    ...{
      events,
      busy: createBusy(),
      ongoing: createOngoing(events),
      dataFolder: path.join(home, 'data'),
      appVersion: '0',
    },
    engines: { askAlone } as unknown as Engines,
    backups: {
      list: () => Promise.resolve(ok({ backups: [] })),
      show: () => {},
      noteCheck: () => {},
    } as unknown as Backups,
    recents: { files: () => [] },
  });
  await recoveries.get({ handle: 'h', name: 'a.db', folder: home, path: file });
  return asked;
}

it('a note beside a file sends nobody to another computer', async () => {
  expect(await askedFor('/elsewhere/b1.db')).toEqual([['/elsewhere']]);
  for (const there of ['//server/share/b1.db', '\\\\server\\share\\b1.db', '/\\server\\share\\b1.db'])
    expect(await askedFor(there)).toEqual([]);
});
