import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createHost, type Host } from '@host/host.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { backups, verify } from '../../../electron/cli/backups.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { must } from '../host/scripted-host.ts';

const engineFile = path.resolve(import.meta.dirname, '../../../.vite/build/engine.cjs');
const folder = temporaryFolder();
const hosts: Host[] = [];
afterAll(() => hosts.splice(0).forEach((host) => host.close()));

/** A database with one backup, of which `change` makes what a person or a disk has made of it. */
async function withBackup(change: (stem: string) => void) {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const host = createHost({ dataFolder: path.join(home, 'data'), appVersion: '0', spawn: spawnWithNode(engineFile) });
  hosts.push(host);
  const file = path.join(home, 'sample.db');
  must(await host.engines.askAlone(file, 'sample', { path: file, packId: 'kroma', seed: 1 }).answer);
  const database = must(host.databases.open(file));
  const make = async () => must(await host.backups.create(database)).path;
  change((await make()).replace(/\.db$/, ''));
  const list = () => backups(host, { name: 'backups', file, keep: null, yes: false });
  const readAll = () => verify(host, { name: 'verify', backup: file, isAll: true });
  return { make, list, readAll };
}

function renameBoth(stem: string): void {
  const named = path.join(path.dirname(stem), 'before upgrade');
  for (const end of ['.db', '.json']) renameSync(stem + end, named + end);
}

describe.skipIf(!existsSync(engineFile))('a backup that cannot be used', () => {
  it.each<[string, string, (stem: string) => void]>([
    ['was renamed with its manifest', 'rename both back to that name', renameBoth],
    [
      'has a manifest that is cut',
      'The manifest beside the backup cannot be read.',
      (stem) => writeFileSync(`${stem}.json`, '{"format": "phasew'),
    ],
    [
      'has an empty manifest',
      'The manifest beside the backup cannot be read.',
      (stem) => writeFileSync(`${stem}.json`, ''),
    ],
    ['has no manifest any more', 'no manifest', (stem) => rmSync(`${stem}.json`)],
  ])('because it %s is not told as none', async (_, why, change) => {
    const { make, list, readAll } = await withBackup(change);

    const listed = await list();
    expect(listed.text).not.toContain('No backups yet');
    expect(listed.text).toContain('1 file in ');
    expect(listed.text).toContain('looks like a backup, but cannot be used:');
    expect(listed.text).toContain(why);
    const unusable = [{ path: expect.stringMatching(/\.db$/), why: { code: expect.stringMatching(/^E_BACKUP_/) } }];
    expect(listed.json).toMatchObject({ backups: [], unusable });
    const none = await readAll();
    expect(none).toMatchObject({ exitCode: 1, json: { error: { code: 'E_BACKUP_CORRUPT' } } });
    expect(none.text).toContain('1 file in ');

    await make();
    const read = await readAll();
    expect(read).toMatchObject({ exitCode: 0, json: { ok: true, unusable: [{ why: {} }] } });
    expect(read.text).toContain('looks like a backup, but cannot be used');
  });

  it('is not what was begun to be deleted, nor what is listed as broken', async () => {
    const deleted = await withBackup((stem) => renameSync(`${stem}.json`, `${stem}.json.removing`));
    expect((await deleted.list()).text).toContain('No backups yet');
    expect(await deleted.readAll()).toMatchObject({ exitCode: 3, json: { error: { code: 'E_NOTHING_TO_DO' } } });

    const broken = await withBackup((stem) => writeFileSync(`${stem}.db`, 'short'));
    expect((await broken.list()).text).toContain('BROKEN');
    expect((await broken.list()).json).toMatchObject({ unusable: [] });
  });
});
