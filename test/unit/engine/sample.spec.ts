import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { buildSample } from '@engine/sample.ts';
import { codeOf } from '../../support/code-of.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const packs = [{ ...shopPack(), buildSample: () => undefined }];
afterEach(() => vi.restoreAllMocks());

it.each([
  ['EACCES', 'E_READONLY_DIR'],
  ['EROFS', 'E_READONLY_DIR'],
  ['ENOSPC', 'E_NO_SPACE'],
  ['EDQUOT', 'E_NO_SPACE'],
  ['EIO', 'E_IO'],
])('what keeps the file from being made (%s) is told as what it is', (system, code) => {
  vi.spyOn(fs, 'openSync').mockImplementation(() => {
    throw Object.assign(new Error(), { code: system, syscall: 'open' });
  });
  const file = path.join(folder, `${system}.db`);

  expect(codeOf(() => buildSample({ path: file, packId: 'shop', seed: 1 }, packs))).toBe(code);
  expect(isThere(file)).toBe(false);
});

it('what is left of one that could not be finished does not hide why', () => {
  vi.spyOn(fs, 'fsyncSync').mockImplementation(() => {
    throw Object.assign(new Error(), { code: 'ENOSPC', syscall: 'fsync' });
  });
  vi.spyOn(fs, 'rmSync').mockImplementation(() => {
    throw Object.assign(new Error(), { code: 'EBUSY', syscall: 'unlink' });
  });
  const input = { path: path.join(folder, 'left.db'), packId: 'shop', seed: 1 };

  expect(codeOf(() => buildSample(input, packs))).toBe('E_NO_SPACE');
});
