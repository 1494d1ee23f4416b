import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { begunWay } from '@host/begun-way.ts';
import { rememberFolder } from '@host/backups.ts';
import { asWhole, type ContinuingRun, earlierBackups, earlierParts } from '@host/continued.ts';
import { defaultBackupFolder, type OpenEntry } from '@host/databases.ts';
import { reveal } from '@host/door.ts';
import type { Engines } from '@host/engines.ts';
import { backupsBefore, notedIn, openRunsIn } from '@host/file-runs.ts';
import { openDatabase } from '@host/handlers.ts';
import { lastSetAside } from '@host/kept-files.ts';
import { appendToJournal, journalFolder, type JournalLine, openRunJournal, startedLine } from '@host/run-journal.ts';
import { createSources } from '@host/sources.ts';
import { unusableBackups } from '@host/unusable-backups.ts';
import { readWorks, type Work } from '@host/works.ts';
import { isWrittenSince } from '@host/written-since.ts';
import { ok } from '@shared/errors.ts';
import type { Plan, RunReport } from '@shared/run.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fileRun, record, status } from '../../support/recovered-house.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, codeOf, makeFolder, must, scriptedHost } from './scripted-host.ts';
import { drive } from './silent-drive.ts';

/**
 * What a database has on other drives than its own: where such a drive does not answer, nobody waits for it in this
 * process, and nothing on it is called gone.
 */

vi.mock('node:fs', async (original) => (await import('./silent-drive.ts')).notingTouches(await original()));
vi.mock('@host/drives.ts', async (original) => (await import('./silent-drive.ts')).fallingSilent(await original()));

const folder = temporaryFolder();
afterEach(() => {
  const { touched } = drive;
  Object.assign(drive, { isSilent: false, touched: [], links: [] });
  if (touched.length > 0) throw new Error(`waited for: ${touched.join(', ')}`);
});

/** A database that answers, and a drive that does not. */
function setUp() {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const file = path.join(home, 'a.db');
  writeFileSync(file, 'bytes');
  const away = makeFolder(home, 'away', 'chosen');
  const database: OpenEntry = { handle: 'h', name: 'a.db', folder: home, path: file };
  const asked: [name: string, input: unknown][] = [];
  const askAlone = (_: string, name: string, input: unknown) => {
    asked.push([name, input]);
    return { answer: Promise.resolve(ok([])), child: null };
  };
  const engines = { askAlone, ask: (...args: [string, string, unknown]) => askAlone(...args).answer };
  const journal = (runId: string, lines: object[], more: object = {}) => {
    const started = { type: 'started', runId, path: file, toPhase: 1, pid: 999_999_999, appVersion: '0', plan: null };
    for (const line of [{ ...started, ...more }, ...lines])
      appendToJournal(journalFolder(home, file), runId, { at: '', ...line } as JournalLine);
  };
  const backup = (place: string) => {
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, '');
    return { type: 'backup', backupPath: place, sha256: '', verified: true };
  };
  const fallsSilent = () => (drive.isSilent = true);
  return { home, file, away, database, asked, engines: engines as unknown as Engines, journal, backup, fallsSilent };
}

describe('folders that were chosen for an upgrade', () => {
  /** One that was begun with a folder for its backups and one of run logs, which are away now. */
  async function begun() {
    const house = closedAfter(scriptedHost(folder));
    const { path: file, handle } = house.open('logs');
    const atFirst = must(await house.client.call('plan:make', { handle, toPhase: 1 }));
    const [backups, logs] = ['backups', 'logs'].map((name) => makeFolder(house.home, 'away', name));
    const source = atFirst.source && { ...atFirst.source, choice: 'chosen' as const, folder: logs ?? null };
    const plan: Plan = { ...atFirst, source, backupFolder: backups ?? '' };
    const journal = openRunJournal(house.dataFolder, file, 'r1');
    const work = { at: '2026-11-21T14:00:00Z', runId: 'r1', path: file, toPhase: 1, appVersion: '0' };
    journal.write(startedLine({ ...work, kind: 'upgrade', plan }));
    journal.close();
    writeFileSync(file, 'run r1');
    drive.isSilent = true;
    return { ...house, file, handle, backups, logs };
  }

  it('stay chosen: a plan is not made for another folder, but says which one does not answer', async () => {
    const { client, handle, backups } = await begun();

    const planned = await client.call('plan:make', { handle, toPhase: 1 });

    expect(planned).toMatchObject({
      error: { code: 'E_TIMEOUT', message: expect.stringContaining(backups ?? '-') as string },
    });
  });

  it('stay chosen where nobody knows a plan: nothing is started, and no other folder takes the backup', async () => {
    const { client, host, handle } = await begun();
    const started = vi.spyOn(host.runs, 'start');

    const refused = await client.call('run:start', { handle, toPhase: 1, fingerprint: 'unknown', confirmation: null });

    expect(codeOf(refused)).toBe('E_TIMEOUT');
    expect(started).not.toHaveBeenCalled();
  });

  it('are told with what was interrupted', async () => {
    const { dataFolder, file, backups, logs } = await begun();
    const way = await begunWay(readWorks(dataFolder, file), status({ applied: 1 }));
    expect(way).toEqual({ backupFolder: backups, source: { kind: 'folder', folder: logs } });
  });
});

describe('the folder with the files that a phase reads', () => {
  it('stays said, and is taken by nobody whose look would wait for it', async () => {
    const { home, database, engines, asked, away, fallsSilent } = setUp();
    const sources = createSources({ engines, dataFolder: home });
    must(await sources.use(database, away));
    asked.length = 0;
    fallsSilent();

    expect(await sources.choiceOf(database)).toEqual({ kind: 'folder', folder: away });
    expect(codeOf(await sources.use(database, away))).toBe('E_TIMEOUT');
    expect(asked).toEqual([]);
  });

  it('is what was said last, also where that was said while the one before was looked at', async () => {
    const { home, database, engines } = setUp();
    const sources = createSources({ engines, dataFolder: home });
    const [first, then] = ['first', 'then'].map((name) => makeFolder(home, name)) as [string, string];
    must(await sources.use(database, first));
    const told = sources.saidOf(database);
    const { writeJsonFile } = await import('@host/json-file.ts');
    const { databaseKey } = await import('@host/databases.ts');
    const noted = path.join(home, 'sources', `${databaseKey(database.path)}.json`);
    writeJsonFile(noted, { kind: 'folder', folder: then });

    expect(await told).toEqual({ kind: 'folder', folder: then });
  });
});

describe('the backups of earlier parts', () => {
  it('are taken from the usual folder where they lie there as well, and else told where they were', async () => {
    const { home, file, away, journal, backup, fallsSilent } = setUp();
    journal('r1', [backup(path.join(away, 'b1.db'))]);
    journal('r2', [backup(path.join(away, 'b2.db'))]);
    const near = backup(path.join(defaultBackupFolder(file), 'b2.db')).backupPath;
    fallsSilent();

    const earlier = await earlierBackups(earlierParts(home, file));

    expect(earlier.map(({ backupPath }) => backupPath)).toEqual([path.join(away, 'b1.db'), near]);
  });

  it('are not said to be gone by the report of the whole, and the engine is asked in no folder that hangs', async () => {
    const { home, file, away, engines, asked, journal, backup, fallsSilent } = setUp();
    const keptIn = makeFolder(away, 'a.db 2026-11-21 14.00.00 before recovery');
    journal('r1', [backup(path.join(away, 'b1.db')), { type: 'kept', folder: keptIn }]);
    fallsSilent();
    const run: ContinuingRun = {
      ...{ parts: earlierParts(home, file), snapshot: { steps: [] }, stop: new AbortController(), child: null },
    };
    const ended = { backup: record('b2'), migrations: [], tables: [], continuedRuns: ['r1'] };

    const report = await asWhole(engines, run, ended as unknown as RunReport);

    expect(report).toMatchObject({ continues: { original: null, whyNone: 'unread' }, earlierKeptIn: [keptIn] });
    expect(asked).toEqual([['listBackups', { folders: [defaultBackupFolder(file)], databasePath: file }]]);
  });

  it('are told to the verdict where they lie, and looked for in the folders that answer alone', async () => {
    const { home, file, away, engines, asked, journal, backup, fallsSilent } = setUp();
    journal('r1', [backup(path.join(away, 'b1.db'))]);
    const open = openRunsIn(home, file, [fileRun('r1')]);
    fallsSilent();

    const earlier = await backupsBefore(engines, open, { databasePath: file });

    expect(earlier).toEqual([{ runId: 'r1', backupPath: path.join(away, 'b1.db') }]);
    expect(asked).toEqual([['listBackups', { folders: [defaultBackupFolder(file)], databasePath: null }]]);
  });
});

describe('a file that a run was begun on', () => {
  it('is not taken for one that was renamed: what was proven of it is not true of this one, nor noted with it', () => {
    const { home, file, journal, fallsSilent } = setUp();
    const there = path.join(home, 'away', 'moved.db');
    journal('r1', [{ type: 'verdict', verified: true, checks: [], error: null }], { path: there });
    fallsSilent();

    const open = openRunsIn(home, path.join(home, 'copy.db'), [fileRun('r1')]);

    expect(open.map(({ run }) => run.runId)).toEqual(['r1']);
    expect(notedIn(home, file, open[0]?.work as Work)).toBe(journalFolder(home, file));
  });
});

describe('the usual folder of backups, a link to that drive,', () => {
  const link = (file: string, away: string) => {
    symlinkSync(away, defaultBackupFolder(file));
    Object.assign(drive, { isSilent: true, links: [defaultBackupFolder(file)] });
  };

  it('is told as one that nobody could look into', async () => {
    const { database, file, away, engines, asked } = setUp();
    link(file, away);

    const found = await unusableBackups(engines, database, []);

    expect(found).toMatchObject(ok([{ path: defaultBackupFolder(file), why: { code: 'E_TIMEOUT' } }]));
    expect(asked).toEqual([]);
  });

  it('keeps nobody from the backups in other folders', async () => {
    const house = closedAfter(scriptedHost(folder));
    const { handle, path: file } = house.open('good');
    const chosen = makeFolder(house.home, 'near', 'chosen');
    rememberFolder(house.dataFolder, file, chosen);
    link(file, makeFolder(house.home, 'away', 'backups'));

    const { backups, unusable } = must(await house.client.call('backup:list', { handle }));

    expect(backups.map(({ folder: at }) => at)).toEqual([chosen]);
    expect(unusable).toMatchObject([{ path: defaultBackupFolder(file), why: { code: 'E_TIMEOUT' } }]);
  });
});

describe('a file', () => {
  it('is not opened there: whoever asks is told which drive does not answer', async () => {
    const house = closedAfter(scriptedHost(folder));
    const file = path.join(makeFolder(house.home, 'away'), 'a.db');
    writeFileSync(file, 'bytes');
    drive.isSilent = true;

    const opened = await openDatabase(house.host, file);

    expect(opened).toMatchObject({ error: { code: 'E_TIMEOUT', message: expect.stringContaining(file) as string } });
    expect(house.host.databases.list()).toEqual([]);
  });

  it('is not shown there, and not said to be missing', async () => {
    const { away, fallsSilent } = setUp();
    fallsSilent();
    const revealFile = vi.fn<(file: string) => void>();
    expect(codeOf(await reveal({ revealFile } as never, path.join(away, 'x.csv')))).toBe('E_TIMEOUT');
    expect(revealFile).not.toHaveBeenCalled();
  });

  it('is not written there by an export, for which no engine is begun', async () => {
    const house = closedAfter(scriptedHost(folder));
    const database = house.open('app');
    const target = path.join(makeFolder(house.home, 'away'), 'rows.csv');
    drive.isSilent = true;

    const written = await house.host.exports.startIssues(database, 'csv', target);

    expect(codeOf(written)).toBe('E_TIMEOUT');
    expect(house.host.exports.isWriting()).toBe(false);
  });

  it('is not said to be written by another program since, nor to have nothing beside it that could be put back', async () => {
    const { away, fallsSilent } = setUp();
    const file = path.join(away, 'a.db');
    writeFileSync(file, 'bytes');
    fallsSilent();
    expect(await isWrittenSince(file, { bytes: '1', changedAt: '1' })).toBe(false);
    expect(await lastSetAside(file, [])).toBeNull(); // the list of backups then says that nobody knows
  });
});
