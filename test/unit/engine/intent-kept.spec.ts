import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import { writeIntent } from '@engine/intent.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());

it('a note that could not be written takes none away that somebody else has written meanwhile', () => {
  const target = path.join(folder, 'a.db');
  const intent: RestoreIntent = {
    ...{ format: 'phasewise-restore 1', startedAt: '2026-01-01T00:00:00.000Z', databaseName: 'a.db' },
    ...{ way: 'in-place', source: 'backup', backupPath: '/b/b1.db', sha256: 'a'.repeat(64) },
    ...{ files: [], quarantine: null, beforePath: null },
  };
  vi.spyOn(fs, 'renameSync').mockImplementation(() => {
    fs.writeFileSync(intentFile(target), 'of another');
    throw Object.assign(new Error('EIO: refused on purpose'), { code: 'EIO' });
  });

  expect(() => writeIntent(target, intent)).toThrow('EIO');

  expect(fs.readdirSync(folder)).toEqual([path.basename(intentFile(target))]);
  expect(fs.readFileSync(intentFile(target), 'utf8')).toBe('of another');
});
