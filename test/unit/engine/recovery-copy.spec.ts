import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { isRecoveryCopy } from '@shared/beside.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import type { GatedFile } from '@engine/gate.ts';
import { startOf } from '@engine/process-life.ts';
import { dropRecoveryCopy, keepBeforeRecovery } from '@engine/recovery-copy.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { askOne, backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { dieInTheMiddleOfAWrite, manyRows, otherProgram } from '../../support/other-program.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

const copiesIn = (file: string): string[] =>
  fs.existsSync(backupFolderOf(file)) ? fs.readdirSync(backupFolderOf(file)).filter(isRecoveryCopy) : [];

it('J02: database and journal are copied as they were found before an upgrade lets SQLite play the journal back', async () => {
  const file = makeShop(folder, { extra: manyRows(2_000) });
  const other = await otherProgram(file, dieInTheMiddleOfAWrite);
  await other.kill();
  const found = ['', '-journal'].map((suffix) => fs.readFileSync(file + suffix));
  const events: EngineRunEvent[] = [];

  const report = await upgradeShop(file, { events });

  expect(report.ok).toBe(true);
  expect(isThere(`${file}-journal`)).toBe(false);
  expect(askOne(file, `SELECT count(*) FROM many WHERE text = 'half written'`)).toBe(0);
  const [copy = ''] = copiesIn(file);
  const kept = path.join(backupFolderOf(file), copy);
  expect(['', '-journal'].map((suffix) => fs.readFileSync(path.join(kept, `shop.db${suffix}`)))).toEqual(found);
  expect(events).toContainEqual({ type: 'recovery-copy', folder: fs.realpathSync(kept) });
});

it('a log whose beginning is damaged is kept for good before SQLite throws it away', async () => {
  const [live, file] = [makeShop(folder, { wal: true }), makeShop(folder, { wal: true })];
  const db = new Database(live);
  db.pragma('wal_autocheckpoint = 0');
  db.exec(`INSERT INTO setting VALUES ('committed', 'in the log alone')`);
  for (const suffix of ['', '-wal']) fs.copyFileSync(live + suffix, file + suffix);
  db.close();
  const log = fs.readFileSync(`${file}-wal`).fill(0, 0, 32);
  fs.writeFileSync(`${file}-wal`, log);
  const events: EngineRunEvent[] = [];

  const report = await upgradeShop(file, { events });

  expect([report.ok, isThere(`${file}-wal`)]).toEqual([true, false]);
  const kept = path.join(backupFolderOf(file), copiesIn(file)[0] ?? '');
  expect(fs.readFileSync(path.join(kept, `${path.basename(file)}-wal`)).equals(log)).toBe(true);
  expect(events.map(({ type }) => type)).not.toContain('recovery-copy'); // the host removes what it is told of
});

it('nothing is copied without such a journal, and nothing stays while its writer is alive', async () => {
  const calm = makeShop(folder);
  await upgradeShop(calm);
  expect(copiesIn(calm)).toEqual([]);

  const file = makeShop(folder, { extra: manyRows(2_000) });
  const other = await otherProgram(file, dieInTheMiddleOfAWrite);
  expect(await codeOfPromise(upgradeShop(file))).toMatch(/^E_DB_(BUSY|IN_USE)$/);
  expect(copiesIn(file)).toEqual([]);
  await other.kill();
});

const gated = (file: string) => ({ path: file, sidecars: { isJournalHot: true } }) as GatedFile;

it('one that was not needed goes, unless the journal is gone: then it is all there is of what was found', () => {
  const file = makeShop(folder);
  const hot = Buffer.concat([Buffer.from('d9d505f920a163d7', 'hex'), Buffer.alloc(600, 1)]);
  for (const isPlayedBack of [true, false]) {
    fs.writeFileSync(`${file}-journal`, hot);
    const kept = keepBeforeRecovery(gated(file), backupFolderOf(file));
    if (isPlayedBack) fs.rmSync(`${file}-journal`);

    dropRecoveryCopy(kept, gated(file));

    expect(fs.existsSync(kept ?? '')).toBe(isPlayedBack);
  }
});

it('one stays where it cannot be told any more whether it is needed, and nothing else is said of that', () => {
  const file = makeShop(folder);
  fs.writeFileSync(`${file}-journal`, Buffer.alloc(600, 0xd9));
  const kept = keepBeforeRecovery(gated(file), backupFolderOf(file));
  fs.rmSync(`${file}-journal`);
  fs.mkdirSync(`${file}-journal`);

  dropRecoveryCopy(kept, gated(file));

  expect(fs.existsSync(kept ?? '')).toBe(true);
});

describe('a folder of such copies that is being filled', () => {
  /** What a host is doing in this folder, as it would have named it; the copy in it. */
  function filling(mark: string | null): { file: string; backups: string; other: string } {
    const file = makeShop(folder);
    const backups = backupFolderOf(file);
    const other = path.join(
      backups,
      `shop 2026-11-21 12.00.00 before recovery${mark === null ? '' : `.${mark}`}.filling`,
    );
    fs.mkdirSync(other, { recursive: true });
    fs.writeFileSync(path.join(other, 'shop.db'), 'half');
    return { file, backups, other };
  }
  /** How this computer marks its own, learned from what it does. */
  function ownComputer(): string {
    const file = makeShop(folder);
    let seen = '';
    const copy = fs.copyFileSync;
    vi.spyOn(fs, 'copyFileSync').mockImplementation((from, to, mode) => {
      seen = /\.([0-9a-f]{8})-\d+-\d*\.filling/.exec(String(to))?.[1] ?? '';
      copy(from, to, mode);
    });
    keepBeforeRecovery(gated(file), backupFolderOf(file));
    vi.restoreAllMocks();
    return seen;
  }

  it('is left to another host that is at work on it, and to another computer', () => {
    const living = spawn('sleep', ['30']);
    const pid = living.pid ?? 0;
    for (const mark of [`${ownComputer()}-${pid}-${startOf(pid)}`, '00000000-1-1']) {
      const { file, backups, other } = filling(mark);
      fs.utimesSync(other, 0, 0); // a copy that takes long grows, and its folder stays as it is
      keepBeforeRecovery(gated(file), backups);
      expect(fs.existsSync(path.join(other, 'shop.db'))).toBe(true);
    }
    living.kill('SIGKILL');
  });

  it('is swept when its process is gone, its id is another one by now, or nobody has written to it for long', () => {
    const on = ownComputer();
    const dead = spawnSync('true').pid;
    for (const mark of [`${on}-${dead}-1`, `${on}-${process.pid}-1`, '00000000-1-1', null]) {
      const { file, backups, other } = filling(mark);
      const old = new Date(Date.now() - 2 * 3_600_000);
      for (const each of [path.join(other, 'shop.db'), other]) fs.utimesSync(each, old, old);
      keepBeforeRecovery(gated(file), backups);
      expect(fs.existsSync(other)).toBe(false);
    }
  });

  it('that is taken away meanwhile is no reason to go on without one; a journal that went is', () => {
    const copy = fs.copyFileSync;
    for (const isTaken of [true, false]) {
      const file = makeShop(folder);
      fs.writeFileSync(`${file}-journal`, Buffer.alloc(600, 0xd9));
      vi.spyOn(fs, 'copyFileSync').mockImplementationOnce((from, to, mode) => {
        if (isTaken) fs.rmSync(path.dirname(String(to)), { recursive: true });
        else fs.rmSync(`${file}-journal`);
        copy(isTaken ? from : `${file}-journal`, to, mode);
      });
      const keep = () => keepBeforeRecovery(gated(file), backupFolderOf(file));

      if (isTaken) expect(codeOf(keep)).toBe('E_BACKUP_FOLDER');
      else expect(keep()).toBeNull();
      vi.restoreAllMocks();
      expect(copiesIn(file)).toEqual([]);
    }
  });

  const refused = (code: string) => () => {
    throw Object.assign(new Error(`${code}: refused on purpose`), { code });
  };

  it('keeps nobody from making another one where another user left it', () => {
    const { file, backups, other } = filling('00000000-1-1');
    const list = fs.readdirSync;
    vi.spyOn(fs, 'readdirSync').mockImplementation(((...args: Parameters<typeof list>) =>
      args[0] === other ? refused('EACCES')() : list(...args)) as typeof list);
    const old = path.join(backups, 'shop 2026-11-20 12.00.00 before recovery.00000001-1-1.filling');
    fs.mkdirSync(old);
    fs.utimesSync(old, 0, 0);
    vi.spyOn(fs, 'rmSync').mockImplementation(refused('EACCES'));

    const kept = keepBeforeRecovery(gated(file), backups);
    vi.restoreAllMocks();

    expect(fs.readdirSync(kept ?? '')).toContain('shop.db');
    expect([other, old].every((each) => fs.existsSync(each))).toBe(true);
  });

  it('is private, and goes again where it could not be filled', () => {
    const file = makeShop(folder);
    const kept = keepBeforeRecovery(gated(file), backupFolderOf(file)) ?? '';
    expect(fs.statSync(kept).mode & 0o777).toBe(0o700);
    fs.rmSync(kept, { recursive: true });
    vi.spyOn(fs, 'copyFileSync').mockImplementation(refused('ENOSPC'));

    const code = codeOf(() => keepBeforeRecovery(gated(file), backupFolderOf(file)));
    vi.restoreAllMocks();

    expect(code).toBe('E_BACKUP_NO_SPACE');
    expect(fs.readdirSync(backupFolderOf(file))).toEqual([]);
  });

  it('that cannot be taken away again does not hide why nothing was kept', () => {
    const file = makeShop(folder);
    vi.spyOn(fs, 'copyFileSync').mockImplementation(refused('ENOSPC'));
    vi.spyOn(fs, 'rmSync').mockImplementation(refused('EBUSY'));

    const code = codeOf(() => keepBeforeRecovery(gated(file), backupFolderOf(file)));
    vi.restoreAllMocks();

    expect(code).toBe('E_BACKUP_NO_SPACE');
  });

  it('gets another name also where its own is taken in the last moment', () => {
    const file = makeShop(folder);
    const rename = fs.renameSync;
    let taken = '';
    vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      if (path.extname(String(from)) === '.filling' && isRecoveryCopy(path.basename(String(to))) && taken === '') {
        taken = String(to);
        fs.mkdirSync(taken);
        fs.writeFileSync(path.join(taken, 'shop.db'), 'of another');
      }
      rename(from, to);
    });

    const kept = keepBeforeRecovery(gated(file), backupFolderOf(file));
    vi.restoreAllMocks();

    expect(kept).toBe(`${taken} 2`);
    expect(fs.readFileSync(path.join(taken, 'shop.db'), 'utf8')).toBe('of another');
  });

  it('gets another name when that of the copy was taken meanwhile', () => {
    const file = makeShop(folder);
    const backups = backupFolderOf(file);
    const first = keepBeforeRecovery(gated(file), backups);
    const second = keepBeforeRecovery(gated(file), backups);
    expect(second).not.toBe(first);
    expect(copiesIn(file)).toHaveLength(2);
  });
});
