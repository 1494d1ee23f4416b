import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppError } from '@shared/errors.ts';
import { buildKromaSample } from '../../../migrations/kroma/sample/build.ts';
import { writeFixture } from '../../support/kroma/fixtures.ts';
import { whyNoStrace } from '../engine/strace.ts';
import { folderState } from '../../support/folder-state.ts';
import { buildInputsEngine, type Engine, startEngine } from './support/engine.ts';
import { CANNOT_MOUNT, canMount, inNamespaceOf, mounting, seenBy, tmpfs } from './support/namespace.ts';
import { leaveWal } from './support/journals.ts';
import { brokenPromises } from './support/remains.ts';
import {
  expectUntouched,
  isRoot,
  makeSandbox,
  NOT_ROOT,
  openFolder,
  OTHER_UID,
  refusals,
  runInput,
  type Sandbox,
  templateDatabase,
  upgradeAndVerify,
} from './support/sandbox.ts';

/** Disks that are too small, full, gone, or have no room for temporary files. */

const base = openFolder();
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeAll(buildInputsEngine);

const KB = 1024;
/** An engine that sees a small disk of its own at `place`, and does `then` (shell) once it is there. */
const onSmallDisk = (place: string, sizeBytes: number, then = 'true'): Engine =>
  startEngine({ prefix: mounting(`${tmpfs(place, sizeBytes)} && ${then}`) });
/** One that can be taken through all phases. */
function sampleDatabase(): string {
  const file = path.join(base, 'sample.db');
  writeFixture(file, { build: (db) => buildKromaSample(db, { seed: 1 }) });
  return file;
}
const fill = (folder: string, leaveBytes: number): void => {
  const { bavail, bsize } = statfsSync(folder);
  try {
    writeFileSync(path.join(folder, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)));
  } catch {
    // the engine was faster: full is what was wanted
  }
};

describe.skipIf(!canMount)(`a disk of a few megabytes (${CANNOT_MOUNT})`, () => {
  /** The database on a small disk; backups and locks elsewhere. */
  const smallDatabaseDisk = (sizeBytes: number): { box: Sandbox; engine: Engine } => {
    const box = makeSandbox(base);
    const template = templateDatabase(base);
    return { box, engine: onSmallDisk(box.folder, sizeBytes, `cp '${template}' '${box.file}'`) };
  };

  it('S01: an upgrade that will not fit is refused before it begins, with the bytes', async () => {
    const { box, engine } = smallDatabaseDisk(1_000 * KB);
    const pid = await engine.pid();
    const folder = seenBy(pid, box.folder);
    const before = folderState(folder);

    const run = await engine.ask('run', runInput(box));

    expect(run).toMatchObject({ ok: false, error: { code: 'E_NO_SPACE' } });
    if (!run.ok) {
      expectUntouched(run.error, 'run');
      expect(Number(run.error.details?.['needBytes'])).toBeGreaterThan(Number(run.error.details?.['freeBytes']));
    }
    expect(folderState(folder)).toEqual(before);
  });

  it('S01: a disk that fills up while the upgrade runs: it stops at a whole step, and goes on when there is room', async () => {
    for (const leaveBytes of [0, 200 * KB]) {
      const { box, engine } = smallDatabaseDisk(24_000 * KB);
      const pid = await engine.pid();
      const folder = seenBy(pid, box.folder);

      const run = await engine.ask('run', runInput(box), {
        onEvent: (event) => {
          if (event.type === 'backup') fill(folder, leaveBytes);
        },
      });
      const code = run.ok ? run.value.error?.code : run.error.code;
      expect(['E_NO_SPACE', 'E_CANCELLED'], `with ${leaveBytes} bytes left`).toContain(code);
      const look = await engine.ask('inspect', { path: box.file, check: 'data' });
      expect(look, `${leaveBytes} bytes left: it can be looked at`).toMatchObject({ ok: true });
      const seen = path.join(folder, path.basename(box.file));
      expect(brokenPromises(base, box, seen), `with ${leaveBytes} bytes left`).toEqual([]);

      rmSync(path.join(folder, 'filler'));
      expect(await upgradeAndVerify(engine, box), `with ${leaveBytes} bytes left, and then room`).toBeNull();
      engine.end();
    }
  });

  it('S02: a backup that will not fit: nothing is started, and no valid-looking file is left', async () => {
    const box = makeSandbox(base);
    const engine = onSmallDisk(box.backupFolder, 512 * KB);
    const before = folderState(box.folder);

    const run = await engine.ask('run', runInput(box));
    const backup = await engine.ask('backup', {
      ...{ path: box.file, folder: box.backupFolder, reason: 'by hand', runId: null, appVersion: '0' },
    });

    for (const result of [run, backup])
      expect(result).toMatchObject({ ok: false, error: { code: 'E_BACKUP_NO_SPACE' } });
    for (const [what, result] of Object.entries({ run, backup })) if (!result.ok) expectUntouched(result.error, what);
    expect(folderState(box.folder)).toEqual(before);
    expect(readdirSync(seenBy(await engine.pid(), box.backupFolder))).toEqual([]);
  });

  describe('S02: the disk of the backups fills up while the upgrade runs', () => {
    const MB = KB * KB;
    /** 16 MB, so that a backup takes long enough to be met by a full disk. */
    const largeBox = (): Sandbox => {
      const box = makeSandbox(base);
      const db = new Database(box.file);
      db.exec(`CREATE TABLE theirs (id INTEGER PRIMARY KEY, note BLOB);
        INSERT INTO theirs SELECT value, randomblob(1000000) FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]')`);
      db.close();
      return box;
    };
    const SIZE = 40 * MB;
    type Told = readonly [state: string, code: string | null, names: readonly string[]];

    it('in the first backup: what was begun is removed, it waits, and makes the backup anew when there is room', async () => {
      const box = largeBox();
      const engine = onSmallDisk(box.backupFolder, SIZE);
      const folder = seenBy(await engine.pid(), box.backupFolder);
      const before = folderState(box.folder);
      const told: Told[] = [];

      const run = await engine.ask('run', runInput(box), {
        makesRoom: true,
        onEvent(event) {
          if (event.type === 'partial' && told.every(([state]) => state !== 'paused')) fill(folder, 100 * KB);
          if (event.type !== 'state') return;
          told.push([event.state, event.attention?.code ?? null, readdirSync(folder)]);
          if (event.state !== 'paused') return;
          expect(folderState(box.folder)).toEqual(before);
          expectUntouched(event.attention as AppError, 'the pause');
          rmSync(path.join(folder, 'filler'));
        },
      });

      expect(told.slice(0, 5).map(([state, code]) => [state, code])).toEqual([
        ...[['starting', null], ['backing-up', null], ['paused', 'E_BACKUP_NO_SPACE']],
        ...[['backing-up', null], ['backing-up', null]],
      ]); // prettier-ignore
      expect(told[2]?.[2]).toEqual(['filler']);
      expect(run).toMatchObject({ ok: true, value: { ok: true } });
      expect(readdirSync(folder).filter((name) => name.endsWith('.db'))).toHaveLength(1);
      expect(run.ok && run.value.backup?.sizeBytes).toBeGreaterThan(16e6);
    });

    it('in the first backup: it can be stopped while it waits, and nothing was done', async () => {
      const box = largeBox();
      const engine = onSmallDisk(box.backupFolder, SIZE);
      const folder = seenBy(await engine.pid(), box.backupFolder);
      const before = folderState(box.folder);

      const run = await engine.ask('run', runInput(box), {
        onEvent: (event) => void (event.type === 'partial' && fill(folder, 100 * KB)),
      });

      expect(run).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } });
      expect(folderState(box.folder)).toEqual(before);
      expect(readdirSync(folder)).toEqual(['filler']);
      expect(readdirSync(box.lockFolder)).toEqual([]);
    });

    it('before the backup that precedes a removal: it waits there, and goes on when there is room', async () => {
      const box = makeSandbox(base, { from: sampleDatabase() });
      const engine = onSmallDisk(box.backupFolder, 60 * MB);
      const folder = seenBy(await engine.pid(), box.backupFolder);
      const told: Told[] = [];

      const run = await engine.ask('run', runInput(box, { toPhase: 5, isRemovalConfirmed: true }), {
        ...{ makesRoom: true, limitMs: 60_000 },
        onEvent(event) {
          if (event.type === 'backup' && told.every(([state]) => state !== 'paused')) fill(folder, 100 * KB);
          if (event.type !== 'state' || event.state !== 'paused') return;
          told.push([event.state, event.attention?.code ?? null, readdirSync(folder)]);
          rmSync(path.join(folder, 'filler'));
        },
      });

      expect(told.map(([, code]) => code)).toEqual(['E_BACKUP_NO_SPACE']);
      expect(told[0]?.[2].filter((name) => name.endsWith('.partial'))).toEqual([]);
      expect(run).toMatchObject({ ok: true, value: { ok: true, toPhase: 5 } });
      expect(run.ok && run.value.backups?.length).toBe(2);
    });
  });

  it('S05: no room for temporary files: looking says so, and changes nothing', async () => {
    const box = makeSandbox(base);
    leaveWal(box.file);
    const temporary = path.join(path.dirname(box.folder), 'tmp');
    mkdirSync(temporary);
    const engine = startEngine({
      prefix: mounting(tmpfs(temporary, 16 * KB)),
      env: { TMPDIR: temporary, SQLITE_TMPDIR: temporary },
    });

    const found = await refusals(engine, box, { only: ['inspect', 'plan'] });

    expect(found).toEqual({ inspect: 'E_TEMP_UNAVAILABLE', plan: 'E_TEMP_UNAVAILABLE' });
    expect(readdirSync(seenBy(await engine.pid(), temporary))).toEqual([]);
  });

  it('S05: an upgrade without room for temporary files ends well or stops at a whole step', async () => {
    const box = makeSandbox(base);
    const temporary = path.join(path.dirname(box.folder), 'tmp');
    mkdirSync(temporary);
    const engine = startEngine({
      prefix: mounting(tmpfs(temporary, 16 * KB)),
      env: { TMPDIR: temporary, SQLITE_TMPDIR: temporary },
    });

    const run = await engine.ask('run', runInput(box));
    const code = run.ok ? run.value.error?.code : run.error.code;

    expect([undefined, 'E_TEMP_UNAVAILABLE', 'E_CANCELLED']).toContain(code);
    expect(brokenPromises(base, box)).toEqual([]);
    expect(String(await upgradeAndVerify(startEngine(), box))).toMatch(/^null$|^E_NOTHING_TO_DO/);
  });

  it('F15: a disk that is taken away in the middle of an upgrade: it ends with a code, at a whole step', async () => {
    for (const point of ['locked', 'backup', 'applied'] as const) {
      const box = makeSandbox(base);
      const place = path.join(path.dirname(box.folder), 'stick');
      mkdirSync(place);
      const engine = startEngine({ prefix: mounting(`mount --bind '${box.folder}' '${place}'`) });
      const pid = await engine.pid();
      let isGone = false;
      const takeAway = (): void => {
        if (!isGone) inNamespaceOf(pid, 'umount', '-l', place);
        isGone = true;
      };

      const run = await engine.ask('run', runInput({ ...box, file: path.join(place, 'project.db') }), {
        limitMs: 10_000,
        onEvent: (event) => {
          const isPoint =
            event.type === point || (point === 'locked' && event.type === 'state' && event.state === 'backing-up');
          if (isPoint) takeAway();
        },
      });

      expect(isGone, point).toBe(true);
      const code = run.ok ? run.value.error?.code : run.error.code;
      expect(
        ['E_PATH_CHANGED', 'E_IO', 'E_NOT_FOUND', 'E_STATE_CHANGED'],
        `${point}: ${JSON.stringify(run).slice(0, 300)}`,
      ).toContain(code);
      expect(brokenPromises(base, box), `${point}, as it was plugged out`).toEqual([]);
      expect(await upgradeAndVerify(startEngine(), box), `${point}, plugged in again`).toBeNull();
    }
  });
});

const noStrace = whyNoStrace();

describe.skipIf(noStrace !== null)(`what the system refuses without a name in Node (${noStrace ?? 'strace'})`, () => {
  const refusing = (call: string, error: string, ...only: readonly string[]): Engine =>
    startEngine({
      prefix: ['strace', '-D', '-f', '-qq', '-o', '/dev/null', ...only, '-e', `inject=${call}:error=${error}`],
    });

  it('S01 S02: a quota that lets us make no folder is told as such, and nothing is begun', async () => {
    const box = makeSandbox(base);
    const saysQuota = expect.stringContaining('EDQUOT') as string;
    const backupInput = (folder: string) => ({
      ...{ path: box.file, folder, reason: 'by hand', runId: null, appVersion: '0' },
    });
    const restoreInput = {
      ...{ path: box.file, backupFolder: box.backupFolder, lockFolder: box.lockFolder },
      ...{ appVersion: '0', allowForeign: false },
    };
    const made = await startEngine().ask('backup', backupInput(box.backupFolder));
    const engine = refusing('mkdir', 'EDQUOT');
    const before = folderState(box.folder);

    const run = await engine.ask('run', runInput({ ...box, lockFolder: path.join(box.lockFolder, 'new') }));
    const backup = await engine.ask('backup', backupInput(path.join(box.backupFolder, 'new')));

    expect(run).toMatchObject({ ok: false, error: { message: saysQuota } });
    expect(backup).toMatchObject({ ok: false, error: { code: 'E_BACKUP_NO_SPACE' } });
    expect(folderState(box.folder)).toEqual(before);

    writeFileSync(box.file, Buffer.alloc(100), { flag: 'r+' });
    const damaged = readFileSync(box.file);
    const restore = await engine.ask('restore', { ...restoreInput, backupPath: made.ok ? made.value.path : '' });
    expect(restore).toMatchObject({ ok: false, error: { code: 'E_RESTORE_TARGET', message: saysQuota } });
    expect(readdirSync(box.folder)).toEqual(['project.db']);
    expect(readFileSync(box.file).equals(damaged)).toBe(true);
  });

  it('F15: a network disk whose file is no longer there is told as the disk, not as a mistake of ours', async () => {
    const box = makeSandbox(base);
    const engine = refusing('statx', 'ESTALE', '-P', box.file);

    const found = await refusals(engine, box, { only: ['inspect', 'plan'] });

    expect(found).toEqual({ inspect: 'E_IO', plan: 'E_IO' });
  });
});

describe.skipIf(!isRoot)(`folders that may not be written (${NOT_ROOT})`, () => {
  it('S05: the folder for temporary files is read-only, or not there', async () => {
    const box = makeSandbox(base, { owner: OTHER_UID });
    leaveWal(box.file);
    for (const suffix of ['-wal', '-shm']) chmodSync(box.file + suffix, 0o644);
    const readOnly = path.join(path.dirname(box.folder), 'read-only');
    mkdirSync(readOnly, { mode: 0o555 });
    for (const temporary of [readOnly, path.join(readOnly, 'gone')]) {
      const engine = startEngine({ uid: OTHER_UID, env: { TMPDIR: temporary } });

      expect(await refusals(engine, box, { only: ['inspect'] })).toEqual({ inspect: 'E_TEMP_UNAVAILABLE' });
    }
  });
});
