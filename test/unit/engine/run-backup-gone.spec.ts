import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { safetyText } from '@shared/errors.ts';
import { backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Without a way back nothing more is changed. */

const folder = temporaryFolder();
const backupsOf = (file: string): string[] =>
  fs.readdirSync(backupFolderOf(file)).map((name) => path.join(backupFolderOf(file), name));

it.each(['.db', '.json'])('a backup whose %s goes before the first change leaves the file as it was', async (end) => {
  const file = makeShop(folder);
  const before = fs.readFileSync(file);

  const { ok, error } = await upgradeShop(file, {
    more: {
      probe(point) {
        if (point === 'backed-up') for (const each of backupsOf(file)) if (each.endsWith(end)) fs.rmSync(each);
      },
    },
  });

  expect(ok).toBe(false);
  expect(error).toMatchObject({ code: 'E_BACKUP_GONE', safety: safetyText['step-only'] });
  expect(error?.nextStep).toContain('a new backup is made first');
  expect(fs.readFileSync(file).equals(before)).toBe(true);
});

afterEach(() => void vi.restoreAllMocks());

it.each(['EIO', 'ENOTCONN', 'EHOSTDOWN'])(
  'a drive that went away with it says nothing of the database: %s',
  async (code) => {
    const file = makeShop(folder);
    const look = fs.lstatSync;
    const vanish = (): void =>
      void vi.spyOn(fs, 'lstatSync').mockImplementation(((name: fs.PathLike, ...rest: never[]) => {
        if (!String(name).startsWith(backupFolderOf(file))) return look(name, ...rest);
        throw Object.assign(new Error(`${code}: it went away, lstat '${String(name)}'`), { code, syscall: 'lstat' });
      }) as typeof fs.lstatSync);

    const { error } = await upgradeShop(file, { more: { probe: (point) => point === 'backed-up' && vanish() } });

    expect(error).toMatchObject({ code: 'E_BACKUP_GONE', safety: safetyText['step-only'] });
    expect(error?.message).toContain(`cannot be reached (${code}: it went away), so nothing more was changed.`);
    expect(error?.nextStep).toContain('a new backup is made first');
  },
);

it('one that goes later stops the run at the next safe boundary, and the next run goes on from there', async () => {
  const file = makeShop(folder);
  let chunks = 0;
  const stopped = await upgradeShop(file, {
    more: {
      tuning: manyChunks,
      probe(point) {
        if (point === 'chunk-committed' && (chunks += 1) === 2) fs.rmSync(backupFolderOf(file), { recursive: true });
      },
    },
  });

  expect(stopped.error).toMatchObject({ code: 'E_BACKUP_GONE', safety: safetyText['step-only'] });
  expect(chunks).toBe(2);
  expect((await upgradeShop(file)).ok).toBe(true);
});
