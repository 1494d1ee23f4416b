import fs, { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { resolveDatabasePath } from '@host/databases.ts';
import { handedOver } from '@host/named-files.ts';
import { journalFolder } from '@host/run-journal.ts';
import { freeName } from '@host/samples.ts';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, codeOf, must, scriptedHost } from './scripted-host.ts';

/** What a call may not do, whatever it was given and whatever goes on. */

const folder = temporaryFolder();
const setUp = () => closedAfter(scriptedHost(folder));

describe('while something goes on with a database', () => {
  const page = { query: { table: 't', sort: [], filters: [], find: null }, columns: null };
  it.each([
    ['plan:make', { toPhase: 1 }],
    ['run:start', { toPhase: 1, fingerprint: 'f1', confirmation: null }],
    ['issues:list', { afterId: null, limit: 10 }],
    ['issues:export', { format: 'csv' }],
    ['issues:retry', {}],
    ['backup:create', {}],
    ['backup:restore', { backupId: 'of-good.db backups', confirmation: 'good.db' }],
    ['backup:remove', { backupId: 'of-good.db backups', confirmation: 'good.db' }],
    ['backup:tidy', { keep: 1, isTrial: true }],
    ['recovery:check', {}],
    ['recovery:stay', {}],
    ['recovery:finish', {}],
    ['browse:tables', {}],
    ['browse:sizes', {}],
    ['browse:export', { ...page, format: 'csv', hasMark: false, revealed: [] }],
    ['database:close', {}],
    ['database:status', {}],
    ['database:check', {}],
  ])('%s is refused, and no engine is asked', async (name, input) => {
    const { host, router, open } = setUp();
    const { handle, path: file } = open('good');
    must(host.busy.take(file, 'ingest'));
    const [alone, kept] = [vi.spyOn(host.engines, 'askAlone'), vi.spyOn(host.engines, 'ask')];

    expect(codeOf(await router(name, { handle, ...input }))).toBe('E_RUN_ACTIVE');

    // The list of backups says which one is meant: it only looks.
    const asked = [...alone.mock.calls, ...kept.mock.calls].map(([, request]) => String(request));
    expect(asked.filter((request) => request !== 'listBackups')).toEqual([]);
  });

  it('the data browser lets go of its file, and stored backups are not read', () => {
    const { host, open } = setUp();
    const { path: file } = open('good');
    const [released, paused] = [vi.spyOn(host.browsing, 'release'), vi.spyOn(host.scrub, 'pause')];
    must(host.busy.take(file, 'ingest', { isTrial: true }));
    expect(released).toHaveBeenCalledWith(file);
    expect(paused).toHaveBeenCalledTimes(1);
  });
});

it('a confirmation that is not the name of the file starts nothing, also where none was needed', async () => {
  const { host, router, open } = setUp();
  const { handle } = open('good');
  must(await router('plan:make', { handle, toPhase: 1 }));
  const started = vi.spyOn(host.runs, 'start');
  const input = { handle, toPhase: 1, fingerprint: 'f1', confirmation: 'another.db' };
  expect(codeOf(await router('run:start', input))).toBe('E_CONFIRMATION');
  expect(started).not.toHaveBeenCalled();
});

it('a removal is confirmed by the name as a keyboard types it, however it is stored', async () => {
  const { host, router, open } = setUp();
  const { handle } = open('Gro\u0308\u00dfe  1');
  const started = vi.spyOn(host.runs, 'start');
  const input = { handle, toPhase: 1, fingerprint: 'f1', confirmation: 'Gr\u00f6\u00dfe 1.db' };
  must(await router('run:start', input));
  await host.runs.settled();
  expect(started).toHaveBeenCalledWith(expect.anything(), expect.objectContaining({ isRemovalConfirmed: true }));
});

it('what was checked is what is used: a value that changes with every look does not', async () => {
  const { router, open } = setUp();
  const { handle } = open('good');
  const handles = [handle];
  const changing = { get handle() { return handles.shift() ?? 'another'; } }; // prettier-ignore
  expect(codeOf(await router('run:get', changing))).toBe('no error');
});

it('a link to a file whose name cannot be used is refused like the file', () => {
  const place = mkdtempSync(path.join(folder, 'links-'));
  for (const [index, name] of ['odd\u0007.db', 'spaced.db '].entries()) {
    writeFileSync(path.join(place, name), '');
    const link = path.join(place, `link ${index}.db`);
    symlinkSync(path.join(place, name), link);
    expect(codeOf(resolveDatabasePath(link))).toBe('E_PATH_UNSUPPORTED');
  }
});

it('the sample takes no name beside which something is left of another file', async () => {
  const place = mkdtempSync(path.join(folder, 'samples-'));
  for (const left of ['a.db', 'a 2.db-wal', 'a 3.db-journal', 'a 4.db-shm', 'a 5.db backups'])
    writeFileSync(path.join(place, left), '');
  expect(await freeName(place, 'a')).toBe(path.join(place, 'a 6.db'));
});

it('another start hands over so many files, each by its whole path', () => {
  const files = Array.from({ length: 30 }, (_, index) => `/files/${index}.db`);
  expect(handedOver({ files: ['relative.db', 7, null, ...files] })).toEqual(files.slice(0, 20));
});

describe('what is not known is not said', () => {
  it('that nothing was interrupted, where a journal of the database cannot be read', async () => {
    const { client, dataFolder, open } = setUp();
    const { handle, path: file } = open('good');
    expect(must(await client.call('recovery:get', { handle }))).toBeNull();
    mkdirSync(path.join(journalFolder(dataFolder, file), 'r1.jsonl'), { recursive: true });
    expect(codeOf(await client.call('recovery:get', { handle }))).not.toBe('no error');
  });

  it('that a file is gone, where its drive does not answer; and nobody waits for it', async () => {
    const { client, host, open } = setUp();
    const { handle } = open('good');
    must(await client.call('database:status', { handle }));
    const [recent] = must(await client.call('recents:list', {}));
    const opened = vi.spyOn(host.databases, 'openOrMissing');
    vi.spyOn(fs.promises, 'stat').mockRejectedValue(Object.assign(new Error('away'), { code: 'EHOSTDOWN' }));
    syncBuiltinESMExports();
    const answer = await client.call('database:openRecent', { recentId: recent?.recentId ?? '' });
    vi.mocked(fs.promises.stat).mockRestore();
    syncBuiltinESMExports();
    expect(codeOf(answer)).toBe('E_TIMEOUT');
    expect(opened).not.toHaveBeenCalled();
  });
});
