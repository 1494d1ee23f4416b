import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderState } from '../../support/folder-state.ts';
import { buildInputsEngine, startEngine } from './support/engine.ts';
import { leaveHotJournal, leaveWal } from './support/journals.ts';
import {
  canDo,
  everywhere,
  isRoot,
  makeSandbox,
  openFolder,
  OTHER_UID,
  NOT_ROOT,
  refusals,
  runInput,
  upgradeAndVerify,
} from './support/sandbox.ts';

/** What an ordinary person may not do. Root may do everything, so the engine runs as somebody else here. */

const base = openFolder();
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeAll(buildInputsEngine);
const person = startEngine(isRoot ? { uid: OTHER_UID } : {});
const root = startEngine();
const owner = isRoot ? { owner: OTHER_UID } : {};
const writing = ['run'] as const;

const makeWal = (file: string): void => {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.close();
};

describe.skipIf(!isRoot)(`what the system forbids a person (${NOT_ROOT})`, () => {
  it('S07: a read-only file may be looked at, not written', async () => {
    const box = makeSandbox(base, owner);
    chmodSync(box.file, 0o444);

    expect(await refusals(person, box, { only: ['run'] })).toEqual(everywhere('E_READONLY_FILE', writing));
    const look = await person.ask('inspect', { path: box.file, check: 'data' });
    expect(look).toMatchObject({
      ok: true,
      value: { file: { isWritable: false, readOnlyReason: { code: 'E_READONLY_FILE' } } },
    });
  });

  it('S08: a folder that takes no files may be looked into, not written', async () => {
    const box = makeSandbox(base, owner);
    chmodSync(box.folder, 0o555);

    expect(await refusals(person, box, { only: ['run'] })).toEqual(everywhere('E_READONLY_DIR', writing));
    const look = await person.ask('inspect', { path: box.file, check: 'data' });
    expect(look).toMatchObject({ ok: true, value: { file: { inspectedVia: 'in-place', isWritable: false } } });
  });

  it('S09: a file in WAL mode in a folder that takes no files is looked at through a private copy', async () => {
    const box = makeSandbox(base, owner);
    makeWal(box.file);
    chmodSync(box.folder, 0o555);
    const before = folderState(box.folder);

    const look = await person.ask('inspect', { path: box.file, check: 'data' });

    expect(look).toMatchObject({ ok: true, value: { file: { inspectedVia: 'private-copy', isWritable: false } } });
    expect(await refusals(person, box, { only: ['run'] })).toEqual(everywhere('E_READONLY_DIR', writing));
    expect(folderState(box.folder)).toEqual(before);
  });

  it('S10: a hot journal in a folder that takes no files is not played back: the copy shows what it would undo', async () => {
    const box = makeSandbox(base, owner);
    leaveHotJournal(box.file);
    chownSync(`${box.file}-journal`, OTHER_UID, OTHER_UID);
    chmodSync(box.folder, 0o555);
    const before = folderState(box.folder);

    const look = await person.ask('inspect', { path: box.file, check: 'data' });

    expect(look).toMatchObject({ ok: true, value: { file: { inspectedVia: 'private-copy', needsRecovery: true } } });
    expect(await refusals(person, box, { only: ['run'] })).toEqual(everywhere('E_READONLY_DIR', writing));
    expect(folderState(box.folder)).toEqual(before);
  });

  it('S11: no permission to read the file, its folder, or one of its sidecars', async () => {
    const file = makeSandbox(base, owner);
    chmodSync(file.file, 0o200);
    const folder = makeSandbox(base, owner);
    chmodSync(folder.folder, 0o600);
    const parent = makeSandbox(base, owner);
    chmodSync(path.dirname(parent.folder), 0o600);
    const wal = makeSandbox(base, owner);
    leaveWal(wal.file);
    chmodSync(`${wal.file}-wal`, 0o600); // and root's: a program that ran as root left it
    chownSync(`${wal.file}-wal`, 0, 0);

    expect(await refusals(person, file)).toEqual(everywhere('E_NO_PERMISSION'));
    const look = await person.ask('inspect', { path: file.file, check: 'data' });
    expect(look.ok ? '' : look.error.message).toContain(path.basename(file.file));
    expect(await refusals(person, folder)).toEqual(everywhere('E_NO_PERMISSION'));
    expect(await refusals(person, parent)).toEqual(everywhere('E_NO_PERMISSION'));
    expect(await refusals(person, wal)).toEqual(everywhere('E_NO_PERMISSION'));
  });

  it("S12: another user's file: readable, then not", async () => {
    const theirs = makeSandbox(base);
    chmodSync(theirs.file, 0o644);
    expect(await refusals(person, theirs, { only: ['run'] })).toEqual(everywhere('E_READONLY_FILE', writing));
    chmodSync(theirs.file, 0o640);
    expect(await refusals(person, theirs)).toEqual(everywhere('E_NO_PERMISSION'));
  });

  it("S12: another user's file that a group may write, in a folder that it may not", async () => {
    const theirs = makeSandbox(base);
    chownSync(theirs.file, 0, OTHER_UID);
    chmodSync(theirs.file, 0o660);

    expect(await refusals(person, theirs, { only: ['run'] })).toEqual(everywhere('E_READONLY_DIR', writing));
  });

  it("S12: another user's file that a group may write, in a folder that it may write too, stays that user's", async () => {
    const theirs = makeSandbox(base, owner);
    chownSync(theirs.folder, 0, OTHER_UID);
    chmodSync(theirs.folder, 0o770);
    chownSync(theirs.file, 0, OTHER_UID);
    chmodSync(theirs.file, 0o660);

    expect(await upgradeAndVerify(person, theirs)).toBeNull();

    const { uid, gid, mode } = lstatSync(theirs.file);
    expect([uid, gid, mode & 0o777]).toEqual([0, OTHER_UID, 0o660]);
  });

  const hasFlags = canDo(`f=$(mktemp -p '${base}') && chattr +i "$f" && chattr -i "$f"`);
  it.skipIf(!hasFlags)('S12: a file that is marked immutable (skipped where chattr does not work)', async () => {
    const box = makeSandbox(base, owner);
    execFileSync('chattr', ['+i', box.file]);
    try {
      expect(await refusals(person, box, { only: ['run'] })).toEqual(everywhere('E_READONLY_FILE', writing));
      expect(await refusals(root, box, { only: ['run'] })).toEqual(everywhere('E_READONLY_FILE', writing));
    } finally {
      execFileSync('chattr', ['-i', box.file]);
    }
  });

  it.skipIf(!hasFlags)(
    'S12: a folder that is marked immutable or append-only (skipped where chattr does not work)',
    async () => {
      const box = makeSandbox(base, owner);
      execFileSync('chattr', ['+i', box.folder]);
      try {
        expect(await refusals(root, box, { only: ['run'] })).toEqual(everywhere('E_READONLY_DIR', writing));
      } finally {
        execFileSync('chattr', ['-i', box.folder]);
      }
      // Files may be made there, never removed: the journal stays, finished, and is in nobody's way.
      const growing = makeSandbox(base, owner);
      execFileSync('chattr', ['+a', growing.folder]);
      try {
        expect(await upgradeAndVerify(root, growing)).toBeNull();
        const look = await root.ask('inspect', { path: growing.file, check: 'data' });
        expect(look).toMatchObject({ ok: true, value: { file: { needsRecovery: false } } });
      } finally {
        execFileSync('chattr', ['-a', growing.folder]);
      }
    },
  );

  it('S13: what was writable when it was looked at, and is not when the upgrade begins', async () => {
    const box = makeSandbox(base, owner);
    const plan = await person.ask('plan', { path: box.file, toPhase: null, backupFolder: box.backupFolder });
    const fingerprint = plan.ok ? plan.value.fingerprint : '';
    expect(fingerprint).not.toBe('');
    for (const [mode, folderMode, code] of [
      [0o444, 0o755, 'E_READONLY_FILE'],
      [0o644, 0o555, 'E_READONLY_DIR'],
      [0o000, 0o755, 'E_NO_PERMISSION'],
    ] as const) {
      chmodSync(box.file, mode);
      chmodSync(box.folder, folderMode);
      const before = folderState(box.folder);

      const run = await person.ask('run', runInput(box, { fingerprint }));

      expect(run).toMatchObject({ ok: false, error: { code } });
      expect(folderState(box.folder)).toEqual(before);
    }
    chmodSync(box.file, 0o644);
    chmodSync(box.folder, 0o755);
    expect(await upgradeAndVerify(person, box)).toBeNull();
  });

  it('S14: a restore over a read-only file, or into a read-only folder, leaves everything as it is', async () => {
    const box = makeSandbox(base, owner);
    const made = await person.ask('backup', {
      ...{ path: box.file, folder: box.backupFolder, reason: 'by hand', runId: null, appVersion: '0' },
    });
    const backupPath = made.ok ? made.value.path : '';
    for (const [mode, folderMode, code] of [
      [0o444, 0o755, 'E_READONLY_FILE'],
      [0o644, 0o555, 'E_READONLY_DIR'],
    ] as const) {
      chmodSync(box.file, mode);
      chmodSync(box.folder, folderMode);
      const before = [folderState(box.folder), folderState(box.backupFolder)];

      const result = await person.ask('restore', {
        ...{
          backupPath,
          path: box.file,
          backupFolder: box.backupFolder,
          lockFolder: box.lockFolder,
          appVersion: '0',
          allowForeign: false,
        },
      });

      expect(result).toMatchObject({ ok: false, error: { code } });
      expect([folderState(box.folder), folderState(box.backupFolder)]).toEqual(before);
    }
  });

  it('S14: a backup folder that may not be written, or that cannot be made', async () => {
    const readOnly = makeSandbox(base, owner);
    chmodSync(readOnly.backupFolder, 0o555);
    const absent = makeSandbox(base, owner);
    const below = { ...absent, backupFolder: path.join(absent.backupFolder, 'deeper') };
    chmodSync(absent.backupFolder, 0o555);

    expect(await refusals(person, readOnly, { only: ['run', 'backup'] })).toEqual(
      everywhere('E_BACKUP_FOLDER', ['run', 'backup']),
    );
    const run = await person.ask('run', runInput(below));
    expect(run).toMatchObject({ ok: false, error: { code: 'E_BACKUP_FOLDER' } });
    expect(readdirSync(absent.lockFolder)).toEqual([]);
  });
});
