import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { placeWhereNothingIs } from '@engine/restore-place.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());

const refuse = (act: 'linkSync' | 'renameSync', code: string) =>
  vi.spyOn(fs, act).mockImplementation(() => {
    throw Object.assign(new Error(`${code}: refused on purpose`), { code });
  });

it('the empty file that keeps a name goes again where the copy cannot take its place', () => {
  const [copy, target] = [path.join(folder, 'copy'), path.join(folder, 'target')];
  fs.writeFileSync(copy, 'whole');
  refuse('linkSync', 'EPERM'); // a file system without hard links
  refuse('renameSync', 'EIO');

  expect(() => placeWhereNothingIs(copy, target)).toThrow('EIO');

  expect(fs.readdirSync(folder)).toEqual(['copy']);
});
