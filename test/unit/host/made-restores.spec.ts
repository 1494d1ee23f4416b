import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { appError, err, type ErrorCode, ok, type Result } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { createBackups } from '@host/backups.ts';
import { createBusy } from '@host/busy.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { AskListeners } from '@host/engine-process.ts';
import type { Engines } from '@host/engines.ts';
import { createEventBus } from '@host/events.ts';
import { journalFiles } from '@host/journal-lines.ts';
import { createOngoing } from '@host/ongoing.ts';
import type { Recents } from '@host/recents.ts';
import { beginWork, journalFolder, openRunJournal, startedLine } from '@host/run-journal.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { backup as record, report } from '../renderer/values.ts';
import { codeOf, must } from './scripted-host.ts';

/** Which restores were made, and which backup undoes the last of them: by how they ended, and by the file. */

const folder = temporaryFolder();

/** A database with one backup by hand, and an engine that restores as the spec says. */
function setUp() {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const [dataFolder, file] = [path.join(home, 'data'), path.join(home, 'a.db')];
  writeFileSync(file, 'as it is');
  const database: OpenEntry = { handle: 'h', name: 'a.db', folder: home, path: file };
  const stored = [record({ id: 'by hand', path: `${home}/by hand.db` })];
  const restores: string[] = [];
  let answer: (before: BackupRecord | null) => Result<unknown> = (before) => ok({ before, replacedFolder: null });
  let isSaved = true;
  const askAlone = (_: string, name: string, input: { backupPath: string }, listeners?: AskListeners) => {
    if (name === 'listBackups') return { answer: Promise.resolve(ok(stored)) };
    if (name !== 'restore') return { answer: Promise.resolve(ok(null)) };
    restores.push(input.backupPath);
    const id = `before ${restores.length}`;
    const before = isSaved ? record({ id, path: `${home}/${id}.db`, reason: 'before restore' }) : null;
    if (before !== null) {
      stored.unshift(before);
      listeners?.onWork?.({ stage: 'saving', fraction: null, canCancel: true, backup: before });
    }
    const ended = answer(before);
    if (ended.ok) writeFileSync(file, `what restore ${restores.length} has put there`);
    return { answer: Promise.resolve(ended), child: null };
  };
  const events = createEventBus();
  const changes: unknown[] = [];
  events.on((name) => void (name === 'database:changed' && changes.push(name)));
  const backups = createBackups({
    ...{ engines: { askAlone } as unknown as Engines, events, ongoing: createOngoing(events), dataFolder },
    busy: createBusy((at, kind, runId, more) =>
      beginWork(dataFolder, { ...more, kind, path: at, runId, appVersion: '0' }),
    ),
    recents: { knowsBroken: () => {}, knowsVerified: () => {} } as unknown as Recents,
    appVersion: '0',
  });
  return {
    ...{ backups, database, dataFolder, file, restores, changes },
    restore: (id = 'by hand', isUndo = false) => backups.restore(database, id, 'a.db', isUndo),
    fail: (code: ErrorCode) => (answer = () => err(appError(code, 'No.'))),
    saveNothing: () => (isSaved = false),
    undoneBy: async () => must(await backups.list(database)).undoneBy,
    times: async () => must(await backups.list(database)).restores,
    did(kind: 'backup' | 'ingest', isDone: boolean | null) {
      const end = beginWork(dataFolder, { kind, path: file, runId: `a ${kind}`, appVersion: '0' });
      if (isDone !== null) end(isDone);
    },
    ran(change: Parameters<typeof report>[0]) {
      const journal = openRunJournal(dataFolder, file, 'a run');
      const at = new Date().toISOString();
      const start = {
        at,
        runId: 'a run',
        kind: 'upgrade',
        path: file,
        toPhase: 1,
        appVersion: '0',
        plan: null,
      } as const;
      journal.write(startedLine(start));
      journal.write({ type: 'ended', at, report: report(change) });
      journal.close();
    },
  };
}

describe('a restore', () => {
  it('that was made is known by its end, and undone by the backup of what it replaced', async () => {
    const { restore, times, undoneBy } = setUp();
    expect(await times()).toEqual([]);
    const began = new Date().toISOString();

    must(await restore());

    const [at = ''] = await times();
    expect(at >= began && at <= new Date().toISOString()).toBe(true);
    expect(await undoneBy()).toBe('before 1');
  });

  it.each<ErrorCode>(['E_NO_SPACE', 'E_DB_IN_USE', 'E_STATE_CHANGED'])(
    'that failed once what is there was backed up (%s) is none: there is nothing to undo',
    async (code) => {
      const { fail, restore, times, undoneBy } = setUp();
      fail(code);
      expect(codeOf(await restore())).toBe(code);
      expect([await times(), await undoneBy()]).toEqual([[], null]);
    },
  );

  it('that failed leaves the one before it as the last that was made', async () => {
    const { fail, restore, times, undoneBy } = setUp();
    must(await restore());
    fail('E_NO_SPACE');
    await restore();
    expect(await times()).toHaveLength(1);
    expect(await undoneBy()).toBe('before 1');
  });

  it('that backed nothing up is not undone by what an older one replaced', async () => {
    const { restore, saveNothing, times, undoneBy } = setUp();
    must(await restore());
    saveNothing();
    must(await restore());
    expect(await times()).toHaveLength(2);
    expect(await undoneBy()).toBeNull();
  });

  it('of which an older version has noted that it was made is not undone at a click', async () => {
    const { dataFolder, file, restore, times, undoneBy } = setUp();
    must(await restore());
    const [journal = ''] = journalFiles(journalFolder(dataFolder, file));
    writeFileSync(journal, readFileSync(journal, 'utf8').replace(/,"leftAs":\{.*?\}/, ''));
    expect(await times()).toHaveLength(1);
    expect(await undoneBy()).toBeNull();
  });
});

describe('the restore can no longer be undone at a click', () => {
  it.each<[string, (given: ReturnType<typeof setUp>) => void]>([
    ['the file was written to', ({ file }) => appendFileSync(file, '!')],
    ['a log beside it has writes', ({ file }) => writeFileSync(`${file}-wal`, 'writes')],
    ['the file is gone', ({ file }) => rmSync(file)],
    ['an upgrade has run', ({ ran }) => ran({})],
    ['files were taken in', ({ did }) => did('ingest', true)],
    ['files are being taken in, or were until something was ended', ({ did }) => did('ingest', null)],
  ])('once %s', async (_, act) => {
    const given = setUp();
    must(await given.restore());
    act(given);
    expect(await given.undoneBy()).toBeNull();

    expect(codeOf(await given.restore('before 1', true))).toBe('E_STATE_CHANGED');

    expect(given.restores).toHaveLength(1);
    expect(given.changes).toHaveLength(2); // of the restore, and so that the window looks again
    must(await given.restore('before 1')); // somebody typed the name
  });

  it.each<[string, (given: ReturnType<typeof setUp>) => void]>([
    ['backed up', ({ did }) => did('backup', true)],
    ['refused an upgrade', ({ ran }) => ran({ ok: false, backup: null, error: appError('E_DB_BUSY', '') })],
    ['refused files', ({ did }) => did('ingest', false)],
  ])('but still where the file was only %s since', async (_, act) => {
    const given = setUp();
    must(await given.restore());
    act(given);
    expect(await given.undoneBy()).toBe('before 1');

    must(await given.restore('before 1', true));

    expect(given.restores.map((each) => path.basename(each))).toEqual(['by hand.db', 'before 1.db']);
    expect(await given.undoneBy()).toBe('before 2');
  });

  it('by another backup than the one of what it replaced', async () => {
    const { restore, restores } = setUp();
    must(await restore());
    expect(codeOf(await restore('by hand', true))).toBe('E_STATE_CHANGED');
    expect(restores).toHaveLength(1);
  });
});
