import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BackupRecord } from '@shared/run.ts';
import type { EngineWork } from '@engine/protocol.ts';
import { createBusy } from '@host/busy.ts';
import { createEngines } from '@host/engines.ts';
import { askRestore } from '@host/restores.ts';
import { beginFinish, beginRestore } from '@host/restore-begun.ts';
import { appendToJournal, beginWork, journalFolder } from '@host/run-journal.ts';
import { readWorks } from '@host/works.ts';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

function setUp() {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const file = path.join(home, 'a.db');
  const dataFolder = path.join(home, 'data');
  const busy = createBusy((at, kind, runId, more) =>
    beginWork(dataFolder, { ...more, kind, path: at, runId, appVersion: '0' }),
  );
  const backup = (name: string) => ({ path: name, sha256: 'b'.repeat(64), verified: true }) as BackupRecord;
  const lines = () => {
    const runs = journalFolder(dataFolder, file);
    const [journal = ''] = readdirSync(runs).filter((name) => name.endsWith('.jsonl'));
    return readFileSync(path.join(runs, journal), 'utf8').trimEnd().split('\n');
  };
  return { dataFolder, file, busy, backup, lines };
}

const noteOf = (backupPath: string, beforePath: string | null) =>
  JSON.stringify({
    ...{ format: 'phasewise-restore 1', startedAt: '2026-11-21T14:05:00.000Z', databaseName: 'a.db', way: 'in-place' },
    ...{ source: 'backup', backupPath, sha256: 'a'.repeat(64), files: [], quarantine: null, beforePath },
  });

it('the journal of a restore names the backup of what it replaces, before the engine is let through', () => {
  const { dataFolder, file, busy, backup, lines } = setUp();
  let say: (work: EngineWork) => void = () => {};
  const heard: string[] = [];
  const engines = createEngines(
    () => ({
      pid: 1,
      send: ({ type }) => void heard.push(`${type} after ${lines().length} lines`),
      onMessage(listener) {
        say = (work) => listener({ type: 'work', work });
        setImmediate(() => listener({ type: 'ready' }));
      },
      onExit: () => {},
      kill: () => {},
    }),
    () => {},
  );
  const begun = beginRestore(dataFolder, file, '/b/x.db');
  const free = busy.take(file, 'restore', begun);
  const told: unknown[] = [];
  void askRestore({ engines, dataFolder, appVersion: '0' }, begun, file, { onWork: ({ stage }) => told.push(stage) });

  return new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve))).then(() => {
    say({ stage: 'saving', fraction: null, canCancel: true, backup: backup('/b/own.db') });
    say({ stage: 'replacing', fraction: null, canCancel: false, asksToProceed: true });

    expect(heard).toEqual(['request after 1 lines', 'proceed after 2 lines']);
    expect(told).toEqual(['saving', 'replacing']);
    expect(readWorks(dataFolder, file)).toMatchObject([{ backupPath: '/b/own.db', started: { restores: '/b/x.db' } }]);
    if (free.ok) free.value(true);
    expect(lines()).toHaveLength(3);
    engines.close();
  });
});

it('another attempt at a restore goes by the first, and one of another backup does not', () => {
  const { dataFolder, file } = setUp();
  expect(beginFinish(dataFolder, file)).toEqual({ runId: expect.any(String) as string });
  writeFileSync(`${file}.restore-intent`, noteOf('/b/x.db', '/b/own.db'));
  const first = { since: '2026-11-21T14:05:00.000Z', before: '/b/own.db' };

  expect(beginFinish(dataFolder, file)).toMatchObject({ restores: '/b/x.db', ...first });
  expect(beginRestore(dataFolder, file, '/b/x.db')).toMatchObject({ restores: '/b/x.db', ...first });
  expect(Object.keys(beginRestore(dataFolder, file, '/b/y.db'))).toEqual(['runId', 'restores']);
});

it('nor by the journal of another one, which was given up for it', () => {
  const { dataFolder, file, busy, backup } = setUp();
  const other = beginRestore(dataFolder, file, '/b/y.db');
  busy.take(file, 'restore', other); // and never an end
  const { sha256 } = backup('');
  const saved = { at: '2026-11-21T14:00:00.000Z', backupPath: '/b/of another.db', sha256, verified: true };
  appendToJournal(journalFolder(dataFolder, file), other.runId, { type: 'backup', ...saved });
  writeFileSync(`${file}.restore-intent`, noteOf('/b/x.db', '/b/own.db'));

  const first = { since: '2026-11-21T14:05:00.000Z', before: '/b/own.db' };
  expect(beginFinish(dataFolder, file)).toMatchObject({ restores: '/b/x.db', ...first });
});
