import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { saysUntouched, toAppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase } from '@engine/backups.ts';
import { finishRestore, restoreBackup } from '@engine/restore.ts';
import { askOne, backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** A17 for restores: whatever of our own throws, and wherever. Upgrades and their backups are in run.spec.ts. */

const folder = temporaryFolder();
const packs = [shopPack()];

interface Scene {
  readonly file: string;
  readonly backup: BackupRecord;
  /** The database as the restore finds it. */
  readonly old: Buffer;
}

async function setUp(way: 'in place' | 'by file', wal: boolean): Promise<Scene> {
  const file = makeShop(folder, { wal });
  const request = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
  const backup = await backupDatabase(request, packs);
  if (way === 'by file') fs.truncateSync(file, 5_000);
  else for (const sql of [`DELETE FROM note`, `UPDATE setting SET value = 'newer'`]) change(file, sql);
  return { file, backup, old: fs.readFileSync(file) };
}

function change(file: string, sql: string): void {
  const db = new Database(file);
  db.exec(sql);
  db.close();
}

const inputOf = ({ file, backup }: Scene) => ({
  ...{ backupPath: backup.path, path: file, backupFolder: backupFolderOf(file), appVersion: '0' },
  allowForeign: false,
});

/** Outside the fields that a change of the journal mode and back leaves changed. */
function isOld({ file, old }: Scene): boolean {
  const now = fs.readFileSync(file);
  return [now, old].map((bytes) => {
    const copy = Buffer.from(bytes);
    for (const [from, to] of [[18, 20], [24, 28], [92, 96]] as const) if (copy.length > 100) copy.fill(0, from, to); // prettier-ignore
    return copy.toString('base64');
  }).every((text, _, all) => text === all[0]); // prettier-ignore
}
const isNew = ({ file }: Scene): boolean => {
  try {
    return askOne(file, `SELECT count(*) FROM note`) === 90 && askOne(file, `SELECT value FROM setting`) === 'EUR';
  } catch {
    return false;
  }
};

const ways = [
  ['in place', false],
  ['in place', true],
  ['by file', false],
] as const;

describe.each(ways)('A17: a restore %s (wal: %s) in which something of ours throws', (way, wal) => {
  it('leaves the old database or the whole backup, keeps what it replaces, and the next try succeeds', async () => {
    const points: string[] = [];
    await restoreBackup(inputOf(await setUp(way, wal)), { packs, probe: (point) => void points.push(point) });
    expect(points.length).toBeGreaterThan(5);

    for (const point of new Set(points)) {
      const scene = await setUp(way, wal);
      let isThrown = false;
      const probe = (at: string): void => {
        if (isThrown || at !== point) return;
        isThrown = true;
        throw new Error(`thrown at ${point}`);
      };

      const said = await restoreBackup(inputOf(scene), { packs, probe }).then(() => null, toAppError);

      const [isStillOld, isRestored] = [isOld(scene), isNew(scene)];
      expect({ point, isThrown, isWhole: isStillOld !== isRestored }).toEqual({ point, isThrown: true, isWhole: true });
      if (said === null) expect({ point, isRestored }).toEqual({ point, isRestored: true });
      if (said && saysUntouched(said.safety)) expect({ point, isStillOld }).toEqual({ point, isStillOld: true });

      const isPending = fs.existsSync(`${scene.file}.restore-intent`);
      await (isPending ? finishRestore(inputOf(scene), { packs }) : restoreBackup(inputOf(scene), { packs }));
      expect({ point, isRestored: isNew(scene) }).toEqual({ point, isRestored: true });
      expect({ point, isKept: isKept(scene, way) }).toEqual({ point, isKept: true });
      const left = fs.readdirSync(path.dirname(scene.file)).filter((name) => /\.restore-| replacing-/.test(name));
      expect({ point, left }).toEqual({ point, left: [] });
    }
  });
});

/** What was replaced: byte for byte beside it, or as a backup with its rows. */
function isKept({ file, old }: Scene, way: 'in place' | 'by file'): boolean {
  if (way === 'by file') {
    const parent = path.dirname(file);
    return fs
      .readdirSync(parent)
      .filter((name) => name.includes(' replaced-'))
      .some((name) => fs.readFileSync(path.join(parent, name, path.basename(file))).equals(old));
  }
  const folderOfBackups = backupFolderOf(file);
  return fs
    .readdirSync(folderOfBackups)
    .filter((name) => name.endsWith('.db'))
    .some((name) => askOne(path.join(folderOfBackups, name), `SELECT value FROM setting`) === 'newer');
}
