import { existsSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { createHost } from '@host/host.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { execute } from '../../../electron/cli/commands.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const engineFile = path.resolve(import.meta.dirname, '../../../.vite/build/engine.cjs');
const folder = temporaryFolder();
const host = createHost({ dataFolder: path.join(folder, 'data'), appVersion: '0', spawn: spawnWithNode(engineFile) });
afterAll(() => host.close());

const change = (file: string, sql: string) => new Database(file).exec(sql).close();
/** More than a look reads whole. */
const LARGE = 'CREATE TABLE of_the_owner (content); INSERT INTO of_the_owner VALUES (zeroblob(40000000));';

describe.skipIf(!existsSync(engineFile))('status of a file too large for a look to read whole', () => {
  it('says that the proof of the upgrade has read it, until another program writes to it', async () => {
    const file = path.join(folder, 'large.db');
    await host.engines.askAlone(file, 'sample', { path: file, packId: 'kroma', seed: 1 }).answer;
    change(file, LARGE);
    const status = async () => (await execute(host, { name: 'status', file, checkData: false })).text.split('\n')[2];
    const unread = 'The content of the file has not been checked yet.';
    expect(await status()).toBe(unread);

    const to1 = { name: 'migrate', file, to: 1, backupFolder: null, yes: true, contract: false } as const;
    const ended = await execute(host, { ...to1, source: { kind: 'none' } });
    expect(ended.json).toMatchObject({ ok: true, verified: true });
    expect(await status()).toMatch(/^The content .* was not read by this look\. When the last upgrade was proven, all/);

    change(file, `UPDATE projects SET name = name || '!'`);
    expect(await status()).toBe(unread);
  });
});
