import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase } from '@engine/backups.ts';
import { passGateForWriting } from '@engine/gate.ts';
import { inspect } from '@engine/inspect.ts';
import { readIntent } from '@engine/intent.ts';
import { putBackReplaced } from '@engine/put-back.ts';
import { finishRestore, restoreBackup } from '@engine/restore.ts';
import { root } from '../../../build/layout.mjs';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { ask, askOne, backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { otherProgram } from '../../support/other-program.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const packs = [shopPack()];
const child = path.join(root, 'test/support/engine/restore-child.ts');
const aliases = path.join(root, 'test/support/engine/aliases.mjs');

const backUp = (file: string, reason = 'by hand'): Promise<BackupRecord> =>
  backupDatabase({ path: file, folder: backupFolderOf(file), reason, runId: null, appVersion: '0' }, packs);
const restore = (file: string, backup: BackupRecord) =>
  restoreBackup(
    { backupPath: backup.path, path: file, backupFolder: backupFolderOf(file), appVersion: '0', allowForeign: false },
    { packs, lockWaitMs: 200 },
  );
const finish = (file: string) =>
  finishRestore({ path: file, backupFolder: backupFolderOf(file), appVersion: '0' }, { packs, lockWaitMs: 200 });

/** Restores in a process of its own, which kills itself at a named point. */
async function killedAt(point: string, source: string, file: string): Promise<void> {
  const running = spawn(
    process.execPath,
    ['--no-warnings', '--import', aliases, child, source, file, backupFolderOf(file), point],
    { cwd: root, stdio: 'ignore' },
  );
  await new Promise((resolve) => running.once('exit', resolve));
}

/** A shop whose backup holds 90 notes, and which itself has one of its own by now. */
async function changedShop(wal = false): Promise<{ file: string; backup: BackupRecord }> {
  const file = makeShop(folder, { wal });
  const backup = await backUp(file);
  const db = new Database(file);
  db.exec(`DELETE FROM note; INSERT INTO note (id, body) VALUES (1, 'newer')`);
  db.close();
  return { file, backup };
}

/** A shop that SQLite can no longer open, with a log of another program beside it. */
async function smashedShop(): Promise<{ file: string; backup: BackupRecord; old: Record<string, Buffer> }> {
  const { file, backup } = await changedShop(true);
  const other = await otherProgram(file, `db.exec("UPDATE setting SET value = 'stale'")`);
  await other.kill();
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, Buffer.alloc(40, 1), 0, 40, 0);
  fs.closeSync(handle);
  return { file, backup, old: { '': fs.readFileSync(file), '-wal': fs.readFileSync(`${file}-wal`) } };
}

const besides = (file: string, what: string): string[] =>
  fs.readdirSync(path.dirname(file)).filter((name) => name.startsWith(`${path.basename(file)}${what}`));
const wholeIn = (file: string, old: Record<string, Buffer>) => (name: string) =>
  Object.entries(old).every(([suffix, bytes]) => {
    const kept = path.join(path.dirname(file), name, path.basename(file) + suffix);
    return isThere(kept) && fs.readFileSync(kept).equals(bytes);
  });
const notes = (file: string): number => askOne<number>(file, `SELECT count(*) FROM note`);

describe('J05: a restore by file, killed', () => {
  it.each(['kept', 'intended', 'cleared', 'replaced', 'finished', 'unmarked'])(
    'at "%s", is carried through, and what it replaced is kept byte for byte',
    async (point) => {
      const { file, backup, old } = await smashedShop();

      await killedAt(point, backup.path, file);

      const isIntended = isThere(intentFile(file));
      expect(isIntended).toBe(!['staged', 'kept', 'unmarked'].includes(point));
      const isOld = fs.readFileSync(file).equals(old[''] ?? Buffer.alloc(0));
      expect(isOld).toBe(['staged', 'kept', 'intended', 'cleared'].includes(point));
      if (isIntended) {
        expect(codeOf(() => passGateForWriting(file))).toBe('E_RESTORE_UNFINISHED');
        expect(await finish(file)).toMatchObject({
          before: null,
          replacedFolder: expect.stringContaining('replaced-'),
        });
      } else if (point === 'unmarked') {
        expect(await codeOfPromise(finish(file))).toBe('E_NOTHING_TO_DO');
      } else {
        await restore(file, backup);
      }
      expect(notes(file)).toBe(90);
      expect(besides(file, ' replaced-').filter(wholeIn(file, old))).toHaveLength(1);
      expect([...besides(file, '.restore-'), ...besides(file, ' replacing-')]).toEqual([]);
    },
  );

  it('and killed again while it is carried through, is carried through all the same', async () => {
    const { file, backup, old } = await smashedShop();
    await killedAt('intended', backup.path, file);
    await killedAt('finished', backup.path, file); // the same restore again carries on
    expect(readIntent(file)).not.toBeNull();

    await finish(file);

    expect(notes(file)).toBe(90);
    expect(besides(file, ' replaced-').some(wholeIn(file, old))).toBe(true);
    expect(await codeOfPromise(finish(file))).toBe('E_NOTHING_TO_DO');
  });
});

describe('a restore in place, killed', () => {
  it.each(['intended', 'switched', 'unlocked', 'copied', 'finished', 'unmarked'])(
    'at "%s", refuses whatever would write, and is carried through',
    async (point) => {
      const { file, backup } = await changedShop(point === 'copied');

      await killedAt(point, backup.path, file);

      if (point !== 'unmarked') {
        expect((await inspect(file, 'schema', packs)).unfinishedRestore).toMatchObject({
          way: 'in-place',
          backupPath: backup.path,
        });
        expect(await codeOfPromise(upgradeShop(file))).toBe('E_RESTORE_UNFINISHED');
        expect(await codeOfPromise(backUp(file))).toBe('E_RESTORE_UNFINISHED');
        const { before } = await finish(file);
        expect(ask(before?.path ?? '', `SELECT body FROM note`)).toEqual([{ body: 'newer' }]);
      }
      expect(notes(file)).toBe(90);
      expect((await inspect(file, 'schema', packs)).unfinishedRestore).toBeNull();
      expect(askOne(file, `PRAGMA journal_mode`)).toBe(point === 'copied' ? 'wal' : 'delete');
    },
  );

  it('loses nothing that another program wrote since', async () => {
    const { file, backup } = await changedShop();
    await killedAt('copied', backup.path, file);
    const db = new Database(file);
    db.exec(`INSERT INTO setting VALUES ('since', 'then')`);
    db.close();

    const { before } = await finish(file);

    expect(askOne(before?.path ?? '', `SELECT value FROM setting WHERE name = 'since'`)).toBe('then');
  });

  it('leaves no copy behind that an earlier attempt was killed over', async () => {
    const { file, backup } = await changedShop(true);
    const other = await otherProgram(file, `db.exec("UPDATE setting SET value = 'in the log'")`);
    await other.kill();
    await killedAt('saved', backup.path, file); // a raw copy of file and log lies there by now
    expect(besides(file, ' replacing-')).toHaveLength(1);

    await restore(file, backup);

    expect(besides(file, ' replacing-')).toEqual([]);
    expect(notes(file)).toBe(90);
  });

  it('refuses another backup, unless the one that was being put back is lost', async () => {
    const { file, backup } = await changedShop();
    const other = await backUp(file, 'another');
    await killedAt('intended', backup.path, file);

    expect(await codeOfPromise(restore(file, other))).toBe('E_RESTORE_UNFINISHED');
    fs.truncateSync(backup.path, 5_000);
    expect(await codeOfPromise(finish(file))).toBe('E_BACKUP_CORRUPT');
    await restore(file, other);

    expect(readIntent(file)).toBeNull();
    expect(notes(file)).toBe(1);
  });

  it('is carried through from where the folder of backups is now', async () => {
    const { file, backup } = await changedShop();
    await killedAt('intended', backup.path, file);
    const moved = `${backupFolderOf(file)} elsewhere`;
    fs.renameSync(backupFolderOf(file), moved);

    await finishRestore({ path: file, backupFolder: moved, appVersion: '0' }, { packs });

    expect(notes(file)).toBe(90);
  });
});

describe('a note of a restore that is not to be obeyed', () => {
  const good = (file: string, change: Partial<RestoreIntent> = {}): string =>
    JSON.stringify({
      ...{ format: 'phasewise-restore 1', startedAt: '2026-01-01T00:00:00.000Z', databaseName: path.basename(file) },
      ...{ way: 'by-file', source: 'backup', backupPath: '/nowhere/x.db', sha256: 'a'.repeat(64) },
      ...{ files: [{ suffix: '', sha256: 'a'.repeat(64) }], quarantine: null, beforePath: null },
      ...change,
    });
  it.each<[string, (file: string) => void]>([
    ['holds something else', (file) => fs.writeFileSync(intentFile(file), 'x')],
    ['is empty', (file) => fs.writeFileSync(intentFile(file), '')],
    ['is huge', (file) => fs.writeFileSync(intentFile(file), ' '.repeat(100_000))],
    ['is a link', (file) => fs.symlinkSync(file, intentFile(file))],
    ['is a pipe', (file) => void spawnSync('mkfifo', [intentFile(file)])],
    ['is a folder', (file) => fs.mkdirSync(intentFile(file))],
    ['speaks of another database', (file) => fs.writeFileSync(intentFile(file), good(file, { databaseName: 'b.db' }))],
    [
      'names nothing to be put in place',
      (file) => {
        const replaced = `${file} replaced-abc123`;
        fs.mkdirSync(replaced);
        fs.writeFileSync(path.join(replaced, path.basename(file)), 'old bytes');
        fs.writeFileSync(intentFile(file), good(file, { source: 'replaced', backupPath: replaced, files: [] }));
      },
    ],
    ['names a folder elsewhere', (file) => fs.writeFileSync(intentFile(file), good(file, { quarantine: '../../tmp' }))],
  ])('because it %s stops what writes, and is done with by restoring a backup', async (_, plant) => {
    const { file, backup } = await changedShop();
    plant(file);
    const bytes = fs.readFileSync(file);

    expect(codeOf(() => passGateForWriting(file))).toBe('E_RESTORE_UNFINISHED');
    expect(await codeOfPromise(finish(file))).toBe('E_RESTORE_UNFINISHED');
    expect((await inspect(file, 'schema', packs)).unfinishedRestore?.backupPath).toBe('');
    expect(fs.readFileSync(file).equals(bytes)).toBe(true);

    await restore(file, backup);
    expect(isThere(intentFile(file))).toBe(false);
    expect(notes(file)).toBe(90);
  });

  it('is found, and said, when the database itself is missing', async () => {
    const { file } = await changedShop();
    fs.rmSync(file);
    fs.writeFileSync(intentFile(file), good(file));
    expect(await codeOfPromise(inspect(file, 'schema', packs))).toBe('E_RESTORE_UNFINISHED');
  });
});

describe('undoing a restore by file', () => {
  const putBack = (file: string, from: string) =>
    putBackReplaced({ path: file, folder: from, backupFolder: backupFolderOf(file) });
  const bytesOf = (file: string) =>
    Object.fromEntries(
      ['', '-wal'].map((suffix) => [suffix, isThere(file + suffix) ? fs.readFileSync(file + suffix) : null]),
    );

  it('J05: puts the old file and its log back byte for byte, and can itself be undone', async () => {
    const { file, backup, old } = await smashedShop();
    const { replacedFolder } = await restore(file, backup);
    const restored = fs.readFileSync(file);

    const undone = await putBack(file, replacedFolder ?? '');
    expect(bytesOf(file)).toEqual(old);
    expect(readIntent(file)).toBeNull();

    await putBack(file, undone.replacedFolder ?? '');
    expect(fs.readFileSync(file).equals(restored)).toBe(true);
    expect(isThere(`${file}-wal`)).toBe(false); // the stale log went with the file that it belongs to
  });

  it.each(['intended', 'replaced'])('killed at "%s", is carried through', async (point) => {
    const { file, backup, old } = await smashedShop();
    const { replacedFolder } = await restore(file, backup);
    await killedAt(point, replacedFolder ?? '', file);
    expect(readIntent(file)).toMatchObject({ isReadable: true, intent: { source: 'replaced' } });
    expect(await codeOfPromise(restore(file, backup))).toBe('E_RESTORE_UNFINISHED');

    await finish(file);

    expect(bytesOf(file)).toEqual(old);
    expect(readIntent(file)).toBeNull();
  });

  it('refused by the system once it had begun, is no refusal, and is carried through later', async () => {
    const { file, backup, old } = await smashedShop();
    const { replacedFolder } = await restore(file, backup);
    const input = { path: file, folder: replacedFolder ?? '', backupFolder: backupFolderOf(file) };
    const probe = (point: string) => void (point === 'replaced' && fs.mkdirSync(`${file}-wal`));
    const undo = putBackReplaced(input, { probe });
    await expect(undo).rejects.toThrow('E_RESTORE_FAILED: The restore could not be carried through: EISDIR: illegal operation on a directory'); // prettier-ignore
    expect(await codeOfPromise(putBackReplaced(input))).toBe('E_RESTORE_FAILED'); // as long as it is in the way
    fs.rmdirSync(`${file}-wal`);
    await finish(file);
    expect(bytesOf(file)).toEqual(old);
  });

  it('takes nothing but a folder of ours beside the database', async () => {
    const { file, backup } = await changedShop();
    const strange = path.join(path.dirname(file), 'shop.db replaced-elsewhere');
    fs.mkdirSync(strange);
    fs.copyFileSync(backup.path, path.join(strange, 'shop.db'));
    expect(await codeOfPromise(putBack(file, strange))).toBe('E_RESTORE_TARGET');
    expect(await codeOfPromise(putBack(file, path.join(folder, 'nowhere')))).toBe('E_RESTORE_TARGET');
    expect(notes(file)).toBe(1);
  });
});
