import { mkdirSync, mkdtempSync, rmdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import { appError, err, type ErrorCode, ok, type Result, safetyText } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { findById, withUniqueIds } from '@host/backup-ids.ts';
import { createBackups } from '@host/backups.ts';
import { createBusy } from '@host/busy.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { AskListeners } from '@host/engine-process.ts';
import type { Engines } from '@host/engines.ts';
import { createEventBus } from '@host/events.ts';
import { replacedFolders } from '@host/kept-files.ts';
import { createOngoing } from '@host/ongoing.ts';
import type { Recents } from '@host/recents.ts';
import { noteSetAside } from '@host/restore-begun.ts';
import { beginWork, journalFolder } from '@host/run-journal.ts';
import { createScrub, type ScrubContext } from '@host/scrub.ts';
import { readWorks } from '@host/works.ts';
import { noteOf } from '../../support/recovered-house.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { backup as record } from '../renderer/values.ts';
import { codeOf, must, scriptedHost } from './scripted-host.ts';

const folder = temporaryFolder();

describe('a backup on its way', () => {
  it('is told of, can be stopped at any moment, and leaves nothing busy', async () => {
    const { client, events, open } = scriptedHost(folder);
    const { handle } = open('long');
    const works = () => events.filter(({ name }) => name === 'work:changed').map(({ payload }) => payload);
    expect(codeOf(await client.call('work:cancel', { handle }))).toBe('E_NOTHING_TO_DO');

    const made = client.call('backup:create', { handle });
    while (works().length < 4) await sleep(5);
    const askedAt = Date.now();
    must(await client.call('work:cancel', { handle }));

    expect(codeOf(await made)).toBe('E_CANCELLED');
    expect(Date.now() - askedAt).toBeLessThan(2_000);
    expect(works()).toEqual([
      { handle, work: { kind: 'backup', now: 'Backing up', fraction: null, canCancel: false } },
      { handle, work: { kind: 'backup', now: 'Backing up', fraction: null, canCancel: true } },
      { handle, work: { kind: 'backup', now: 'Copying the database', fraction: 0.2, canCancel: true } },
      { handle, work: { kind: 'backup', now: expect.stringContaining('scratch'), fraction: 0.4, canCancel: true } },
      { handle, work: null },
    ]);
    must(await client.call('database:close', { handle }));
  });
});

describe('what a list or a backup leaves behind', () => {
  const listing = [
    record({ id: 'good' }),
    record({ id: 'bad', state: 'broken' }),
    record({ id: 'bad 2', state: 'broken' }),
  ];
  const untouched = { safety: 'untouched', nextStep: 'Try again.' } as const;
  const ended = (wasEnded: boolean) =>
    err(appError('E_CANCELLED', 'stopped', { request: 'backup', wasEnded }, untouched));
  const died = () => err(appError('E_NO_MEMORY', 'died.', { request: 'backup', exitCode: null }, untouched));

  /** @param named what the engine says of a backup before it ends. */
  function setUp(made: Result<unknown>, named?: string) {
    const asked: string[] = [];
    const inputs: unknown[] = [];
    const broken: number[] = [];
    const good: unknown[] = [];
    const askAlone = (_: string, name: string, input: unknown, listeners?: AskListeners) => {
      asked.push(name);
      inputs.push(input);
      if (named !== undefined) listeners?.onWork?.({ stage: 'copying', fraction: 0, canCancel: true, partial: named });
      const answer = name === 'listBackups' ? ok(listing) : name === 'backup' ? made : ok(null);
      return { answer: Promise.resolve(answer), child: { cancel: () => true } };
    };
    const events = createEventBus();
    const home = mkdtempSync(path.join(folder, 'home-'));
    const backups = createBackups({
      ...{ engines: { askAlone } as unknown as Engines, events, busy: createBusy(), ongoing: createOngoing(events) },
      recents: {
        knowsBroken: (_: string, count: number) => void broken.push(count),
        knowsVerified: (_: string, newest?: BackupRecord) => void good.push(newest?.id),
      } as unknown as Recents,
      ...{ dataFolder: path.join(home, 'data'), appVersion: '0' },
    });
    const database: OpenEntry = { handle: 'h', name: 'a.db', folder: home, path: path.join(home, 'a.db') };
    return { asked, inputs, broken, good, backups, database };
  }

  it('the first page knows how many are broken, and which is the last good one', async () => {
    const { backups, broken, good, database } = setUp(ok(null));
    must(await backups.list(database));
    expect([broken, good]).toEqual([[2], ['good']]);
  });

  it.each([true, false])('the file is put right where the process of a backup was ended: %s', async (wasEnded) => {
    const { asked, backups, database } = setUp(ended(wasEnded));
    expect(codeOf(await backups.create(database))).toBe('E_CANCELLED');
    expect(asked).toEqual(wasEnded ? ['backup', 'settle'] : ['backup']);
  });

  it('the file is put right where the process of a backup has died, which had named its copy', async () => {
    const partial = path.join(folder, 'gone.db.partial');
    const { asked, inputs, backups, database } = setUp(died(), partial);

    const made = await backups.create(database);

    expect(asked).toEqual(['backup', 'settle']);
    expect(inputs.at(-1)).toMatchObject({ partials: [partial] });
    expect(made).toEqual(died());
  });

  const safety = safetyText['database-untouched'];
  const isNone = 'What may be left is no backup: you can delete it.';
  it.each([
    ['its copy', ['']],
    ['the scratch file of its trial', ['.scratch']],
    ['both', ['', '.scratch']],
  ])('what is still there of a backup that was not finished is named: %s', async (_, ends) => {
    const partial = path.join(mkdtempSync(path.join(folder, 'backups-')), 'a.db.partial');
    const left = ends.map((end) => `${partial}${end}`);
    for (const file of left) writeFileSync(file, 'half');
    const message = `The backup was not finished, and ${left.join(' and ')} may be left of it.`;

    const [stopped, dead] = [setUp(ended(true), partial), setUp(died(), partial)];

    expect(await stopped.backups.create(stopped.database)).toMatchObject({
      error: { code: 'E_CANCELLED', message, safety, nextStep: `Back up again whenever you like. ${isNone}` },
    });
    expect(await dead.backups.create(dead.database)).toMatchObject({
      error: { code: 'E_NO_MEMORY', message: `died. ${message}`, safety, nextStep: `Try again. ${isNone}` },
    });
  });

  it('nothing is named of a stopped one where nothing is left', async () => {
    const { backups, database } = setUp(ended(true), path.join(folder, 'gone.db.partial'));
    expect(await backups.create(database)).toEqual(ended(true));
  });
});

describe('backups of the same name in two folders', () => {
  const [here, there] = ['/a.db backups', '/usb/a.db backups'].map((place) =>
    record({ id: 'a 2026', folder: place, path: `${place}/a 2026.db` }),
  );
  const listed = withUniqueIds([here, there, record({ id: 'b', folder: '/x' })].filter((each) => each !== undefined));

  it('are told apart by their folder; others keep their names', () => {
    expect(new Set(listed.map(({ id }) => id)).size).toBe(3);
    expect(listed[2]?.id).toBe('b');
    for (const each of listed) expect(must(findById(listed, each.id)).path).toBe(each.path);
  });

  it('are not guessed from the name alone', () => {
    const found = findById(listed, 'a 2026');
    expect(codeOf(found)).toBe('E_BACKUP_GONE');
    expect(found.ok ? '' : found.error.message).toContain('/usb/a.db backups');
    expect(codeOf(findById(listed, 'c'))).toBe('E_BACKUP_GONE');
  });

  it('are each restored, deleted and read as the one that was chosen', async () => {
    const { client, host, open } = scriptedHost(folder);
    const database = open('same');
    const other = path.join(path.dirname(database.path), 'usb', 'same.db backups');
    host.backups.remember(database.path, record({ folder: other }));
    const { backups } = must(await client.call('backup:list', { handle: database.handle }));
    expect(backups).toHaveLength(2);

    for (const { id, folder: place } of backups) {
      const call = { handle: database.handle, backupId: id };
      expect(must(await client.call('backup:verify', call)).id).toBe(id);
      const removed = must(await client.call('backup:remove', { ...call, confirmation: 'same.db' }));
      expect(removed.folder).toBe(place);
    }
  });
});

describe('deleting and putting back', () => {
  it('need the name of the file; tidying does not delete on trial', async () => {
    const { client, open } = scriptedHost(folder);
    const { handle } = open('good');
    const backupId = 'of-good.db backups';

    expect(codeOf(await client.call('backup:remove', { handle, backupId, confirmation: 'x' }))).toBe('E_CONFIRMATION');
    const shown = 'good.db replaced-First1';
    expect(codeOf(await client.call('backup:putBack', { handle, confirmation: 'x', shown }))).toBe('E_CONFIRMATION');
    must(await client.call('backup:remove', { handle, backupId, confirmation: 'good.db' }));
    const putBack = await client.call('backup:putBack', { handle, confirmation: 'good.db', shown });
    expect(codeOf(putBack)).toBe('E_NOTHING_TO_DO');
    expect(must(await client.call('backup:tidy', { handle, keep: 3, isTrial: true })).freedBytes).toBe(3);
  });

  it('tidying lets the engine delete what the window has shown, and nothing where it names nothing', async () => {
    const asked: object[] = [];
    const { client, host, open } = scriptedHost(folder);
    const database = open('good');
    const { askAlone } = host.engines;
    vi.spyOn(host.engines, 'askAlone').mockImplementation((...args: Parameters<typeof askAlone>) => {
      if (args[1] === 'tidyBackups') asked.push(args[2]);
      return askAlone(...args);
    });
    const call = { handle: database.handle, keep: 1, isTrial: false };

    const { removed } = must(await client.call('backup:tidy', { ...call, shown: ['/b/a.db'] }));
    must(await client.call('backup:tidy', call));
    must(await host.backups.tidy(database, 1, false)); // the command line agrees to the rule

    expect(removed.map(({ path: backup }) => backup)).toEqual(['/b/a.db']);
    expect(asked).toMatchObject([{ shown: ['/b/a.db'] }, { shown: [] }, {}]);
    expect(asked[2]).not.toHaveProperty('shown');
  });

  it('is told to every window, which may list the same backups', async () => {
    const { client, events, open } = scriptedHost(folder);
    const { handle } = open('good');
    const told = () => events.filter(({ name }) => name === 'database:changed').map(({ payload }) => payload);

    must(await client.call('backup:tidy', { handle, keep: 1, isTrial: false, shown: [] }));
    expect(told()).toEqual([{ handle }]);
    must(await client.call('backup:remove', { handle, backupId: 'of-good.db backups', confirmation: 'good.db' }));
    expect(told()).toEqual([{ handle }, { handle }]);
  });

  it('keeps the backup of a run that did not come to a proven end', async () => {
    const { client, host, open } = scriptedHost(folder);
    const database = open('untrue');
    const request = { toPhase: 1, fingerprint: null, plan: null, backupFolder: `${database.path} backups` };
    const run = must(host.runs.start(database, { ...request, source: { kind: 'guess' }, isRemovalConfirmed: false }));
    await run.done;

    const { kept } = must(await client.call('backup:tidy', { handle: database.handle, keep: 1, isTrial: true }));

    expect(kept.map(({ why }) => why)).toEqual([expect.stringMatching(/not come to a proven end/)]);
  });

  it('finds what a restore set aside by the name that only we give', async () => {
    const { open } = scriptedHost(folder);
    const { path: file } = open('good');
    for (const name of ['good.db replaced-Abc123', 'good.db replaced-elsewhere', 'other.db replaced-Abc123'])
      setAsideIn(file, name);
    writeFileSync(path.join(path.dirname(file), 'good.db replaced-file12'), 'x');
    const found = await replacedFolders(file, []);

    expect(found.map((kept) => path.basename(kept.folder))).toEqual(['good.db replaced-Abc123']);
  });
});

/** As a restore leaves it: a folder of this name beside the database, with what was there. */
function setAsideIn(file: string, name: string, holds = path.basename(file)): string {
  const kept = path.join(path.dirname(file), name);
  mkdirSync(kept);
  writeFileSync(path.join(kept, holds), 'bytes');
  return kept;
}

describe('where what was noted of a database cannot be read', () => {
  it('no backup goes, also not on trial: nobody can say which of them are needed', async () => {
    const { client, dataFolder, open } = scriptedHost(folder);
    const { handle, path: file } = open('good');
    const journal = path.join(journalFolder(dataFolder, file), 'r1.jsonl');
    mkdirSync(journal, { recursive: true });
    const backupId = 'of-good.db backups';
    const removing = { handle, backupId, confirmation: 'good.db' };

    const answers = [
      await client.call('backup:remove', removing),
      await client.call('backup:tidy', { handle, keep: 1, isTrial: true }),
      await client.call('backup:tidy', { handle, keep: 1, isTrial: false }),
    ];

    expect(answers.map(codeOf)).toEqual(['E_DATA_FOLDER', 'E_DATA_FOLDER', 'E_DATA_FOLDER']);
    expect(answers.map((each) => (each.ok ? '' : each.error.message))).toContainEqual(
      expect.stringMatching(/r1\.jsonl cannot be used .* all of them stay\.$/),
    );
    must(await client.call('backup:list', { handle }));
    rmdirSync(journal);
    must(await client.call('backup:remove', removing));
  });
});

describe('what the last restore set aside', () => {
  const aside = (file: string, end: string, holds?: string) =>
    setAsideIn(file, `${path.basename(file)} replaced-${end}`, holds);
  const latest = async (file: string, works: Parameters<typeof replacedFolders>[1] = []) =>
    (await replacedFolders(file, works)).map((kept) => kept.folder.slice(-6));

  it('is known by the journals, whatever the clock and the folders say', async () => {
    const { client, dataFolder, open } = scriptedHost(folder);
    const { handle, path: file } = open('good');
    for (const [runId, end, day] of [
      ['w1', 'First1', 20],
      ['w2', 'Secon2', 10],
    ] as const) {
      const isOver = beginWork(dataFolder, { kind: 'restore', path: file, runId, appVersion: '0', restores: '/b.db' });
      const kept = aside(file, end);
      utimesSync(kept, new Date(2026, 0, day), new Date(2026, 0, day));
      noteSetAside(dataFolder, file, runId, kept);
      isOver(true);
    }
    writeFileSync(path.join(`${file} replaced-First1`, '.DS_Store'), '');

    expect(await latest(file, readWorks(dataFolder, file))).toEqual(['Secon2', 'First1']);
    expect(must(await client.call('backup:list', { handle })).replaced?.folder).toMatch(/Secon2$/);
  });

  it('is noted by whatever sets something aside', async () => {
    const { client, dataFolder, open } = scriptedHost(folder);
    const { handle, path: file } = open('good');
    const aside1 = aside(file, 'First1');

    must(await client.call('backup:putBack', { handle, confirmation: 'good.db', shown: aside1 }));

    expect(readWorks(dataFolder, file)).toMatchObject([
      { kind: 'restore', isOver: true, setAside: 'good.db replaced-First1!', started: { restores: aside1 } },
    ]);
  });

  it('is not put back where it is other than what was shown: its window looks again', async () => {
    const { client, dataFolder, events, open } = scriptedHost(folder);
    const { handle, path: file } = open('good');
    const shown = aside(file, 'First1');
    utimesSync(shown, 1_000, 1_000);
    const isOver = beginWork(dataFolder, {
      kind: 'restore',
      path: file,
      runId: 'w1',
      appVersion: '0',
      restores: '/b.db',
    });
    noteSetAside(dataFolder, file, 'w1', aside(file, 'Secon2'));
    isOver(true); // by the command line, say

    const refused = await client.call('backup:putBack', { handle, confirmation: 'good.db', shown });

    expect(codeOf(refused)).toBe('E_STATE_CHANGED');
    expect(events).toContainEqual({ name: 'database:changed', payload: { handle } });
    expect(readWorks(dataFolder, file)).toHaveLength(1);
  });

  it.each([
    ['First1', 'Secon2'],
    ['Secon2', 'First1'],
  ])('is the one that a journal names, where one that none names is of the same moment: %s', async (noted, other) => {
    const { dataFolder, open } = scriptedHost(folder);
    const { path: file } = open('good');
    for (const end of [noted, other]) utimesSync(aside(file, end), 1_000, 1_000); // one tick of a coarse clock
    const named = { kind: 'restore', path: file, runId: 'w1', appVersion: '0', restores: '/b.db' } as const;
    beginWork(dataFolder, named)(true);
    noteSetAside(dataFolder, file, 'w1', `${file} replaced-${noted}`);

    expect(await latest(file, readWorks(dataFolder, file))).toEqual([noted, other]);
  });

  it.skipIf(statSync(folder).birthtimeMs === 0)('is known by when it was made, where no journal names it', async () => {
    const { open } = scriptedHost(folder);
    const { path: file } = open('good');
    for (const end of ['First1', 'Secon2']) {
      aside(file, end);
      await sleep(30);
    }
    writeFileSync(path.join(`${file} replaced-First1`, '.DS_Store'), '');

    expect(await latest(file)).toEqual(['Secon2', 'First1']);
  });

  it('is what an interrupted restore over a damaged file has kept, before what any other has set aside', async () => {
    const { client, dataFolder, open } = scriptedHost(folder);
    const { handle, path: file } = open('good');
    beginWork(dataFolder, { kind: 'restore', path: file, runId: 'w1', appVersion: '0', restores: '/b.db' })(true);
    noteSetAside(dataFolder, file, 'w1', aside(file, 'Other1'));
    const kept = aside(file, 'Kept22');
    utimesSync(kept, 1_000, 1_000);
    writeFileSync(
      intentFile(file),
      JSON.stringify({ ...noteOf({ quarantine: path.basename(kept) }), databaseName: 'good.db' }),
    );

    expect(must(await client.call('backup:list', { handle })).replaced?.folder).toBe(kept);
    must(await client.call('backup:putBack', { handle, confirmation: 'good.db', shown: kept }));
    expect(readWorks(dataFolder, file)[0]).toMatchObject({ isOver: true, started: { restores: kept } });
  });

  it('is what can be put back: a log without its database hides no earlier one', async () => {
    const { open } = scriptedHost(folder);
    const { path: file } = open('good');
    const whole = aside(file, 'Whole1');
    utimesSync(whole, 1_000, 1_000);
    aside(file, 'Stray2', 'good.db-wal');
    mkdirSync(path.join(aside(file, 'Strng3'), 'good.db-wal'));

    expect(await latest(file)).toEqual(['Whole1']);
  });
});

describe('reading stored backups again at start (R11)', () => {
  const dayAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
  const stored = (id: string, days: number, change: Partial<BackupRecord> = {}): BackupRecord =>
    record({ id, path: `/b/${id}.db`, databasePath: '/a.db', createdAt: dayAgo(days), ...change });

  const UNREADABLE: Readonly<Record<string, ErrorCode>> = { torn: 'E_IO', forbidden: 'E_NO_PERMISSION' };

  async function scrubbed(backups: BackupRecord[], more: Partial<ScrubContext> = {}, msEach = 0) {
    const read: string[] = [];
    const broken: string[] = [];
    const busy = more.busy ?? createBusy();
    const askAlone = ((_file: string, name: string, input: { backupPath: string }) => {
      const id = name === 'listBackups' ? '' : path.basename(input.backupPath, '.db');
      if (id !== '') read.push(id);
      const value = name === 'listBackups' ? backups : { state: id === 'bad' ? 'broken' : 'verified' };
      const error = UNREADABLE[id];
      const result = error === undefined ? ok(value) : err(appError(error, ''));
      return { answer: sleep(msEach).then(() => result) };
    }) as unknown as ScrubContext['engines']['askAlone'];
    const scrub = createScrub({
      ...{ engines: { askAlone }, busy, events: createEventBus(), idleMs: 0, budgetMs: 1_000 },
      recents: { paths: async () => ['/a.db'], knowsBroken: (file) => void broken.push(file) },
      databases: { find: () => undefined },
      placesOf: async (databasePath) => ({ databasePath, folders: [folder] }),
      ...more,
    });
    scrub.start();
    await sleep(120);
    scrub.stop();
    return { read, broken };
  }

  it('reads those first that were not read for longest, and tells of a broken one', async () => {
    const again = { lastCheck: { at: dayAgo(9), ok: true, error: null } };
    const backups = [stored('fresh', 0), stored('bad', 3), stored('old', 30), stored('again', 40, again)];
    expect(await scrubbed(backups)).toEqual({ read: ['old', 'again', 'bad'], broken: ['/a.db'] });
  });

  it('says how it found each, to whoever lists them', async () => {
    const found: unknown[] = [];
    await scrubbed([stored('bad', 3), stored('old', 2), stored('torn', 1)], {
      onRead: ({ state }) => found.push(state),
    });
    expect(found).toEqual(['broken', 'verified']);
  });

  it.each([
    ['torn', ['/a.db']],
    ['forbidden', []],
  ])('one that cannot be read (%s) is told of only where that is the disk', async (id, broken) => {
    expect(await scrubbed([stored(id, 3), stored('old', 2)])).toEqual({ read: [id, 'old'], broken });
  });

  it('stops at its budget, but reads at least one, however large', async () => {
    const sizeBytes = 50_000_000_000;
    const backups = [stored('large', 9, { sizeBytes }), stored('larger', 8, { sizeBytes }), stored('small', 7)];
    expect((await scrubbed(backups)).read).toEqual(['large', 'small']);
    expect((await scrubbed(backups, { budgetMs: 10 }, 20)).read).toEqual(['large']);
  });

  it('waits while anything is going on', async () => {
    const busy = createBusy();
    const free = must(busy.take('/a.db', 'backup'));
    expect((await scrubbed([stored('old', 9)], { busy })).read).toEqual([]);
    free();
  });
});
