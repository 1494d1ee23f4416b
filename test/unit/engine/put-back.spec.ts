import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { intentFile, restoreLockFile } from '@shared/beside.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import { sha256File } from '@engine/fsync.ts';
import { readableIntent, writeIntent } from '@engine/intent.ts';
import { putBackReplaced } from '@engine/put-back.ts';
import { pendingFor } from '@engine/restore-pending.ts';
import type { FileProbe } from '@engine/restore-stage.ts';
import { lockRestores } from '@engine/restore-target.ts';
import { finishRestore } from '@engine/restore.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { folderState } from '../../support/folder-state.ts';
import { isThere, makeDatabase, temporaryFolder } from '../../support/temporary.ts';

/** What a restore set aside comes back as it was told, or not at all. */

const folder = temporaryFolder();
let file: string;
beforeEach(() => {
  file = path.join(fs.mkdtempSync(path.join(fs.realpathSync(folder), 'shop-')), 'shop.db');
  fs.writeFileSync(file, 'restored');
});

/** A folder with a file that was set aside. @returns it. */
function setAside(name: string, content: string, parent = path.dirname(file)): string {
  const replaced = path.join(parent, name);
  fs.mkdirSync(replaced);
  fs.writeFileSync(path.join(replaced, 'shop.db'), content);
  return replaced;
}
const lockFolder = path.join(folder, 'locks');
const putBack = (from: string, probe?: FileProbe) =>
  putBackReplaced(
    { path: file, folder: from, backupFolder: path.join(folder, 'backups'), lockFolder },
    probe === undefined ? {} : { probe },
  );
const content = (): string => fs.readFileSync(file, 'utf8');

describe('while another restore is interrupted', () => {
  const noteOf = (change: Partial<RestoreIntent>): RestoreIntent => ({
    ...{ format: 'phasewise-restore 1', startedAt: '2026-01-01T00:00:00.000Z', databaseName: 'shop.db' },
    ...{ way: 'by-file', source: 'backup', backupPath: '/backups/b.db', sha256: 'a'.repeat(64) },
    ...{ files: [{ suffix: '', sha256: 'a'.repeat(64) }], quarantine: null, beforePath: null, ...change },
  });

  it.each(['of a backup', 'of what another restore set aside'])('%s, nothing is put back', async (which) => {
    const [wanted, other] = [setAside('shop.db replaced-Abc123', 'old'), setAside('shop.db replaced-Def456', 'older')];
    const note = noteOf(which === 'of a backup' ? {} : { source: 'replaced', backupPath: other });
    writeIntent(file, note);

    expect(await codeOfPromise(putBack(wanted))).toBe('E_RESTORE_UNFINISHED');

    expect(content()).toBe('restored');
    expect(readableIntent(file)).toEqual(note);
  });
});

it('nothing is put back while another of ours restores the same database', async () => {
  const wanted = setAside('shop.db replaced-Abc123', 'old');
  const other = lockRestores(file, path.join(folder, 'locks of the other'));
  expect(await codeOfPromise(putBack(wanted))).toBe('E_RUN_ACTIVE');
  other.release();
  expect(content()).toBe('restored');
});

describe('a sound file that is not to be written to', () => {
  beforeEach(() => {
    fs.rmSync(file);
    makeDatabase(path.dirname(file), `CREATE TABLE a (id); INSERT INTO a VALUES ('sound')`, 'shop.db');
  });
  const beside = () => ({ ...folderState(path.dirname(file)), '.': '' });

  it.each<[string, string, () => void]>([
    ['is read-only', 'E_READONLY_FILE', () => fs.chmodSync(file, 0o444)],
    ['has a second name', 'E_MULTI_LINK', () => fs.linkSync(file, `${file}.second`)],
  ])('because it %s is not replaced, and nothing comes to lie beside it', async (_, code, make) => {
    const wanted = setAside('shop.db replaced-Abc123', 'old');
    make();
    const before = beside();

    expect(await codeOfPromise(putBack(wanted))).toBe(code);

    expect(beside()).toEqual(before);
  });

  it('nor when an undoing that was interrupted is carried through, until it may be', async () => {
    const wanted = setAside('shop.db replaced-Abc123', 'old');
    const end: FileProbe = (point) => {
      if (point === 'intended') throw new Error('ended here');
    };
    await expect(putBack(wanted, end)).rejects.toThrow('ended here');
    fs.chmodSync(file, 0o444);
    const before = beside();
    const input = { path: file, backupFolder: path.join(folder, 'backups'), lockFolder, appVersion: '0' };

    expect(await codeOfPromise(finishRestore(input, { packs: [] }))).toBe('E_READONLY_FILE');

    expect(beside()).toEqual(before);
    fs.chmodSync(file, 0o644);
    await finishRestore(input, { packs: [] });
    expect(content()).toBe('old');
  });
});

it('a link to a folder elsewhere is none that a restore has made', async () => {
  const elsewhere = setAside('elsewhere', 'strange', folder);
  const link = path.join(path.dirname(file), 'shop.db replaced-Abc123');
  fs.symlinkSync(elsewhere, link);
  expect(await codeOfPromise(putBack(link))).toBe('E_RESTORE_TARGET');
  expect(content()).toBe('restored');
});

it.each<[string, () => string]>([
  ['lies in another folder', () => setAside('shop.db replaced-Ghi789', 'strange', fs.mkdtempSync(`${folder}/other-`))],
  ['has another name', () => setAside('elsewhere', 'strange')],
  ['is of another database', () => setAside('other.db replaced-Abc123', 'strange')],
  [
    'is empty',
    () => {
      const empty = setAside('shop.db replaced-Abc123', 'strange');
      fs.rmSync(path.join(empty, 'shop.db'));
      return empty;
    },
  ],
  [
    'holds only a link',
    () => {
      const linked = setAside('shop.db replaced-Abc123', 'strange');
      fs.renameSync(path.join(linked, 'shop.db'), path.join(linked, 'strange'));
      fs.symlinkSync('strange', path.join(linked, 'shop.db'));
      return linked;
    },
  ],
])('nor is a folder that %s', async (_, make) => {
  expect(await codeOfPromise(putBack(make()))).toBe('E_RESTORE_TARGET');
  expect(content()).toBe('restored');
});

it('what holds other bytes once it is in its place was not put back, and the note stays', async () => {
  const wanted = setAside('shop.db replaced-Abc123', 'old');
  const change: FileProbe = (point) => void (point === 'replaced' && fs.writeFileSync(file, 'other'));

  expect(await codeOfPromise(putBack(wanted, change))).toBe('E_RESTORE_FAILED');

  expect(fs.existsSync(intentFile(file))).toBe(true);
  expect(readableIntent(file)?.sha256).toBe(sha256File(path.join(wanted, 'shop.db')));
});

describe('an undoing that was interrupted', () => {
  const input = () => ({ path: file, backupFolder: path.join(folder, 'backups'), lockFolder, appVersion: '0' });
  const endAt =
    (point: Parameters<FileProbe>[0]): FileProbe =>
    (at) => {
      if (at === point) throw new Error('ended here');
    };

  it.each<Parameters<FileProbe>[0]>(['intended', 'cleared', 'replaced'])(
    'after "%s", comes to its end by its own copy, though the folder is empty by now',
    async (point) => {
      const wanted = setAside('shop.db replaced-Abc123', 'old');
      await expect(putBack(wanted, endAt(point))).rejects.toThrow('ended here');
      fs.rmSync(path.join(wanted, 'shop.db'));

      await finishRestore(input(), { packs: [] });

      expect(content()).toBe('old');
      expect(readableIntent(file)).toBeNull();
    },
  );

  it('stands in the way of no other restore, once nothing can carry it through', async () => {
    const wanted = setAside('shop.db replaced-Abc123', 'old');
    await expect(putBack(wanted, endAt('intended'))).rejects.toThrow('ended here');
    fs.rmSync(path.join(wanted, 'shop.db'));
    fs.writeFileSync(`${file}.restore-stage`, 'cut');

    expect(pendingFor(file, { sha256: 'b'.repeat(64) })).toBeNull();
  });

  it('is not ended where neither its copies nor what was set aside are there: the note stays', async () => {
    const wanted = setAside('shop.db replaced-Abc123', 'old');
    await expect(putBack(wanted, endAt('intended'))).rejects.toThrow('ended here');
    fs.rmSync(wanted, { recursive: true });
    fs.writeFileSync(`${file}.restore-stage`, 'cut');

    expect(await codeOfPromise(finishRestore(input(), { packs: [] }))).toBe('E_RESTORE_TARGET');

    expect(content()).toBe('restored');
    expect(readableIntent(file)).not.toBeNull();
  });

  it('and is ended again while it is begun anew, comes to its end with the log', async () => {
    const wanted = setAside('shop.db replaced-Abc123', 'old');
    fs.writeFileSync(path.join(wanted, 'shop.db-wal'), 'old log');
    await expect(putBack(wanted, endAt('intended'))).rejects.toThrow('ended here');
    fs.writeFileSync(`${file}.restore-stage-wal`, 'cut'); // so its copies cannot carry it through
    const [home, asEnded] = [path.dirname(file), `${path.dirname(file)} as it ended`];
    let copied = 0;
    const copy = fs.copyFileSync;
    vi.spyOn(fs, 'copyFileSync').mockImplementation((from, to, mode) => {
      const isStage = String(to).startsWith(`${file}.restore-stage`);
      if (isStage && (copied += 1) === 2) fs.cpSync(home, asEnded, { recursive: true });
      copy(from, to, mode);
    });
    await finishRestore(input(), { packs: [] });
    vi.restoreAllMocks();
    fs.rmSync(home, { recursive: true });
    fs.renameSync(asEnded, home);

    await finishRestore(input(), { packs: [] });

    expect([copied, content(), fs.readFileSync(`${file}-wal`, 'utf8')]).toEqual([2, 'old', 'old log']);
    expect(readableIntent(file)).toBeNull();
  });

  it('leaves no draft of a lock, once it has come to its end', async () => {
    const wanted = setAside('shop.db replaced-Abc123', 'old');
    await expect(putBack(wanted, endAt('replaced'))).rejects.toThrow('ended here');
    const draft = `${restoreLockFile(file)}.0a1b2c3d`;
    fs.writeFileSync(draft, '');

    await finishRestore(input(), { packs: [] });

    expect(isThere(draft)).toBe(false);
  });
});

it.skipIf(process.platform === 'win32')('a pipe among what was set aside is refused, and not waited for', async () => {
  const wanted = setAside('shop.db replaced-Abc123', 'old');
  execFileSync('mkfifo', [path.join(wanted, 'shop.db-wal')]);

  expect(await codeOfPromise(putBack(wanted))).toBe('E_RESTORE_TARGET');

  expect(content()).toBe('restored');
});

it('a file is no folder with what was set aside', async () => {
  const strange = path.join(path.dirname(file), 'shop.db replaced-Abc123');
  fs.writeFileSync(strange, 'old');
  expect(await codeOfPromise(putBack(strange))).toBe('E_RESTORE_TARGET');
});
