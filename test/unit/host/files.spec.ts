import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Door } from '@host/door.ts';
import { ok } from '@shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, codeOf, makeFolder, must, scriptedHost, until } from './scripted-host.ts';

const folder = temporaryFolder();
const setUp = (door: Partial<Door> = {}) => closedAfter(scriptedHost(folder, door));

/** A window with system dialogs that answer what is in `chosen`. */
function withDialogs() {
  const chosen: { folder: string | null; files: string[] | null } = { folder: null, files: null };
  const house = setUp({
    chooseFolder: () => Promise.resolve(chosen.folder),
    chooseFiles: () => Promise.resolve(chosen.files),
  });
  return { ...house, chosen, logs: makeFolder(house.home, 'logs') };
}
/** A page whose tokens are the paths themselves. */
const withPicker = () =>
  setUp({
    picker: { list: () => Promise.reject(new Error('unused')), resolve: (token) => Promise.resolve(ok(token)) },
  });

describe('the folder of files that a phase reads', () => {
  it('is guessed until somebody chooses, and remembered per database then', async () => {
    const { client, open, chosen, logs } = withDialogs();
    const { handle } = open('logs');
    const shown = async () => must(await client.call('plan:make', { handle, toPhase: 4 })).source;
    expect(await shown()).toMatchObject({ choice: 'guessed', folder: '/guessed' });

    expect(must(await client.call('source:choose', { handle }))).toBeNull(); // the dialog was closed
    chosen.folder = logs;
    expect(must(await client.call('source:choose', { handle }))).toMatchObject({ choice: 'chosen', folder: logs });

    expect(await shown()).toMatchObject({ choice: 'chosen', folder: logs });
    rmSync(logs, { recursive: true });
    expect(await shown()).toMatchObject({ choice: 'guessed' }); // a folder that is gone does not stop the plan
  });

  it('can be done without, and that can be taken back', async () => {
    const { client, open } = withDialogs();
    const { handle } = open('logs');
    const decline = async (isDeclined: boolean) => must(await client.call('source:decline', { handle, isDeclined }));

    expect(await decline(true)).toMatchObject({ choice: 'declined', folder: null });
    expect(must(await client.call('plan:make', { handle, toPhase: 4 })).source).toMatchObject({ choice: 'declined' });
    expect(await decline(false)).toMatchObject({ choice: 'guessed' });
  });

  it('is chosen with the picker where there is no dialog', async () => {
    const { client, open, home } = withPicker();
    const { handle } = open('logs');
    const logs = makeFolder(home, 'logs');
    writeFileSync(path.join(home, 'file'), '');

    expect(must(await client.call('source:use', { handle, token: logs }))).toMatchObject({ folder: logs });
    expect(codeOf(await client.call('source:use', { handle, token: path.join(home, 'file') }))).toBe('E_SOURCE_FOLDER');
    expect(codeOf(await client.call('source:choose', { handle }))).toBe('E_BAD_REQUEST');
  });

  it('of a run is the one that its plan showed, whatever was chosen before or since', async () => {
    const { client, host, open, chosen, logs } = withDialogs();
    const { handle } = open('logs');
    const started = async () => {
      const fingerprint = 'f1';
      must(await client.call('run:start', { handle, toPhase: 4, fingerprint, confirmation: null }));
      await host.runs.settled();
      return JSON.parse(host.runs.get(handle)?.error?.message ?? '') as unknown;
    };
    must(await client.call('plan:make', { handle, toPhase: 4 }));
    expect(await started()).toEqual({ source: { kind: 'folder', folder: '/guessed' }, isRemovalConfirmed: false });
    chosen.folder = logs;
    must(await client.call('source:choose', { handle }));
    expect(await started()).toMatchObject({ source: { kind: 'folder', folder: logs } });
    must(await client.call('source:decline', { handle, isDeclined: true }));
    expect(await started()).toMatchObject({ source: { kind: 'none' } });
  });
});

describe('a run that removes something', () => {
  it('is started only when the file name was typed', async () => {
    const { client, host, open } = setUp();
    const { handle } = open('removes');
    const plan = must(await client.call('plan:make', { handle, toPhase: 5 }));
    const start = (confirmation: string | null) =>
      client.call('run:start', { handle, toPhase: 5, fingerprint: plan.fingerprint, confirmation });

    expect(codeOf(await start(null))).toBe('E_CONFIRMATION');
    expect(codeOf(await start('removes'))).toBe('E_CONFIRMATION');
    expect(host.runs.get(handle)).toBeNull();
    must(await start('removes.db'));
    await host.runs.settled();
    expect(host.runs.get(handle)?.error?.message).toContain('"isRemovalConfirmed":true');
  });

  it('is left to the engine to refuse where the plan is not known any more', async () => {
    const { client, host, open } = setUp();
    const { handle } = open('removes');
    must(await client.call('run:start', { handle, toPhase: 5, fingerprint: 'f1', confirmation: null }));
    await host.runs.settled();
    expect(host.runs.get(handle)?.error?.message).toContain('"isRemovalConfirmed":false');
  });
});

describe('taking files in', () => {
  it('looks first and changes nothing, then takes in exactly what was looked at', async () => {
    const { client, open, events, chosen, logs } = withDialogs();
    const { handle } = open('good');
    expect(must(await client.call('ingest:choose', { handle, what: 'files' }))).toBeNull();
    chosen.files = ['/a.json', '/b.json'];
    const looked = must(await client.call('ingest:choose', { handle, what: 'files' }));
    expect(looked?.report).toMatchObject({
      isTrial: true,
      backup: null,
      files: [{ name: '/a.json' }, { name: '/b.json' }],
    });

    chosen.folder = logs;
    const again = must(await client.call('ingest:choose', { handle, what: 'folder' }));
    const start = (ingestId = '') => client.call('ingest:start', { handle, ingestId });
    expect(codeOf(await start(looked?.ingestId))).toBe('E_STATE_CHANGED');
    expect(must(await start(again?.ingestId))).toMatchObject({ isTrial: false, files: [{ name: logs }], backup: {} });
    expect(events.at(-1)).toEqual({ name: 'database:changed', payload: { handle } });
    expect(codeOf(await start(again?.ingestId))).toBe('E_STATE_CHANGED');
  });

  it('is told of while it goes on, and can be stopped, as the look before it', async () => {
    const { client, open, events } = withPicker();
    const { handle } = open('long');
    const works = () => events.filter(({ name }) => name === 'work:changed').map(({ payload }) => payload);
    const { ingestId } = must(await client.call('ingest:use', { handle, tokens: ['/a'] }));
    const looking = { kind: 'ingest', now: expect.stringContaining('nothing is changed by looking') as string };
    expect(works()).toEqual([
      { handle, work: { ...looking, fraction: null, canCancel: false } },
      { handle, work: { ...looking, fraction: null, canCancel: true } },
      { handle, work: null },
    ]);
    events.length = 0;

    const started = client.call('ingest:start', { handle, ingestId });
    await until(() => works().length === 4);
    must(await client.call('work:cancel', { handle }));

    expect(codeOf(await started)).toBe('E_CANCELLED');
    const work = { kind: 'ingest', canCancel: true };
    expect(works()).toEqual([
      { handle, work: { ...work, now: 'Taking the files in', fraction: null, canCancel: false } },
      { handle, work: { ...work, now: 'Taking the files in', fraction: null } },
      { handle, work: { ...work, now: 'Backing the database up first', fraction: 0.2 } },
      { handle, work: { ...work, now: 'Taking the files in', fraction: 0.5 } },
      { handle, work: null },
    ]);
    must(await client.call('database:close', { handle })); // nothing is busy any more
  });

  it('works with the picker too', async () => {
    const { client, open } = withPicker();
    const { handle } = open('good');
    const looked = must(await client.call('ingest:use', { handle, tokens: ['/a', '/b'] }));
    expect(looked.report.files).toHaveLength(2);
    expect(codeOf(await client.call('ingest:choose', { handle, what: 'files' }))).toBe('E_BAD_REQUEST');
  });

  it('waits for nothing: during a run it is refused', async () => {
    const { client, host, open, chosen } = withDialogs();
    const { handle } = open('waits');
    must(await client.call('run:start', { handle, toPhase: 1, fingerprint: 'f1', confirmation: null }));
    chosen.files = ['/a.json'];

    expect(codeOf(await client.call('ingest:choose', { handle, what: 'files' }))).toBe('E_RUN_ACTIVE');
    expect(codeOf(await client.call('issues:retry', { handle }))).toBe('E_RUN_ACTIVE');
    expect(codeOf(await client.call('issues:export', { handle, format: 'csv' }))).toBe('E_RUN_ACTIVE');
    await host.runs.cancelAll();
  });
});

describe('issue rows', () => {
  it('are exported beside the database, under a name that is free', async () => {
    const { client, open, home } = setUp();
    const { handle } = open('good');
    writeFileSync(path.join(home, 'good issue rows.csv'), 'mine');
    const written = async (format: 'csv' | 'json') => must(await client.call('issues:export', { handle, format })).path;

    expect(await written('csv')).toBe(path.join(home, 'good issue rows 2.csv'));
    expect(await written('json')).toBe(path.join(home, 'good issue rows.json'));
  });

  it('are tried again with the files that the person chose', async () => {
    const { client, open } = setUp();
    const { handle } = open('good');
    expect(must(await client.call('issues:retry', { handle }))).toMatchObject({ tried: 2, cleared: 1 });
    must(await client.call('source:decline', { handle, isDeclined: true }));
    expect(must(await client.call('issues:retry', { handle }))).toMatchObject({ tried: 0 });
  });
});
