import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { createDatabases, defaultBackupFolder, resolveDatabasePath } from '@host/databases.ts';
import { openDatabase } from '@host/handlers.ts';
import { limitFor } from '@host/engines.ts';
import { dataFolderPath, ensureFolder } from '@host/data-folder.ts';
import { toAppError } from '@shared/errors.ts';
import { openRunJournal, startedLine } from '@host/run-journal.ts';
import { buildSample } from '@host/samples.ts';
import { readWorks } from '@host/works.ts';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { backup } from '../renderer/values.ts';
import { closedAfter, codeOf, makeFolder, must, scriptedHost, until } from './scripted-host.ts';

const folder = temporaryFolder();
const noExtras = { source: { kind: 'none' }, isRemovalConfirmed: false } as const;
const setUp = (...door: Parameters<typeof scriptedHost>[1][]) => closedAfter(scriptedHost(folder, ...door));

describe('databases', () => {
  it('have one random handle per file, however it is named', () => {
    const home = makeFolder(folder, 'names');
    const file = path.join(home, 'a.db');
    writeFileSync(file, 'x');
    symlinkSync(file, path.join(home, 'link.db'));
    const databases = createDatabases();

    const first = must(databases.open(file));
    const linked = must(databases.open(path.join(home, 'link.db')));
    const dotted = must(databases.open(path.join(home, '.', 'x', '..', 'a.db')));

    expect(new Set([first.handle, linked.handle, dotted.handle]).size).toBe(1);
    expect(linked.path).toBe(file);
    expect(first.handle).not.toContain('a.db');
  });

  it('refuse what is not a usable file, with a code', () => {
    const home = makeFolder(folder, 'odd');
    writeFileSync(path.join(home, 'bell\u0007.db'), 'x');
    symlinkSync(path.join(home, 'gone'), path.join(home, 'dangling.db'));
    symlinkSync(path.join(home, 'loop.db'), path.join(home, 'loop.db'));
    execFileSync('mkfifo', [path.join(home, 'pipe.db')]);
    linkSync(path.join(home, 'bell\u0007.db'), path.join(home, 'two-names.db')); // the engine's gate decides
    const messageOf = (name: string) => {
      const result = resolveDatabasePath(path.join(home, name));
      return result.ok ? '' : result.error.message;
    };
    expect(messageOf('dangling.db')).toMatch(/is a link to a file that is not there\.$/);
    expect(messageOf('loop.db')).toMatch(/is a link that leads back to itself\.$/);
    expect(messageOf(`${'x'.repeat(300)}.db`)).toMatch(/is too long\.$/);
    expect(messageOf('a.db ')).toMatch(/begins or ends with a space\.$/);
    const codes = [
      'missing.db',
      '.',
      'bell\u0007.db',
      'dangling.db',
      'loop.db',
      'pipe.db',
      'a.db ',
      'a\0.db',
      'two-names.db',
    ].map((name) => codeOf(resolveDatabasePath(path.join(home, name))));
    expect(codes).toEqual([
      'E_NOT_FOUND',
      'E_NOT_A_FILE',
      'E_PATH_UNSUPPORTED',
      'E_NOT_FOUND',
      'E_NOT_FOUND',
      'E_NOT_A_FILE',
      'E_PATH_UNSUPPORTED',
      'E_PATH_UNSUPPORTED',
      'no error',
    ]);
  });
});

describe('looking', () => {
  it('goes on during a run, with the last status there is', async () => {
    const { client, host, open } = setUp();
    const { handle } = open('waits');
    const plan = must(await client.call('plan:make', { handle, toPhase: 1 }));
    await client.call('run:start', { handle, toPhase: 1, fingerprint: plan.fingerprint, confirmation: null });

    expect(codeOf(await client.call('database:status', { handle }))).toBe('E_RUN_ACTIVE'); // nothing known yet
    await host.runs.cancelAll();
    const known = must(await client.call('database:status', { handle }));
    await client.call('run:start', { handle, toPhase: 1, fingerprint: plan.fingerprint, confirmation: null });

    expect(must(await client.call('database:status', { handle }))).toEqual(known);
    // It would be called a full one, and nothing of the content is read now.
    for (const name of ['database:check', 'backup:create', 'database:close'] as const)
      expect(codeOf(await client.call(name, { handle }))).toBe('E_RUN_ACTIVE');
    expect(codeOf(await client.call('issues:list', { handle, afterId: null, limit: 10 }))).toBe('E_RUN_ACTIVE');
    await host.runs.cancelAll();
  });

  it('survives an engine that crashes, and says so', async () => {
    const { client, events, open } = setUp();
    const { handle } = open('crash');
    const result = await client.call('database:status', { handle });
    expect(codeOf(result)).toBe('E_WORKER_DIED');
    expect(events.at(-1)).toMatchObject({ name: 'engine:died', payload: { handle } });
    expect(codeOf(await client.call('database:list', {}))).toBe('no error');
  });

  it('remembers databases that could be read, not those that could not', async () => {
    const { client, open, events } = setUp();
    await client.call('database:status', { handle: open('good').handle });
    await client.call('database:status', { handle: open('crash').handle });

    const recents = must(await client.call('recents:list', {}));
    expect(recents.map(({ name, exists, packTitle, sizeBytes }) => [name, exists, packTitle, sizeBytes])).toEqual([
      ['good.db', true, 'Kroma', 5],
    ]);

    const recentId = recents[0]?.recentId ?? '';
    expect(must(await client.call('database:openRecent', { recentId })).handle).toBe(open('good').handle);
    expect(events.some(({ name }) => name === 'database:opened')).toBe(true);
    rmSync(path.join(recents[0]?.folder ?? '', 'good.db'));
    expect(must(await client.call('recents:list', {}))[0]).toMatchObject({ exists: false, sizeBytes: null });
    await client.call('recents:remove', { recentId });
    expect(must(await client.call('recents:list', {}))).toEqual([]);
  });

  it('opens a recent database whose file is gone, for its backups, but not without its folder', async () => {
    const { client, open, home } = setUp();
    const lost = makeFolder(home, 'lost');
    const before = open('lost/good');
    must(await client.call('database:status', { handle: before.handle }));
    must(await client.call('database:close', { handle: before.handle }));
    const [recent] = must(await client.call('recents:list', {}));
    const openAgain = () => client.call('database:openRecent', { recentId: recent?.recentId ?? '' });

    rmSync(before.path);
    const { handle, name, folder: where } = must(await openAgain());
    expect([name, where]).toEqual(['good.db', lost]);
    expect(must(await client.call('backup:list', { handle })).folder).toBe(defaultBackupFolder(before.path));

    writeFileSync(before.path, 'bytes');
    expect(must(await openAgain()).handle).toBe(handle); // back in its place, it is the same one
    must(await client.call('database:close', { handle }));

    rmSync(before.path);
    symlinkSync(path.join(home, 'away.db'), before.path);
    const dead = await openAgain();
    expect(codeOf(dead), 'a link whose end is away has no place of its own').toBe('E_NOT_FOUND');
    expect(JSON.stringify(dead)).toContain('is a link to a file that is not there');

    rmSync(lost, { recursive: true });
    const refused = await openAgain();
    expect(codeOf(refused)).toBe('E_NOT_FOUND');
    expect(refused).toMatchObject({ error: { nextStep: expect.stringContaining('drive that is not connected') } });
  });

  it('lists recent databases also when one is below what is a file now', async () => {
    const { client, open, home } = setUp();
    const lost = makeFolder(home, 'lost');
    writeFileSync(path.join(lost, 'good.db'), 'bytes');
    const { handle } = open('lost/good');
    must(await client.call('database:status', { handle }));
    rmSync(lost, { recursive: true });
    writeFileSync(lost, '');

    expect(must(await client.call('recents:list', {}))).toMatchObject([{ name: 'good.db', exists: false }]);
    expect(codeOf(resolveDatabasePath(path.join(lost, 'good.db')))).toBe('E_NOT_FOUND');
    expect(await limitFor('inspect', { path: '', check: 'schema' }, path.join(lost, 'good.db'))).toBe(15_000);
  });

  it('knows no database after it was closed', async () => {
    const { client, open, events } = setUp();
    const { handle } = open('good');
    await client.call('database:close', { handle });
    expect(codeOf(await client.call('database:status', { handle }))).toBe('E_UNKNOWN_HANDLE');
    expect(events.at(-1)).toEqual({ name: 'database:closed', payload: { handle } });
  });
});

describe('backups', () => {
  it('go into a folder beside the database and named after it', async () => {
    const { client, open, home } = setUp();
    const { handle } = open('good');
    const made = must(await client.call('backup:create', { handle }));
    expect(made).toMatchObject({ folder: path.join(home, 'good.db backups'), reason: 'by hand' });
  });

  it('in other folders are found again', async () => {
    const { client, host, open, home } = setUp();
    const database = open('good');
    const elsewhere = path.join(home, 'elsewhere');
    const request = { toPhase: 1, fingerprint: null, plan: null, backupFolder: elsewhere, ...noExtras };
    await must(host.runs.start(database, request)).done;
    const listed = must(await client.call('backup:list', { handle: database.handle }));
    expect(listed.folder).toBe(defaultBackupFolder(database.path));
    expect(listed.backups.map(({ folder: where }) => where).toSorted()).toEqual([elsewhere, listed.folder].toSorted());
  });

  describe('of an upgrade that is gone on with', () => {
    /** One that was begun with a folder for its backups and one of run logs, and has noted itself in the file. */
    const begun = async (choice: 'chosen' | 'declined') => {
      const { client, host, open, home } = setUp();
      const { path: file, handle } = open('logs');
      const planned = async (of = handle) => must(await client.call('plan:make', { handle: of, toPhase: 1 }));
      const atFirst = await planned();
      const [elsewhere, logs] = [makeFolder(home, 'elsewhere'), makeFolder(home, 'logs')];
      const source = atFirst.source && { ...atFirst.source, choice, folder: choice === 'chosen' ? logs : null };
      const work = { ...{ at: '2026-11-21T14:00:00Z', runId: 'r1', path: file, toPhase: 1, appVersion: '0' } };
      const journal = openRunJournal(host.dataFolder, file, 'r1');
      journal.write(startedLine({ ...work, kind: 'upgrade', plan: { ...atFirst, source, backupFolder: elsewhere } }));
      journal.close();
      writeFileSync(file, 'run r1');
      return { client, host, home, file, handle, planned, elsewhere, logs };
    };
    const usual = (file: string) => ({ backupFolder: defaultBackupFolder(file), source: { choice: 'guessed' } });

    it('go where those before it went, while that folder is there', async () => {
      const { file, planned, elsewhere, logs } = await begun('chosen');
      expect(await planned()).toMatchObject({ backupFolder: elsewhere, source: { choice: 'chosen', folder: logs } });

      rmSync(elsewhere, { recursive: true });
      rmSync(logs, { recursive: true });
      expect(await planned()).toMatchObject(usual(file));
    });

    it('go to the usual place where another file lies at that path by now, or nothing was begun in it', async () => {
      const { client, file, handle, planned } = await begun('chosen');
      must(await client.call('database:status', { handle })); // what was seen of the one before does not count
      writeFileSync(file, 'another one');
      expect(await planned()).toMatchObject(usual(file));
    });

    it('go where they went also under a new name, whose usual folder is another one', async () => {
      const { client, host, home, file, planned, elsewhere } = await begun('chosen');
      const moved = path.join(home, 'moved.db');
      renameSync(file, moved);
      const { handle } = must(await openDatabase(host, moved));
      must(await client.call('database:status', { handle }));
      expect((await planned(handle)).backupFolder).toBe(elsewhere);
    });

    it('is done without run logs where that was said, until that is taken back', async () => {
      const { client, handle, planned } = await begun('declined');
      expect(await planned()).toMatchObject({ source: { choice: 'declined', folder: null } });
      must(await client.call('source:decline', { handle, isDeclined: false }));
      expect(await planned()).toMatchObject({ source: { choice: 'guessed' } });
    });
  });

  it('are restored only when the file name was typed', async () => {
    const { client, host, open, events } = setUp();
    const { handle, path: file } = open('good');
    const backupId = 'of-good.db backups';
    const restore = (confirmation: string, id = backupId) =>
      client.call('backup:restore', { handle, backupId: id, confirmation });

    expect(codeOf(await restore('good'))).toBe('E_CONFIRMATION');
    expect(codeOf(await restore('GOOD.DB'))).toBe('E_CONFIRMATION');
    expect(codeOf(await restore('good.db', '../../etc/passwd'))).toBe('E_BACKUP_GONE');
    expect(codeOf(await restore('good.db'))).toBe('no error');
    expect(events.at(-1)).toEqual({ name: 'database:changed', payload: { handle } });
    const [backup] = must(await client.call('backup:list', { handle })).backups;
    expect(readWorks(host.dataFolder, file)[0]?.started).toMatchObject({ kind: 'restore', restores: backup?.path });
  });

  it('are restored, deleted and put back also where nobody can type the name as it is stored', async () => {
    const { client, open } = setUp();
    const { handle } = open('Gro\u0308\u00dfe  1\u00a0neu');
    const confirmation = 'Gr\u00f6\u00dfe 1 neu.db';
    const input = { handle, backupId: 'none', confirmation };

    expect(codeOf(await client.call('backup:restore', input))).toBe('E_BACKUP_GONE');
    expect(codeOf(await client.call('backup:remove', input))).toBe('E_BACKUP_GONE');
    expect(codeOf(await client.call('backup:putBack', { handle, confirmation, shown: 'none' }))).toBe(
      'E_NOTHING_TO_DO',
    );
  });

  it('in another folder are shown there, and not where they would usually lie', async () => {
    const shown: string[] = [];
    const { client, host, open, home } = setUp({ revealFile: (file) => void shown.push(file) });
    const { handle, path: file } = open('good');
    const elsewhere = makeFolder(home, 'elsewhere');
    host.backups.remember(file, backup({ folder: elsewhere }));
    const { backups } = must(await client.call('backup:list', { handle }));
    const backupId = backups.find((each) => each.folder === elsewhere)?.id ?? '';
    must(await client.call('backup:reveal', { handle, backupId, isPlace: true }));
    expect(shown).toEqual([elsewhere]);
  });

  it('are shown in the file manager where there is one', async () => {
    const shown: string[] = [];
    const { client, open, home } = setUp({ revealFile: (file) => void shown.push(file) });
    const { handle } = open('good');
    expect(codeOf(await client.call('backup:reveal', { handle, backupId: null }))).toBe('E_NOT_FOUND'); // none yet
    mkdirSync(path.join(home, 'good.db backups'));
    expect(codeOf(await client.call('backup:reveal', { handle, backupId: null }))).toBe('no error');
    expect(codeOf(await client.call('database:reveal', { handle }))).toBe('no error');
    expect(shown).toEqual([path.join(home, 'good.db backups'), path.join(home, 'good.db')]);
    const without = setUp();
    expect(codeOf(await without.client.call('database:reveal', { handle: without.open('good').handle }))).toBe(
      'E_BAD_REQUEST',
    );
  });
});

describe('the sample', () => {
  it('says so when its folder cannot be made', async () => {
    const { host, home } = setUp();
    writeFileSync(path.join(home, 'Phasewise samples'), '');

    expect(codeOf(await buildSample(host.engines, home))).toBe('E_READONLY_DIR');
  });

  it('never takes the place of a file', async () => {
    const { client, home } = setUp();
    const names: string[] = [];
    for (let time = 0; time < 3; time += 1) names.push(must(await client.call('database:openSample', {})).name);
    expect(names).toEqual(['northern-lights.db', 'northern-lights 2.db', 'northern-lights 3.db']);
    expect(existsSync(path.join(home, 'Phasewise samples', 'northern-lights 3.db'))).toBe(true);
  });
});

describe('settings', () => {
  it('are kept, and are the usual ones when the file is broken', async () => {
    const { client, dataFolder } = setUp();
    expect(must(await client.call('settings:get', {}))).toEqual({ colorScheme: 'auto' });
    await client.call('settings:set', { colorScheme: 'dark' });
    expect(must(await client.call('settings:get', {}))).toEqual({ colorScheme: 'dark' });
    expect(readFileSync(path.join(dataFolder, 'settings.json'), 'utf8')).toContain('dark');
    writeFileSync(path.join(dataFolder, 'settings.json'), '{"colorScheme":"pi');
    expect(must(await client.call('settings:get', {}))).toEqual({ colorScheme: 'auto' });
  });

  it('have a folder of their own, or an error that names it', () => {
    const home = makeFolder(folder, 'own');
    writeFileSync(path.join(home, 'file'), '');
    const attempt = (...parts: string[]) => {
      try {
        return ensureFolder(...(parts as [string, ...string[]]));
      } catch (cause) {
        return toAppError(cause).code;
      }
    };

    expect(attempt(home, 'a', 'b')).toBe(path.join(home, 'a', 'b'));
    expect(attempt(path.join(home, 'file'), 'runs')).toBe('E_DATA_FOLDER');
    // Node's own recursive mkdir never returns there.
    if (existsSync('/proc/self')) expect(attempt('/proc/nope', 'runs')).toBe('E_DATA_FOLDER');
  });

  it('live in the folder of PHASEWISE_HOME, else in the place for such things', () => {
    expect(dataFolderPath({ PHASEWISE_HOME: '/x/y' }, 'linux')).toBe('/x/y');
    expect(dataFolderPath({ XDG_DATA_HOME: '/data' }, 'linux')).toBe('/data/phasewise');
    expect(dataFolderPath({ XDG_DATA_HOME: 'relative' }, 'linux')).toMatch(/\.local\/share\/phasewise$/);
    expect(dataFolderPath({}, 'darwin')).toMatch(/Library\/Application Support\/Phasewise$/);
  });
});

it('tells every window that a database was opened', async () => {
  const { events, open } = setUp();
  const { handle, name } = open('good');
  await until(() => events.length > 0);
  expect(events[0]).toMatchObject({ name: 'database:opened', payload: { handle, name } });
  expect(JSON.stringify(events[0])).not.toContain('"path"');
});
