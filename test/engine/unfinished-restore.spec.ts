import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '@shared/errors.ts';
import { putBackReplaced } from '@engine/put-back.ts';
import { restoreBackup } from '@engine/restore.ts';
import type { FileProbe } from '@engine/restore-stage.ts';
import { packs } from '../../migrations/index.ts';
import { buildEngine } from '../support/engine-child.ts';
import { closeHosts, realHost } from '../support/real-host.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** What a page says of a restore by file that was killed is what the engine then does. */

const folder = temporaryFolder();
beforeAll(buildEngine);
afterEach(closeHosts);

function must<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.error.code}: ${result.error.message}`);
}

const killedAt =
  (moment: Parameters<FileProbe>[0]) =>
  (point: string): void => {
    if (point === moment) throw new Error('killed');
  };

/** A backup, and a file that SQLite cannot read any more. */
async function damaged() {
  const { home, file, host, database } = realHost(folder, 'delete');
  const backup = must(await host.backups.create(database));
  const old = Buffer.alloc(8192, 7);
  fs.writeFileSync(file, old);
  const input = { path: file, backupFolder: backup.folder, lockFolder: path.join(home, 'data', 'locks') };
  const told = async () => {
    const recovery = await host.recoveries.get(database);
    return { where: recovery?.where, reasons: recovery?.reasons.join('\n'), choices: recovery?.choices ?? [] };
  };
  return { file, host, database, backup, old, input, told };
}

describe.each(['intended', 'replaced'] as const)('a restore whose backup is lost since it was killed: %s', (moment) => {
  it('is to be finished with its own copy, and can be', async () => {
    const { file, host, database, backup, input, told } = await damaged();
    const good = fs.readFileSync(backup.path);
    const restoring = { ...input, backupPath: backup.path, appVersion: '0', allowForeign: false };
    await expect(restoreBackup(restoring, { packs, probe: killedAt(moment) })).rejects.toThrow('killed');
    for (const name of fs.readdirSync(backup.folder)) fs.rmSync(path.join(backup.folder, name));

    const { reasons, choices } = await told();

    expect(choices[0]).toMatchObject({ id: 'finish', title: 'Finish restoring' });
    expect(choices[0]?.consequence).not.toContain('Only possible');
    expect(reasons).toContain('copy of that backup');
    must(await host.recoveries.finish(database));
    expect(fs.readFileSync(file).equals(good)).toBe(true);
  });
});

it('a restore over a file that can only be read in part says where that is kept, and comes to its end', async () => {
  const { file, host, database } = realHost(folder, 'delete');
  const backup = must(await host.backups.create(database));
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, Buffer.alloc(40_000, 0x5a), 0, 40_000, fs.statSync(file).size - 40_000);
  fs.closeSync(handle);
  const old = fs.readFileSync(file);
  const input = { path: file, backupPath: backup.path, backupFolder: backup.folder, appVersion: '0' };
  const probe = (point: string): void => {
    if (point === 'unlocked') throw new Error('killed');
  };
  await expect(restoreBackup({ ...input, allowForeign: false }, { packs, probe })).rejects.toThrow('killed');

  const recovery = await host.recoveries.get(database);

  expect(recovery?.where).toContain('It stopped while the content of the file was being replaced');
  expect(recovery?.reasons.join()).toMatch(/is kept, byte for byte, in “project\.db replaced-\w{6}” beside it\./);
  expect(recovery?.choices).toMatchObject([
    { id: 'finish', consequence: expect.stringContaining('What it held before is kept as well.') },
  ]);
  const { before, replacedFolder } = must(await host.recoveries.finish(database));
  expect(before).toBeNull();
  expect(recovery?.reasons.join()).toContain(path.basename(replacedFolder ?? '?'));
  expect(await host.recoveries.get(database)).toBeNull();
  expect(must(await host.backups.list(database)).replaced?.folder).toBe(replacedFolder);
  must(await host.backups.putBack(database, database.name, replacedFolder ?? ''));
  expect(fs.readFileSync(file).equals(old)).toBe(true);
});

describe('the undoing of a restore that was killed', () => {
  async function undoing(moment: Parameters<FileProbe>[0]) {
    const given = await damaged();
    const { host, database, backup, input } = given;
    const restored = must(await host.backups.restore(database, backup.id, database.name));
    const aside = restored.replacedFolder ?? '';
    await expect(putBackReplaced({ ...input, folder: aside }, { probe: killedAt(moment) })).rejects.toThrow('killed');
    return { ...given, aside };
  }

  it('is told of its old files, and never as a backup', async () => {
    const { file, host, database, old, aside, told } = await undoing('intended');

    const { where, reasons, choices } = await told();

    expect(where).toBe(
      'It stopped while old files, which a restore had set aside, were being put back in the place of the file.',
    );
    expect(reasons).toContain(`“${path.basename(aside)}” beside the database`);
    expect(reasons).toMatch(
      /What was in the file until then is kept, byte for byte, in “project\.db repla\w+-\w{6}” beside it\./,
    );
    expect(choices.map(({ id }) => id)).toEqual(['finish']);
    expect([where, reasons, choices[0]?.consequence].join()).not.toContain('backup');
    must(await host.recoveries.finish(database));
    expect(fs.readFileSync(file).equals(old)).toBe(true);
  });

  it('is finished without their folder, too, as long as its own copies are there; then a backup comes second', async () => {
    const { file, host, database, old, aside, told } = await undoing('intended');
    fs.rmSync(aside, { recursive: true });

    const { where, choices } = await told();

    expect(where).toContain(`Their folder is not where it was, or no longer whole: ${aside}`);
    expect(choices.map(({ id }) => id)).toEqual(['finish', 'restore']);
    expect(choices[0]?.consequence).not.toContain('Only possible');
    must(await host.recoveries.finish(database));
    expect(fs.readFileSync(file).equals(old)).toBe(true);
  });

  it('needs their folder once its copies are gone as well', async () => {
    const { file, host, database, aside, told } = await undoing('intended');
    fs.rmSync(aside, { recursive: true });
    fs.rmSync(`${file}.restore-stage`);
    fs.rmSync(file);

    const { choices } = await told();

    expect(choices.map(({ id }) => id)).toEqual(['restore', 'finish']);
    expect(choices[1]?.consequence).toContain('Only possible once the folder with the old files');
    expect((await host.recoveries.finish(database)).ok).toBe(false);
    must(
      await host.backups.restore(database, must(await host.backups.list(database)).backups[0]?.id ?? '', 'project.db'),
    );
    expect(await host.recoveries.get(database)).toBeNull();
  });
});
