import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lookAt } from '@engine/look.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { folderState } from '../../support/folder-state.ts';
import { isSoak, times } from './support/effort.ts';
import { buildInputsEngine, startEngine } from './support/engine.ts';
import { dieAfter, framesOf, leaveWal } from './support/journals.ts';
import {
  everywhere,
  isRoot,
  makeSandbox,
  openFolder,
  OTHER_UID,
  refusals,
  type Sandbox,
  templateDatabase,
  upgradeAndVerify,
} from './support/sandbox.ts';

/** Write-ahead logs as killed programs, careless copies and failing disks leave them. */

const base = openFolder();
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeAll(buildInputsEngine);
const engine = startEngine();

const nameIn = (db: Database.Database): string =>
  db.prepare<[], string>(`SELECT display_name FROM users WHERE id = 'u-one'`).pluck().get() ?? '';
/** What the engine sees, through the very function that every look goes through. */
const seen = (box: Sandbox): Promise<string> => lookAt(box.file, ({ db }) => nameIn(db));
const seenOrCode = async (box: Sandbox): Promise<string> => {
  let name = '';
  const code = await codeOfPromise(seen(box).then((value) => (name = value)));
  return code ?? name;
};
/** As written in the file, whatever lies beside it by now. */
function stored(file: string): string {
  const db = new Database(file); // a reader alone would leave files beside one in WAL mode
  try {
    return nameIn(db);
  } finally {
    db.close();
  }
}

function withWal(commits: number): Sandbox {
  const box = makeSandbox(base);
  leaveWal(box.file, commits);
  return box;
}

describe('J01 J12: commits that are only in the log', () => {
  it('J01: are counted, seen, backed up and upgraded', async () => {
    const box = withWal(3);
    const walBytes = statSync(`${box.file}-wal`).size;
    const before = folderState(box.folder);

    const look = await engine.ask('inspect', { path: box.file, check: 'data' });
    expect(look).toMatchObject({ ok: true, value: { file: { walBytes, inspectedVia: 'private-copy' } } });
    expect(folderState(box.folder)).toEqual(before);
    expect(await upgradeAndVerify(engine, box)).toBeNull();

    expect(stored(box.file)).toBe('commit 3');
    const [backup = ''] = readdirSync(box.backupFolder).filter((name) => name.endsWith('.db'));
    expect(stored(path.join(box.backupFolder, backup))).toBe('commit 3');
  });

  it('J12: a log much larger than the file is counted in the space that is needed, and upgraded', async () => {
    const box = makeSandbox(base);
    dieAfter(
      box.file,
      `db.pragma('journal_mode = WAL'); db.pragma('wal_autocheckpoint = 0');
      for (let i = 0; i < 100; i++) db.exec("UPDATE run_job_candidates SET status = 'round " + i + "'; UPDATE users SET display_name = 'round " + i + "'");`,
    );
    const [fileBytes, walBytes] = [statSync(box.file).size, statSync(`${box.file}-wal`).size];
    expect(walBytes).toBeGreaterThan(3 * fileBytes);

    const plan = await engine.ask('plan', { path: box.file, toPhase: null, backupFolder: box.backupFolder });
    expect(plan.ok ? plan.value.space.databaseBytes : 0).toBeGreaterThanOrEqual(fileBytes + walBytes);
    expect(await upgradeAndVerify(engine, box)).toBeNull();
    expect(stored(box.file)).toBe('round 99');
    expect(readdirSync(box.folder)).toEqual(['project.db']);
  });
});

describe('J04 J05: a log that is not of this file', () => {
  /** A WAL-mode database of the same family and page size, with other rows and a log of its own. */
  const strangerWal = (): Buffer => {
    const other = makeSandbox(base);
    const db = new Database(other.file);
    db.exec(`CREATE TABLE filler (a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
      INSERT INTO filler SELECT hex(randomblob(200)) FROM n; DELETE FROM run_job_candidates WHERE rowid % 2; VACUUM`);
    db.close();
    dieAfter(
      other.file,
      `db.pragma('journal_mode = WAL'); db.pragma('wal_autocheckpoint = 0');
      db.exec("UPDATE filler SET a = 'x'; UPDATE users SET display_name = 'of a stranger'; UPDATE run_job_candidates SET status = 's'");`,
    );
    return readFileSync(`${other.file}-wal`);
  };

  it('J04: put beside a file in WAL mode: the damage that it would make is found on a copy, nothing is touched', async () => {
    const box = makeSandbox(base);
    const db = new Database(box.file);
    db.pragma('journal_mode = WAL');
    db.close();
    writeFileSync(`${box.file}-wal`, strangerWal());

    expect(await refusals(engine, box)).toEqual(everywhere('E_CORRUPT'));
  });

  it('J05: put beside a file that is not in WAL mode, as one that was restored by hand: it is told, not played in', async () => {
    const box = makeSandbox(base);
    writeFileSync(`${box.file}-wal`, strangerWal());
    expect(await refusals(engine, box)).toEqual(everywhere('E_STALE_WAL'));
    rmSync(`${box.file}-wal`);
    // The file's own log, over an older state of it: SQLite would play it in, and its own check would call that ok.
    const own = withWal(2);
    copyFileSync(templateDatabase(base), own.file);
    expect(await refusals(engine, own)).toEqual(everywhere('E_STALE_WAL'));
    expect(await refusals(engine, box, { only: ['inspect'] })).toEqual({ inspect: null });
  });
});

describe('J06: the index over the log is made anew', () => {
  it.each<[string, (shm: string) => void]>([
    ['garbage', (shm) => writeFileSync(shm, Buffer.alloc(32_768, 0xa5))],
    ['of a wrong size', (shm) => writeFileSync(shm, Buffer.alloc(1_001, 1))],
    ['empty', (shm) => writeFileSync(shm, '')],
    ['absent', (shm) => rmSync(shm)],
    ['read-only', (shm) => chmodSync(shm, 0o444)],
    ['stale: of a state before', (shm) => writeFileSync(shm, readFileSync(withWal(1).file + '-shm'))],
  ])('%s', async (kind, spoil) => {
    const box = withWal(2);
    spoil(`${box.file}-shm`);
    const before = folderState(box.folder);

    expect(await seen(box)).toBe('commit 2');
    expect(folderState(box.folder)).toEqual(before);
    if (kind !== 'garbage' && !isSoak) return;
    expect(await upgradeAndVerify(engine, box)).toBeNull();
    expect(stored(box.file)).toBe('commit 2');
  });

  it.skipIf(!isRoot)(
    'that somebody else owns and nobody may write (skipped: needs root, to become another user)',
    async () => {
      const box = makeSandbox(base, { owner: OTHER_UID });
      leaveWal(box.file, 2);
      for (const suffix of ['-wal', '-shm']) chmodSync(box.file + suffix, suffix === '-wal' ? 0o666 : 0o444);
      const person = startEngine({ uid: OTHER_UID });

      const wrong = await upgradeAndVerify(person, box);

      expect([null, 'E_READONLY_FILE', 'E_NO_PERMISSION'].map(String)).toContain(String(wrong).split(':')[0]);
      expect(stored(box.file)).toBe('commit 2');
    },
  );
});

describe('J07: a damaged log', () => {
  it('cut at, before and after each frame: exactly the commits that are whole', async () => {
    const box = withWal(5);
    const [main, wal] = [readFileSync(box.file), readFileSync(`${box.file}-wal`)];
    const frames = framesOf(wal);
    expect(frames.length).toBeGreaterThan(4);
    for (const { start, end } of frames) {
      for (const cut of [start, start + 10, end - 1, end]) {
        const commits = frames.filter((frame) => frame.isCommit && frame.end <= cut).length;
        writeFileSync(`${box.file}-wal`, wal.subarray(0, cut));
        expect(await seen(box), `cut at ${cut}`).toBe(commits === 0 ? 'One 🦊' : `commit ${commits}`);
      }
    }
    for (const cut of [0, 1, 31, 32]) {
      writeFileSync(`${box.file}-wal`, wal.subarray(0, cut));
      expect(await seen(box), `cut at ${cut}`).toBe('One 🦊');
    }
    expect(readFileSync(box.file).equals(main)).toBe(true);
  });

  it('a bit flips in each frame: the commits before it, and no other', async () => {
    const box = withWal(4);
    const wal = readFileSync(`${box.file}-wal`);
    const frames = framesOf(wal);
    for (const { start, end } of frames) {
      for (const at of [start + 2, start + 9, start + 20, start + 24 + 100, end - 1].slice(0, times(3, 5))) {
        const damaged = Buffer.from(wal);
        damaged.writeUInt8((damaged[at] ?? 0) ^ 0x10, at);
        writeFileSync(`${box.file}-wal`, damaged);
        const commits = frames.filter((frame) => frame.isCommit && frame.end <= start).length;
        expect(await seenOrCode(box), `flipped at ${at}`).toBe(commits === 0 ? 'One 🦊' : `commit ${commits}`);
      }
    }
  });

  it('upgraded from what is whole of it, and the backup holds the same', async () => {
    const box = withWal(5);
    const wal = readFileSync(`${box.file}-wal`);
    const [, second] = framesOf(wal).filter(({ isCommit }) => isCommit);
    writeFileSync(`${box.file}-wal`, wal.subarray(0, (second?.end ?? 0) + 50));

    expect(await upgradeAndVerify(engine, box)).toBeNull();

    expect(stored(box.file)).toBe('commit 2');
    const [backup = ''] = readdirSync(box.backupFolder).filter((name) => name.endsWith('.db'));
    expect(stored(path.join(box.backupFolder, backup))).toBe('commit 2');
    expect(existsSync(`${box.file}-wal`)).toBe(false);
  });
});

describe('J05: a log that is none, beside a file that is not in WAL mode', () => {
  const header = (): Buffer => {
    const other = withWal(1);
    return readFileSync(`${other.file}-wal`).subarray(0, 32);
  };

  it.each<[string, () => Buffer]>([
    ['a bare header', header],
    ['zeros, as a power cut leaves them', () => Buffer.alloc(32_992)],
    ['something else', () => Buffer.from('not a log at all, but long enough to be one of some kind')],
  ])(
    '%s: looked at without a trace, never written into, and no hindrance once it is moved away',
    async (_, content) => {
      const box = makeSandbox(base);
      writeFileSync(`${box.file}-wal`, content());
      const before = folderState(box.folder);

      expect(await engine.ask('inspect', { path: box.file, check: 'data' })).toMatchObject({
        ok: true,
        value: { file: { isWritable: false, readOnlyReason: { code: 'E_SIDECAR_UNSAFE' } } },
      });
      const { backupFolder } = box;
      const plan = await engine.ask('plan', { path: box.file, toPhase: null, backupFolder });
      expect(plan.ok && plan.value.preflight.filter(({ state }) => state === 'blocking')).toMatchObject([
        { id: 'writable', error: { code: 'E_SIDECAR_UNSAFE' } },
      ]);
      expect(await refusals(engine, box, { only: ['run'] })).toEqual({ run: 'E_SIDECAR_UNSAFE' });
      expect(folderState(box.folder)).toEqual(before);

      const byHand = { folder: backupFolder, reason: 'by hand', runId: null, appVersion: '0' };
      const backup = await engine.ask('backup', { path: box.file, ...byHand });
      expect(backup).toMatchObject({ ok: true, value: { verified: true } });
      const main = readFileSync(box.file);
      const { lockFolder } = box;
      const backupPath = backup.ok ? backup.value.path : '';
      const restore = { path: box.file, backupPath, backupFolder, lockFolder, appVersion: '0', allowForeign: false };
      expect(await engine.ask('restore', restore)).toMatchObject({ ok: false, error: { code: 'E_SIDECAR_UNSAFE' } });
      expect(readFileSync(box.file).equals(main)).toBe(true);
      rmSync(`${box.file}-wal`);
      expect(await upgradeAndVerify(engine, box)).toBeNull();
      expect(existsSync(`${box.file}-wal`)).toBe(false);
    },
  );

  it('an empty one is no hindrance', async () => {
    const box = makeSandbox(base);
    writeFileSync(`${box.file}-wal`, '');

    expect(await upgradeAndVerify(engine, box)).toBeNull();
  });
});

describe('a file cut short beside a log without a word to say', () => {
  it.each([
    ['an empty log', ''],
    ['a log that is no log', 'not a log at all, but long enough to be one of some kind'],
  ])('J07: %s', async (_, content) => {
    const box = makeSandbox(base);
    writeFileSync(box.file, readFileSync(box.file).subarray(0, 8_192));
    writeFileSync(`${box.file}-wal`, content);

    expect(await refusals(engine, box)).toEqual(everywhere('E_TRUNCATED'));
  });
});
