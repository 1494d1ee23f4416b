import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Door } from '@host/door.ts';
import { exportName } from '@host/exports.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, codeOf, must, scriptedHost, until } from './scripted-host.ts';

const folder = temporaryFolder();
const setUp = (door: Partial<Door> = {}) => closedAfter(scriptedHost(folder, door));
const asked = (handle: string, format: 'csv' | 'json' = 'csv') => ({
  handle,
  query: { table: 'candidates', sort: [], filters: [], find: null },
  columns: null,
  format,
  hasMark: false,
  revealed: [],
});

describe('rows that are exported', () => {
  it('go beside the database under a name that is free, where there is no dialog', async () => {
    const { client, open, home, events } = setUp();
    const { handle } = open('app');
    const first = must(await client.call('browse:export', asked(handle)));
    const second = must(await client.call('browse:export', asked(handle)));
    expect([first?.path, second?.path]).toEqual([
      path.join(home, 'app candidates.csv'),
      path.join(home, 'app candidates 2.csv'),
    ]);
    expect(first).toMatchObject({ rows: 7, bytes: 4 });
    expect(events.find(({ name }) => name === 'browse:exported')?.payload).toEqual({ handle, rows: 5, bytes: 4 });
  });

  it('go where the dialog says, and nowhere when it is closed', async () => {
    const suggested: string[] = [];
    let answer: string | null = null;
    const revealed: string[] = [];
    const { client, open, home } = setUp({
      chooseSaveFile: (name) => {
        suggested.push(name);
        return Promise.resolve(answer);
      },
      revealFile: (file) => void revealed.push(file),
    });
    const { handle } = open('app');
    expect(must(await client.call('browse:export', asked(handle, 'json')))).toBeNull();
    expect(codeOf(await client.call('browse:revealExport', { handle }))).toBe('E_NOT_FOUND');
    answer = path.join(home, 'mine.json');
    expect(must(await client.call('browse:export', asked(handle, 'json')))?.path).toBe(answer);
    expect(suggested[0]).toBe(path.join(home, 'app candidates.json'));
    must(await client.call('browse:revealExport', { handle }));
    expect(revealed).toEqual([answer]);
  });

  it('are one export at a time, which can be stopped and leaves nothing', async () => {
    const { client, open, home, events } = setUp();
    const { handle } = open('exports');
    const work = client.call('browse:export', asked(handle));
    await until(() => events.some(({ name }) => name === 'browse:exported'));
    expect(codeOf(await client.call('browse:export', asked(handle)))).toBe('E_RUN_ACTIVE');
    must(await client.call('browse:stopExport', { handle }));
    expect(codeOf(await work)).toBe('E_CANCELLED');
    expect(readdirSync(home)).toEqual(['exports.db']);
  });

  it('leave nothing when the house is closed, also where nobody waits for their end', async () => {
    const { host, client, open, home, events } = setUp();
    const { handle } = open('exports');
    const work = client.call('browse:export', asked(handle));
    await until(() => events.some(({ name }) => name === 'browse:exported'));
    expect(readdirSync(home)).toHaveLength(2);

    host.close();

    expect(readdirSync(home)).toEqual(['exports.db']);
    expect(codeOf(await work)).toBe('E_CANCELLED');
  });

  it.each(['rows', 'issue rows'])('keep their database from being closed without a word: %s', async (what) => {
    const { host, client, open, home } = setUp();
    const { handle, path: file } = open('exports');
    const work =
      what === 'rows'
        ? client.call('browse:export', asked(handle))
        : client.call('issues:export', { handle, format: 'csv' });
    await until(() => readdirSync(home).length > 1);

    const refused = await client.call('database:close', { handle });

    expect(refused).toMatchObject({ error: { code: 'E_RUN_ACTIVE', details: { endsExport: true } } });
    expect(readdirSync(home)).toHaveLength(2);
    expect(host.databases.find(file)).toBeDefined();

    must(await client.call('database:close', { handle, endsExport: true }));

    expect(codeOf(await work)).toBe('E_CANCELLED');
    expect(readdirSync(home)).toEqual(['exports.db']);
    expect(codeOf(await client.call('database:status', { handle }))).toBe('E_UNKNOWN_HANDLE');
  });

  it('of another database do not keep one open, nor does a wish to end them end what else goes on', async () => {
    const { host, client, open, home } = setUp();
    const [app, exporting] = [open('app'), open('exports')];
    const work = client.call('browse:export', asked(exporting.handle));
    await until(() => readdirSync(home).length > 2);
    const release = must(host.busy.take(exporting.path, 'backup')); // beside which rows are written on

    expect(codeOf(await client.call('database:close', { handle: app.handle }))).toBe('no error');
    const busy = await client.call('database:close', { handle: exporting.handle, endsExport: true });

    expect(busy).toMatchObject({ error: { message: 'A backup of this database is being made.' } });
    expect(host.exports.isWriting(exporting)).toBe(true);
    release();
    host.exports.stop(exporting);
    expect(codeOf(await work)).toBe('E_CANCELLED');
  });

  it('of issues can be stopped as well, and are whole under their name', async () => {
    const { host, open, home } = setUp();
    const [whole, endless] = [open('app'), open('exports')];
    const target = path.join(home, 'issues.csv');
    expect(must(await host.exports.startIssues(whole, 'csv', target))).toEqual({ path: target, rows: 1 });
    const before = readdirSync(home).toSorted();

    const work = host.exports.startIssues(endless, 'csv', target);
    await until(() => readdirSync(home).length > before.length);
    expect(codeOf(await host.exports.startIssues(endless, 'csv', target))).toBe('E_RUN_ACTIVE');
    host.exports.stop(endless);

    expect(await work).toMatchObject({
      error: { code: 'E_CANCELLED', message: 'The export was stopped. What it had written was removed.' },
    });
    expect(readdirSync(home).toSorted()).toEqual(before);
  });

  it('end with the reason when something begins to write, and leave nothing', async () => {
    const { host, client, open, home, events } = setUp();
    const database = open('exports');
    const work = client.call('browse:export', asked(database.handle));
    await until(() => events.some(({ name }) => name === 'browse:exported'));
    const release = must(host.busy.take(database.path, 'upgrade'));
    const ended = await work;
    expect(codeOf(ended)).toBe('E_RUN_ACTIVE');
    expect(ended.ok ? '' : ended.error.message).toBe(
      'An upgrade of this database is running. The export was ended for it, and what it had written was removed.',
    );
    expect(codeOf(await client.call('browse:export', asked(database.handle)))).toBe('E_RUN_ACTIVE');
    expect(readdirSync(home)).toEqual(['exports.db']);
    release();
  });

  it('of a table with any name get a name that every system takes', () => {
    const { open, home } = setUp();
    const database = open('app');
    expect(exportName(database, '../../etc/pass\nwd:*?"<>|\\', 'sql')).toBe('app .._.._etc_pass_wd_.sql');
    writeFileSync(path.join(home, exportName(database, 'x'.repeat(500), 'csv')), '');
  });
});
