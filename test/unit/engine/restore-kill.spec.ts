import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { backupDatabase, listBackups, verifyBackup } from '@engine/backups.ts';
import { restoreBackup } from '@engine/restore.ts';
import { root } from '../../../build/layout.mjs';
import { askOne, backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const packs = [shopPack()];
const child = path.join(root, 'test/support/engine/restore-child.ts');

/** A shop whose backup holds 2,000 notes, and which itself has none of them but one of its own. */
async function changedShop(wal: boolean) {
  const file = makeShop(folder, { members: 200, notesEach: 10, wal });
  const backup = await backupDatabase(
    { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' },
    packs,
  );
  const db = new Database(file);
  db.exec(`DELETE FROM note; INSERT INTO note (id, body) VALUES (1, 'newer'); UPDATE member SET city = 'newer'`);
  db.close();
  return { file, backup };
}

async function restoreInChild(backupPath: string, file: string, killAt: string, killAfterMs: number | null) {
  const aliases = path.join(root, 'test/support/engine/aliases.mjs');
  const running = spawn(
    process.execPath,
    ['--no-warnings', '--import', aliases, child, backupPath, file, backupFolderOf(file), killAt],
    { cwd: root, stdio: 'ignore' },
  );
  const exited = new Promise((resolve) => running.once('exit', resolve));
  if (killAfterMs !== null) setTimeout(() => running.kill('SIGKILL'), killAfterMs);
  await exited;
}

const moments: [string, string, number | null][] = [
  ['after the old was saved', 'saved', null],
  ['before copying', 'unlocked', null],
  ['after copying', 'copied', null],
  ...Array.from({ length: 10 }, (_, at): [string, string, number] => [`after ${200 + at * 30} ms`, '', 200 + at * 30]),
];

it.each(moments)('a restore killed %s leaves the old or the new, wholly, and can be repeated', async (_, point, ms) => {
  for (const wal of [false, true]) {
    const { file, backup } = await changedShop(wal);

    await restoreInChild(backup.path, file, point, ms);

    expect(askOne(file, `PRAGMA integrity_check`)).toBe('ok');
    const state = askOne(
      file,
      `SELECT (SELECT count(*) FROM note) || ' ' || (SELECT count(*) FROM member WHERE city = 'newer')`,
    );
    expect(['2000 0', '1 200']).toContain(state);
    for (const each of listBackups({ folders: [backupFolderOf(file)], databasePath: null })) {
      expect(verifyBackup({ backupPath: each.path }).state).toBe('verified');
    }

    await restoreBackup(
      { backupPath: backup.path, path: file, backupFolder: backupFolderOf(file), appVersion: '0', allowForeign: false },
      { packs },
    );
    expect(askOne(file, `SELECT count(*) FROM note`)).toBe(2000);
    expect(fs.existsSync(`${file}.restore-stage`)).toBe(false);
  }
});
