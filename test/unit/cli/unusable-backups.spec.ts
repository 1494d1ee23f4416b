import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { ok } from '@shared/errors.ts';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { doesNotAnswer } from '@host/drives.ts';
import { createHost, type Host } from '@host/host.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { backups, verify } from '../../../electron/cli/backups.ts';
import { keepFolder } from '../../support/kept-folder.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { must } from '../host/scripted-host.ts';

const engineFile = path.resolve(import.meta.dirname, '../../../.vite/build/engine.cjs');
const folder = temporaryFolder();
const hosts: Host[] = [];
const closeHosts = () => hosts.splice(0).forEach((host) => host.close());
afterAll(closeHosts);

function houseAt(home: string) {
  const host = createHost({ dataFolder: path.join(home, 'data'), appVersion: '0', spawn: spawnWithNode(engineFile) });
  hosts.push(host);
  const file = path.join(home, 'sample.db');
  const make = async () => must(await host.backups.create(must(host.databases.open(file)))).path;
  return { host, file, make };
}

let kept: ReturnType<typeof backUpOnce> | undefined;
async function backUpOnce() {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const { host, file, make } = houseAt(home);
  must(await host.engines.askAlone(file, 'sample', { path: file, packId: 'kroma', seed: 1 }).answer);
  const backup = await make();
  closeHosts();
  return { home, stem: backup.replace(/\.db$/, ''), putBack: keepFolder(home) };
}

/** A database with one backup, the same for every case, of which `change` makes what a person or a disk has made of it. */
async function withBackup(change: (stem: string) => void) {
  const { home, stem, putBack } = await (kept ??= backUpOnce());
  closeHosts();
  putBack();
  const { host, file, make } = houseAt(home);
  change(stem);
  const list = (keep: number | null = null, of = file) =>
    backups(host, { name: 'backups', file: of, keep, yes: false });
  const readAll = (of = file) => verify(host, { name: 'verify', backup: of, isAll: true });
  return { host, file, make, list, readAll };
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
    ['has no manifest any more', 'has no manifest beside it', (stem) => rmSync(`${stem}.json`)],
  ])('because it %s is not told as none', async (_, why, change) => {
    const { make, list, readAll } = await withBackup(change);

    const listed = await list();
    expect(listed.text).not.toContain('No backups yet');
    expect(listed.text).toContain('Found, but not usable as a backup of this database:');
    expect(listed.text).toContain(why);
    const unusable = [{ path: expect.stringMatching(/\.db$/), why: { code: expect.stringMatching(/^E_BACKUP_/) } }];
    expect(listed.json).toMatchObject({ backups: [], unusable });
    const none = await readAll();
    expect(none).toMatchObject({ exitCode: 1, json: { error: { code: 'E_BACKUP_CORRUPT' } } });
    expect(none.text).toContain(why);
    expect((await list(1)).text).toContain('There is no backup that can be used, so there is nothing to tidy up.');

    await make();
    const read = await readAll();
    expect(read.text).toContain('1 backup of 1 whole.');
    expect(read.text).toContain(why);
    // A file of anybody's may lie there; a backup that has lost its manifest cannot be told from it.
    const isLost = why !== 'has no manifest beside it';
    expect(read).toMatchObject({ exitCode: isLost ? 1 : 0, json: { ok: !isLost, unusable: [{ why: {} }] } });
  });

  it('is not what was begun to be deleted, nor what is listed as broken', async () => {
    const deleted = await withBackup((stem) => renameSync(`${stem}.json`, `${stem}.json.removing`));
    expect((await deleted.list()).text).toContain('No backups yet');
    expect(await deleted.readAll()).toMatchObject({ exitCode: 3, json: { error: { code: 'E_NOTHING_TO_DO' } } });

    const broken = await withBackup((stem) => writeFileSync(`${stem}.db`, 'short'));
    expect((await broken.list()).text).toContain('BROKEN');
    expect((await broken.list()).json).toMatchObject({ unusable: [] });
  });

  it('does not keep the others from being read', async () => {
    const { make, readAll } = await withBackup((stem) => {
      const manifest = JSON.parse(readFileSync(`${stem}.json`, 'utf8')) as object;
      writeFileSync(`${stem}.json`, JSON.stringify({ ...manifest, createdAt: '2020-01-01T00:00:00.000Z' }));
    });
    await make();

    const { exitCode, json, text } = await readAll();

    expect([exitCode, json]).toMatchObject([1, { backups: [{ state: 'verified' }], unread: [{ error: {} }] }]);
    expect(text).toContain('was changed after it was written.  E_BACKUP_CORRUPT');
    expect(text).toContain('1 backup of 2 whole.');
  });

  it('because its folder cannot be read is not told as none', async () => {
    const { file, list, readAll } = await withBackup(() => {});
    renameSync(`${file} backups`, `${file} away`);
    writeFileSync(`${file} backups`, 'a file of that name');

    const { text } = await list();

    expect(text).not.toContain('No backups yet');
    expect(text).toContain('It could not be looked into: ENOTDIR');
    expect(await readAll()).toMatchObject({ exitCode: 3, json: { error: { code: 'E_BACKUP_FOLDER' } } });
  });

  it('because it lies on a drive that does not answer is not told as none, nor as found', async () => {
    const { host, file, list, readAll } = await withBackup((stem) => rmSync(path.dirname(stem), { recursive: true }));
    const listed = must(await host.backups.list(must(host.databases.open(file))));
    const unusable = [{ path: '/away', why: doesNotAnswer('/away') }];
    vi.spyOn(host.backups, 'list').mockResolvedValue(ok({ ...listed, unusable }));

    const { text } = await list();

    expect(text).toMatch(/Could not be looked into:\n {2}\/away\n {4}The drive .* does not answer just now\. Connect/);
    expect(text).not.toMatch(/No backups yet|Found, but/);
    expect(await readAll()).toMatchObject({ exitCode: 3, json: { error: { code: 'E_TIMEOUT' } } });
  });

  it('because it is of another database says of which', async () => {
    const { file, list, readAll } = await withBackup(() => {});
    const other = path.join(path.dirname(file), 'other.db');
    copyFileSync(file, other);
    renameSync(`${file} backups`, `${other} backups`);
    const { text } = await list(null, other);

    expect(text).toContain(`It was made of ${file}, which is another file.`);
    const read = await readAll(other);
    expect(read).toMatchObject({ exitCode: 3, json: { error: { code: 'E_NOTHING_TO_DO' }, unusable: [{}] } });
    expect(read.text).toContain('Found, but not usable as a backup of this database:');
  });

  it('is a file: a folder or a pipe of such a name is none, and of many the likely ones come first', async () => {
    const { file, list } = await withBackup((stem) => writeFileSync(`${stem}.json`, ''));
    mkdirSync(path.join(`${file} backups`, 'folder.db'));
    for (let each = 0; each < 7; each += 1) writeFileSync(path.join(`${file} backups`, `0${each}.db`), '');

    const { text, json } = await list();

    expect(text).not.toContain('folder.db');
    expect(text).toContain('and 3 more files.');
    expect(json).toMatchObject({ unusable: [{ why: { code: 'E_BACKUP_CORRUPT' } }, {}, {}, {}, {}, {}, {}, {}] });
  });
});
