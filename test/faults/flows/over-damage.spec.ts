import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { backupDatabase } from '@engine/backups.ts';
import { restoreBackup } from '@engine/restore.ts';
import { packs } from '../../../migrations/index.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { writeSource } from '../databases/sources.ts';
import { placeFile } from '../sandbox.ts';
import { damage } from './later-state.ts';
import { databasesOf } from './names.ts';

const folder = temporaryFolder();

/** Else the flow would try what others try. */
it.each(databasesOf['restore-over-damage'])(
  'the damage to %s is one that no backup can be made of, nor a rename',
  async (name) => {
    const source = writeSource(path.join(folder, 'sources'), name);
    const home = mkdtempSync(path.join(folder, 'scene-'));
    const file = placeFile(source.file, path.join(home, 'project.db'));
    const common = { path: file, appVersion: '0' };
    const known = source.family === 'shop' ? [shopPack()] : packs;
    const request = { ...common, folder: path.join(home, 'backups'), reason: 'by hand', runId: null };
    const { path: backupPath, folder: backupFolder } = await backupDatabase(request, known);
    damage(file, source, 'damaged');
    const [old, { ino }] = [readFileSync(file), statSync(file)];

    const restoring = restoreBackup({ ...common, backupPath, backupFolder, allowForeign: false }, { packs: known });
    const { before, replacedFolder } = await restoring;

    expect([before, statSync(file).ino]).toEqual([null, ino]);
    expect(readFileSync(path.join(replacedFolder ?? '', 'project.db')).equals(old)).toBe(true);
  },
);
