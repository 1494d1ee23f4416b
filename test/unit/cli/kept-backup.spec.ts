import { existsSync, mkdtempSync, openSync, closeSync, rmSync, symlinkSync, truncateSync, writeSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createHost, type Host } from '@host/host.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { parseCommand } from '../../../electron/cli/arguments.ts';
import { execute } from '../../../electron/cli/commands.ts';
import { keepFolder } from '../../support/kept-folder.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { must } from '../host/scripted-host.ts';

const engineFile = path.resolve(import.meta.dirname, '../../../.vite/build/engine.cjs');
const folder = temporaryFolder();
const hosts: Host[] = [];
const closeHosts = () => hosts.splice(0).forEach((host) => host.close());
afterEach(closeHosts);

function houseAt(home: string) {
  const host = createHost({ dataFolder: path.join(home, 'data'), appVersion: '0', spawn: spawnWithNode(engineFile) });
  hosts.push(host);
  const run = (...args: string[]) => execute(host, must(parseCommand(args)));
  return { home, host, file: path.join(home, 'sample.db'), run };
}

async function sample() {
  const house = houseAt(mkdtempSync(path.join(folder, 'home-')));
  const { host, file } = house;
  must(await host.engines.askAlone(file, 'sample', { path: file, packId: 'kroma', seed: 1 }).answer);
  return house;
}

let kept: ReturnType<typeof backUpOnce> | undefined;
async function backUpOnce() {
  const { home, host, file } = await sample();
  const backup = must(await host.backups.create(must(host.databases.open(file)))).path;
  closeHosts();
  return { home, backup, putBack: keepFolder(home) };
}

/** A database, and its backup in the folder beside it: the same for every case. @param run a command line on it. */
async function backedUp() {
  const { home, backup, putBack } = await (kept ??= backUpOnce());
  putBack();
  return { ...houseAt(home), backup };
}

function zeroFirstPage(file: string): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, Buffer.alloc(4_096), 0, 4_096, 0);
  closeSync(descriptor);
}

describe.skipIf(!existsSync(engineFile))('a database that is lost', () => {
  it.each<[string, string, (file: string) => void]>([
    ['a zeroed first page', 'E_NOT_SQLITE', zeroFirstPage],
    ['no content', 'E_EMPTY', (file) => truncateSync(file, 0)],
    ['half of its content', 'E_TRUNCATED', (file) => truncateSync(file, 100_000 - (100_000 % 4_096))],
    ['no file at all', 'E_NOT_FOUND', (file) => rmSync(file)],
  ])('with %s is told of its backup, with the command that puts it back', async (_, code, spoil) => {
    const { file, backup, run } = await backedUp();
    spoil(file);

    for (const args of [
      ['status', file],
      ['plan', file],
      ['migrate', file, '--yes'],
    ]) {
      const told = await run(...args);
      expect(told).toMatchObject({ exitCode: 3, json: { ok: false, error: { code }, lastBackup: backup } });
      expect(told.text).toContain(`There is a verified backup of ${file}, made `);
      expect(told.text).toMatch(/restore '.*\.db' --to .*sample\.db --yes$/);
    }
    expect((await run('restore', backup, '--to', file, '--yes')).exitCode).toBe(0);
    expect((await run('status', file)).exitCode).toBe(0);
  });

  it('without a backup is told nothing of one', async () => {
    const { file, run } = await sample();
    truncateSync(file, 0);
    const { text, json } = await run('status', file);
    expect(text).not.toContain('backup of');
    expect(json).not.toHaveProperty('lastBackup');
  });

  it('is not taken for lost where something else was not found', async () => {
    const { home, file, run } = await backedUp();
    const none = path.join(home, 'nowhere', 'rows.csv');
    const exported = await run('issues', file, '--export', none);
    expect(exported).toMatchObject({ json: { error: { code: 'E_NOT_FOUND' } } });
    expect(exported.json).not.toHaveProperty('lastBackup');
  });

  it('behind a link is told as such', async () => {
    const { home, run } = await backedUp();
    const link = path.join(home, 'link.db');
    symlinkSync(path.join(home, 'gone.db'), link);
    for (const name of ['status', 'plan']) expect((await run(name, link)).text).toContain('is a link to a file');
  });
});
