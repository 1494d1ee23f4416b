import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { intentFile, replacingPrefix } from '@shared/beside.ts';
import { safetyText } from '@shared/errors.ts';
import { readableIntent } from '@engine/intent.ts';
import { putBackReplaced } from '@engine/put-back.ts';
import type { RestorePoint } from '@engine/restore-request.ts';
import type { FileProbe } from '@engine/restore-stage.ts';
import {
  type DamagedShop,
  damagedShop,
  errorOf,
  finish,
  keptIn,
  killedAt,
  members,
  restore,
} from '../../support/engine/damaged-shop.ts';
import { backupFolderOf } from '../../support/engine/run-shop.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

/** A restore over a damaged file that was interrupted, and whose backup is lost by then: it cannot be finished, but undone. */

const folder = temporaryFolder();
const putBack = (file: string, from: string, probe?: FileProbe) =>
  putBackReplaced(
    { path: file, folder: from, backupFolder: backupFolderOf(file) },
    probe === undefined ? {} : { probe },
  );

/** @returns the shop, and the folder that the note names. */
async function interrupted(point: string, { wal = false, isLost = true } = {}) {
  const shop = await damagedShop(folder, { wal });
  await killedAt(point, shop);
  if (isLost) fs.rmSync(shop.backup.path);
  const kept = path.join(path.dirname(shop.file), readableIntent(shop.file)?.quarantine ?? '');
  return { ...shop, kept };
}

function expectAsItWas({ file, damaged }: Pick<DamagedShop, 'file' | 'damaged'>): void {
  expect(fs.readFileSync(file).equals(damaged)).toBe(true);
  for (const suffix of ['-wal', '-journal', '.restore-stage']) expect(isThere(file + suffix)).toBe(false);
  expect(isThere(intentFile(file))).toBe(false);
}

/** As a restore leaves it that is killed right after it has noted it. */
function takeNameAway(file: string, kept: string): void {
  fs.renameSync(kept, path.join(path.dirname(file), replacingPrefix('shop.db') + kept.slice(-6)));
}

describe('a restore over a damaged body, killed, whose backup is lost', () => {
  const points = ['intended', 'switched', 'unlocked', 'copying', 'copied', 'finished'];
  it.each(points.flatMap((point) => [false, true].map((wal) => [point, wal] as const)))(
    'at "%s" (wal: %s), is undone: the very bytes are there, and no note',
    async (point, wal) => {
      const { file, damaged, kept } = await interrupted(point, { wal });
      const there = fs.readFileSync(file);
      expect(await errorOf(finish(file))).toMatchObject({
        code: 'E_BACKUP_GONE',
        safety: safetyText.unknown, // the restore may have replaced it already
      });

      const { replacedFolder } = await putBack(file, kept);

      expectAsItWas({ file, damaged });
      expect(keptIn(kept).equals(damaged)).toBe(true);
      expect(replacedFolder).not.toBe(kept);
      expect(keptIn(replacedFolder).length).toBe(there.length);
      if (point === 'copied') expect(keptIn(replacedFolder).equals(there)).toBe(true);
    },
  );

  it('is undone also by a folder that has no name for good yet', async () => {
    const { file, damaged, kept } = await interrupted('unlocked');
    takeNameAway(file, kept);

    await putBack(file, kept);

    expectAsItWas({ file, damaged });
    expect(keptIn(kept).equals(damaged)).toBe(true);
  });

  it('once its commit is in the log: the log goes with what it belongs to', async () => {
    const { file, backup, damaged } = await damagedShop(folder, { wal: true });
    const reader = new Database(file);
    const read = (at: RestorePoint): void => {
      if (at === 'copying') reader.exec('BEGIN; SELECT count(*) FROM setting');
    };
    await errorOf(restore(file, backup, { patienceMs: 100, probe: read }));
    const left = ['', '-wal'].map((suffix) => [file + suffix, fs.readFileSync(file + suffix)] as const);
    reader.close(); // which would write the log back
    for (const [name, bytes] of left) fs.writeFileSync(name, bytes);
    fs.rmSync(backup.path);
    const kept = path.join(path.dirname(file), readableIntent(file)?.quarantine ?? '');

    const { replacedFolder } = await putBack(file, kept);

    expectAsItWas({ file, damaged });
    expect(members(path.join(replacedFolder ?? '', 'shop.db'))).toBe(200);
  });

  it.each(['staged', 'kept', 'intended', 'cleared', 'replaced'] as const)(
    'and whose undoing is ended at "%s", is undone by the next',
    async (point) => {
      const shop = await interrupted('copied');
      const { file, damaged, kept } = shop;
      await killedAt(point, { ...shop, backup: { ...shop.backup, path: kept } });
      const isBegun = !['staged', 'kept'].includes(point);
      expect(readableIntent(file)).toMatchObject({ source: isBegun ? 'replaced' : 'backup' });

      await (isBegun ? finish(file) : putBack(file, kept));

      expectAsItWas({ file, damaged });
      expect(keptIn(kept).equals(damaged)).toBe(true);
    },
  );

  it('is as unfinished as before where another program comes in at the last moment', async () => {
    const { file, damaged, kept } = await interrupted('copied');
    const note = fs.readFileSync(intentFile(file));
    const write: FileProbe = (at) => {
      if (at === 'intended') new Database(file).exec(`UPDATE setting SET value = 'of another'`).close();
    };

    expect(await errorOf(putBack(file, kept, write))).toMatchObject({ code: 'E_STATE_CHANGED' });

    expect(fs.readFileSync(intentFile(file)).equals(note)).toBe(true);
    await putBack(file, kept);
    expectAsItWas({ file, damaged });
  });
});

describe('it is not undone', () => {
  it.each(['unlocked', 'copied'])('while its backup is whole (%s)', async (point) => {
    const { file, kept } = await interrupted(point, { isLost: false });
    const [note, there] = [fs.readFileSync(intentFile(file)), fs.readFileSync(file)];

    expect(await errorOf(putBack(file, kept))).toMatchObject({ code: 'E_RESTORE_UNFINISHED' });

    expect(fs.readFileSync(intentFile(file)).equals(note)).toBe(true);
    expect(fs.readFileSync(file).equals(there)).toBe(true);
    await finish(file);
    expect(members(file)).toBe(200);
  });

  it('nor while its backup lies where the backups of the database are now', async () => {
    const { file, backup, kept } = await interrupted('unlocked', { isLost: false });
    const note = { ...readableIntent(file), backupPath: path.join(folder, 'elsewhere', path.basename(backup.path)) };
    fs.writeFileSync(intentFile(file), JSON.stringify(note));

    expect(await errorOf(putBack(file, kept))).toMatchObject({ code: 'E_RESTORE_UNFINISHED' });
  });

  it('with another folder than the one that it has kept the file in', async () => {
    const { file, kept } = await interrupted('unlocked');
    const other = `${kept.slice(0, -6)}Other1`;
    fs.cpSync(kept, other, { recursive: true });

    expect(await errorOf(putBack(file, other))).toMatchObject({ code: 'E_RESTORE_UNFINISHED' });
    fs.rmSync(kept, { recursive: true });
    expect(await errorOf(putBack(file, kept))).toMatchObject({ code: 'E_RESTORE_TARGET' });

    expect(readableIntent(file)?.quarantine).toBe(path.basename(kept));
  });
});
