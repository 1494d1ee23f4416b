import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createHost, type Host } from '@host/host.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { backups } from '../../../electron/cli/backups.ts';
import { restore } from '../../../electron/cli/restore.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { must } from '../host/scripted-host.ts';

const engineFile = path.resolve(import.meta.dirname, '../../../.vite/build/engine.cjs');
const folder = temporaryFolder();
const hosts: Host[] = [];
afterAll(() => hosts.splice(0).forEach((host) => host.close()));

describe.skipIf(!existsSync(engineFile))('the backup of a copy that was thrown away', () => {
  it('is listed behind its own, says what it was made of, and a restore of it says so too', async () => {
    const home = mkdtempSync(path.join(folder, 'home-'));
    const host = createHost({ dataFolder: path.join(home, 'data'), appVersion: '0', spawn: spawnWithNode(engineFile) });
    hosts.push(host);
    const [file, copy] = [path.join(home, 'mine.db'), path.join(home, 'copy.db')];
    must(await host.engines.askAlone(file, 'sample', { path: file, packId: 'kroma', seed: 1 }).answer);
    copyFileSync(file, copy);
    const foreign = must(await host.backups.create(must(host.databases.open(copy))));
    rmSync(copy);
    const list = async () => (await backups(host, { name: 'backups', file, keep: null, yes: false })).text ?? '';
    const origin = `made of ${copy}, which is no longer there: this database under its former name, or a copy of it`;

    const before = (await list()).split('\n');
    expect([before[0], before[2]]).toEqual([`No backups yet. They go to ${file} backups.`, `  ${origin}`]);

    const own = must(await host.backups.create(must(host.databases.open(file))));
    const both = await list();
    expect(both.indexOf(own.path)).toBeLessThan(both.indexOf(foreign.path));
    const putIn = (source: string) => restore(host, { name: 'restore', how: 'backup', source, file, yes: true });
    expect((await putIn(foreign.path)).text).toContain(`, ${origin}.`);
    expect((await putIn(own.path)).text).not.toContain('made of');
  }, 60_000);
});
