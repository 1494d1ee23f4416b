import fs from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createBackup } from '@engine/backup.ts';
import { behindDamage } from '@engine/damage.ts';
import { requireRead } from '@engine/integrity.ts';
import { safetyText } from '@shared/errors.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** SQLite calls a disk that cannot read "database disk image is malformed": that is no damage of the file. */

const folder = temporaryFolder();
afterEach(() => vi.restoreAllMocks());
const unread = 'Tree 4 page 10: unable to get the page. error code=8458';
const malformed = () => new Database.SqliteError('database disk image is malformed', 'SQLITE_CORRUPT');

it('a page that the disk did not give is no finding of the check', () => {
  expect(codeOf(() => requireRead(['*** in database main ***', unread]))).toBe('E_IO');
  expect(() => requireRead(['ok'])).not.toThrow();
  expect(() => requireRead(['Tree 4 page 10: btreeInitPage() returns error code 11'])).not.toThrow();
});

it('a damaged file is damaged, a whole one is not, and of one that cannot be read nobody knows', () => {
  const file = makeShop(folder);
  const db = new Database(file);
  expect(behindDamage(db)).toBe('sound');
  const unreadable = { pragma: () => 1, prepare: () => ({ pluck: () => ({ all: () => [unread], get: () => 0 }) }) };
  expect(behindDamage(unreadable as unknown as typeof db)).toMatchObject({ appError: { code: 'E_IO' } });
  db.close();
  const bytes = fs.readFileSync(file);
  bytes.fill(0, 4_096, 8_192);
  fs.writeFileSync(file, bytes);
  const damaged = new Database(file);
  expect(behindDamage(damaged)).toBe('damaged');
  damaged.close();
});

describe('a step that met damage', () => {
  const failing = (act: (file: string) => void, file: string) =>
    upgradeShop(file, {
      more: {
        probe(point) {
          if (point !== 'step-up') return;
          act(file);
          throw malformed();
        },
      },
    });

  it('which is not in the file: the disk gave a wrong answer, and what the file holds is for a fresh process to say', async () => {
    const { error } = await failing(() => {}, makeShop(folder));

    expect(error).toMatchObject({ code: 'E_IO', safety: safetyText.unknown });
    expect(error?.message).toContain('wrong answer');
  });
});

it('a backup that met damage tells what is behind it: no memory to look is neither damage nor a bad disk', async () => {
  const file = makeShop(folder);
  const db = new Database(file);
  const prepare = db.prepare.bind(db);
  const content = { packId: '', variantTitle: '', phase: null };
  const request = {
    path: file,
    folder: backupFolderOf(file),
    reason: 'by hand',
    runId: null,
    appVersion: '0',
    content,
  };
  for (const [looking, told] of [
    ['SQLITE_NOMEM', 'E_NO_MEMORY'],
    ['SQLITE_IOERR_READ', 'E_IO'],
    ['SQLITE_CORRUPT', 'E_CORRUPT'],
  ] as const) {
    const probe = (point: string): void => {
      if (point !== 'compared') return;
      vi.spyOn(db, 'prepare').mockImplementation((sql: string) => {
        if (sql.includes('integrity_check')) throw new Database.SqliteError('on purpose', looking);
        return prepare(sql);
      });
      throw malformed();
    };
    expect(await codeOfPromise(createBackup(db, { ...request, probe }))).toBe(told);
    vi.restoreAllMocks();
  }
  expect(fs.readdirSync(backupFolderOf(file))).toEqual([]);
  db.close();
});
