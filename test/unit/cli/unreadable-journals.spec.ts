import { mkdirSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { journalFolder } from '@host/run-journal.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { execute } from '../../../electron/cli/commands.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { scriptedHost } from '../host/scripted-host.ts';

/** Where what was noted of a database cannot be read, "nothing is unfinished" would only be not known. */

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());

function setUp() {
  const { host, open } = scriptedHost(mkdtempSync(path.join(folder, 'home-')));
  const { path: file } = open('good');
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const spoil = () => mkdirSync(path.join(journalFolder(host.dataFolder, file), 'r1.jsonl'), { recursive: true });
  return { host, file, said, spoil };
}

describe('what was noted of a database cannot be read:', () => {
  it('status says so beside what the file tells', async () => {
    const { host, file, said, spoil } = setUp();
    const status = () => execute(host, { name: 'status', file, checkData: false });
    expect((await status()).json).not.toHaveProperty('warning');
    spoil();

    expect((await status()).json).toMatchObject({ ok: true, warning: { code: 'E_DATA_FOLDER' } });
    expect(said.mock.calls.join('')).toMatch(/r1\.jsonl cannot be used .* is unfinished in good\.db is not known/);
    host.close();
  });

  it('nothing is left as it is, and no backup may go', async () => {
    const { host, file, spoil } = setUp();
    spoil();
    const error = { code: 'E_DATA_FOLDER', nextStep: expect.not.stringContaining('another folder') as string };
    const refused = { exitCode: 3, json: { ok: false, error } };

    expect(await execute(host, { name: 'stay', file })).toMatchObject(refused);
    for (const yes of [false, true])
      expect(await execute(host, { name: 'backups', file, keep: 1, yes })).toMatchObject(refused);
    expect(await execute(host, { name: 'backups', file, keep: null, yes: false })).toMatchObject({ exitCode: 0 });
    host.close();
  });
});
