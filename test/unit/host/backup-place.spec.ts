import { mkdirSync, mkdtempSync, realpathSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { placeOf } from '@host/backup-place.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

it.skipIf(process.platform === 'win32')('a backup has one place, by whatever name its folder is told', () => {
  const home = realpathSync(mkdtempSync(path.join(folder, 'home-')));
  mkdirSync(path.join(home, 'disk'));
  symlinkSync(path.join(home, 'disk'), path.join(home, 'a.db backups'));

  expect(placeOf(path.join(home, 'a.db backups', 'b.db'))).toBe(path.join(home, 'disk', 'b.db'));
  expect(placeOf(path.join(home, 'disk', 'b.db'))).toBe(path.join(home, 'disk', 'b.db'));
  expect(placeOf(path.join(home, 'gone', 'b.db'))).toBe(path.join(home, 'gone', 'b.db'));
});
