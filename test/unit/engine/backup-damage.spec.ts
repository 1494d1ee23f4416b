import fs from 'node:fs';
import { expect, it } from 'vitest';
import type { Manifest } from '@shared/manifest.ts';
import { findDamage } from '@engine/backups.ts';
import { sha256File } from '@engine/fsync.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

/** As it would have been noted of the file as it is. */
const manifestOf = (file: string) =>
  ({ id: 'b1', sizeBytes: fs.statSync(file).size, sha256: sha256File(file) }) as Manifest;

it('a backup of the bytes that were noted is no good one where these are damaged', () => {
  const file = makeDatabase(folder, 'CREATE TABLE a (b)');
  expect(findDamage(file, manifestOf(file))).toBeNull();
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, Buffer.from([0, 0, 0, 77]), 0, 4, 36); // more free pages than there are pages
  fs.closeSync(handle);

  expect(findDamage(file, manifestOf(file))).toMatchObject({
    ...{ code: 'E_BACKUP_CORRUPT', details: { backup: 'b1' } },
    message: expect.stringContaining('The integrity check says') as string,
  });
});
