import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { backupDatabase } from '@engine/backups.ts';
import { restoreBackup } from '@engine/restore.ts';
import { endingOf, refusedWhole } from '../../support/engine/ends-well.ts';
import { askOne, backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { otherProgram } from '../../support/other-program.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Other programs on the same file at the same time. */

const folder = temporaryFolder();
const pack = shopPack();
const change = (file: string, sql: string) => new Database(file).exec(sql).close();

describe('another program', () => {
  it('K02: that waits for readers to write holds us off, and is named', async () => {
    const file = makeShop(folder);
    const reader = await otherProgram(file, `db.exec('BEGIN'); db.prepare('SELECT count(*) FROM note').get()`);
    const pending = await otherProgram(
      file,
      `db.exec("BEGIN; UPDATE setting SET value = 'x'"); try { db.exec('COMMIT') } catch { /* holds PENDING now */ }`,
    );

    expect(await endingOf(file, pack, { toPhase: 1 })).toMatchObject({ ...refusedWhole('E_DB_BUSY') });

    await pending.kill();
    await reader.kill();
  });

  /** Has the file open and holds nothing; from the moment that `go` exists it tries to write, and notes what it is told. */
  const writesLater = (go: string, said: string) => `
    db.prepare('SELECT count(*) FROM note').get(); const fs = require('fs');
    const timer = setInterval(() => { if (!fs.existsSync(${JSON.stringify(go)})) return;
      try { db.exec("INSERT INTO setting VALUES ('late', '1')"); clearInterval(timer); fs.appendFileSync(${JSON.stringify(said)}, 'written ') }
      catch (error) { fs.appendFileSync(${JSON.stringify(said)}, error.code + ' ') } }, 5);`;
  const pause = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

  it.each(['upgrade', 'restore'] as const)(
    'K04: that merely has a rollback file open is kept out while we work (%s), and writes correctly once we are done',
    async (work) => {
      const file = makeShop(folder);
      const [go, said] = [`${file}.go`, `${file}.said`];
      const hears = (): string[] => (fs.existsSync(said) ? fs.readFileSync(said, 'utf8').trim().split(' ') : []);
      const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
      const backup = await backupDatabase(made, [pack]);
      change(file, `DELETE FROM note WHERE id = 1`);
      const idle = await otherProgram(file, writesLater(go, said));
      let during: string[] = [];
      /** While we hold the lock it may try, and has to wait then: a restore lets go for a moment later on. */
      const letItTry = (): void => {
        fs.writeFileSync(go, '');
        for (let tries = 0; hears().length < 2 && tries < 1_000; tries++) pause(10);
        fs.rmSync(go);
        pause(50);
        during = hears();
      };
      const isLocked = (point: string): boolean => point === (work === 'upgrade' ? 'chunk-committed' : 'saved');
      const probe = (point: string): void => {
        if (isLocked(point) && during.length === 0) letItTry();
      };

      if (work === 'upgrade') {
        const report = await upgradeShop(file, { more: { tuning: manyChunks, lockWaitMs: 5_000, probe } });
        expect(report.error).toBeUndefined();
      } else {
        const input = { backupPath: backup.path, path: file, backupFolder: backup.folder, appVersion: '0' };
        await restoreBackup({ ...input, allowForeign: false }, { packs: [pack], lockWaitMs: 5_000, probe });
      }
      fs.writeFileSync(go, '');
      for (let tries = 0; !hears().includes('written') && tries < 200; tries++)
        await new Promise((done) => setTimeout(done, 25));
      await idle.kill();

      expect(during.length).toBeGreaterThan(1);
      expect(new Set(during)).toEqual(new Set(['SQLITE_BUSY']));
      expect(askOne(file, `SELECT value FROM setting WHERE name = 'late'`)).toBe('1');
      expect(askOne(file, `SELECT count(*) FROM note`)).toBe(work === 'upgrade' ? 89 : 90);
      expect(askOne(file, 'PRAGMA integrity_check')).toBe('ok');
    },
  );

  it('K06: that commits between plan and run is noticed under the lock', async () => {
    for (const sql of [
      `INSERT INTO member VALUES ('new', 'New', '', NULL)`,
      'CREATE TABLE theirs (a)',
      `INSERT INTO schema_migrations VALUES ('0001_person', '', '')`,
    ]) {
      const file = makeShop(folder);
      const ending = await endingOf(file, pack, { toPhase: 1, afterPlan: () => change(file, sql) });
      expect(ending).toMatchObject({ kind: 'refused', code: 'E_STATE_CHANGED' });
      expect(fs.existsSync(backupFolderOf(file))).toBe(false);
    }
  });

  const hammer = (said: string) => `
    const fs = require('fs'); let n = 0;
    setInterval(() => { let own; try {
        own = new Database(file, { timeout: 0 }); own.prepare("INSERT INTO setting VALUES (?, '')").run('h' + (n + 1));
        n += 1; fs.appendFileSync(${JSON.stringify(said)}, Date.now() + '\\n');
      } catch { /* busy: the same again */ } finally { own && own.close() } }, 25);
    db.close();`;
  const times = (said: string) => fs.readFileSync(said, 'utf8').split('\n').filter(Boolean).map(Number);

  it('K07: that writes all the time loses nothing, and gets nothing in between', async () => {
    const file = makeShop(folder, { members: 200 });
    const said = `${file}.said`;
    fs.writeFileSync(said, '');
    const writer = await otherProgram(file, hammer(said));
    while (times(said).length < 3) await new Promise((done) => setTimeout(done, 20));
    let lockedAt = 0;
    let finishedAt = 0;

    const report = await upgradeShop(file, {
      more: {
        tuning: manyChunks,
        lockWaitMs: 10_000,
        probe: (point) => {
          if (point === 'locked') lockedAt = Date.now();
          if (point === 'finished') finishedAt = Date.now();
        },
      },
    });
    const soFar = times(said).length;
    while (times(said).length < soFar + 2) await new Promise((done) => setTimeout(done, 20));
    await writer.kill();

    expect(report.error).toBeUndefined();
    expect(times(said).filter((at) => at > lockedAt && at < finishedAt)).toEqual([]);
    expect(askOne<number>(file, `SELECT count(*) FROM setting WHERE name LIKE 'h%'`)).toBeGreaterThanOrEqual(
      times(said).length,
    );
    expect(askOne(file, `SELECT count(*) FROM note WHERE touched <> 1`)).toBe(0);
  });

  it('K08: that writes all the time leaves a backup by hand whole, or refused by name', async () => {
    const file = makeShop(folder, { members: 500 });
    const said = `${file}.said`;
    fs.writeFileSync(said, '');
    const writer = await otherProgram(file, hammer(said));
    while (times(said).length < 3) await new Promise((done) => setTimeout(done, 20));
    const input = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
    const codes: (string | null)[] = [];
    for (let tries = 0; tries < 4; tries++) codes.push(await codeOfPromise(backupDatabase(input, [pack])));
    await writer.kill();

    const named = [null, 'E_DB_BUSY', 'E_BACKUP_BUSY', 'E_BACKUP_STARVED', 'E_STATE_CHANGED', 'E_BACKUP_UNVERIFIED'];
    expect(codes.filter((code) => !named.includes(code))).toEqual([]);
    expect(codes).toContain(null); // the other program gives way to a reader
    const names = fs.existsSync(backupFolderOf(file)) ? fs.readdirSync(backupFolderOf(file)) : [];
    const copies = names.filter((name) => name.endsWith('.db'));
    expect(copies).toHaveLength(codes.filter((code) => code === null).length);
    for (const name of copies) {
      const copy = path.join(backupFolderOf(file), name);
      expect(askOne(copy, 'PRAGMA integrity_check')).toBe('ok');
      // Its rows are numbered: a copy is of one moment where none before its last one is missing.
      const numbers = `SELECT count(*) - coalesce(max(CAST(substr(name, 2) AS INTEGER)), 0) FROM setting WHERE name LIKE 'h%'`;
      expect(askOne(copy, numbers)).toBe(0);
    }
  });

  it('K13: that opens, reads and closes everything beside us, as a scanner does, is not felt', async () => {
    const file = makeShop(folder, { members: 200 });
    const scanner = await otherProgram(
      file,
      `db.close(); const fs = require('fs'), path = require('path');
       setInterval(() => { for (const dir of [path.dirname(file), path.join(path.dirname(file), 'backups')]) { let names = []; try { names = fs.readdirSync(dir) } catch {}
         for (const name of names) try { fs.readFileSync(path.join(dir, name)) } catch {} } }, 1);`,
    );

    const report = await upgradeShop(file, { more: { tuning: manyChunks } });

    await scanner.kill();
    expect(report.error).toBeUndefined();
    expect(askOne(file, `SELECT count(*) FROM note WHERE touched <> 1`)).toBe(0);
  });
});

describe('the file at its path', () => {
  const replace = (file: string): void => {
    fs.renameSync(file, `${file}.moved`);
    fs.copyFileSync(`${file}.moved`, file);
  };
  const ways: [string, (file: string) => void][] = [
    ['replaced by another', replace],
    ['renamed', (file) => fs.renameSync(file, `${file}.moved`)],
    ['deleted', (file) => (fs.linkSync(file, `${file}.moved`), fs.rmSync(file))],
  ];

  it.each(ways)('K14 K15: %s between two commits: taken back, never a success', async (_, meddle) => {
    for (const at of ['recorded', 'step-up', 'chunk', 'step-closing', 'checkpoint']) {
      const file = makeShop(folder);
      let isDone = false;
      const probe = (point: string) => {
        if (isDone || point !== at) return;
        isDone = true;
        meddle(file);
      };

      const ending = await upgradeShop(file, { more: { tuning: manyChunks, probe } }).catch((error: unknown) => error);

      expect({ at, isDone }).toEqual({ at, isDone: true });
      expect(ending).toMatchObject({ ok: false, error: { code: 'E_PATH_CHANGED' } });
      expect(askOne(`${file}.moved`, 'PRAGMA integrity_check')).toBe('ok');
    }
  });

  it.each(ways)('K14 K15: %s between backup and first write: refused', async (_, meddle) => {
    const file = makeShop(folder);
    const before = fs.readFileSync(file);
    const report = await upgradeShop(file, { more: { probe: (point) => point === 'backed-up' && meddle(file) } });

    expect(report).toMatchObject({ ok: false, error: { code: 'E_PATH_CHANGED' } });
    expect(fs.readFileSync(`${file}.moved`).equals(before)).toBe(true);
  });
});
