import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync, type copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, it, vi } from 'vitest';
import { passGate } from '@engine/gate.ts';
import { withPrivateCopy } from '@engine/private-copy.ts';
import type * as FileSystemModule from '@engine/file-system.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const meanwhile = vi.hoisted(() => ({
  copied: null as ((from: string) => void) | null,
  freeBytes: null as number | null,
}));
vi.mock('node:fs', async (original) => {
  const real = await original<{ copyFileSync: typeof copyFileSync }>();
  const copy = (...args: Parameters<typeof copyFileSync>) => {
    real.copyFileSync(...args);
    meanwhile.copied?.(String(args[0]));
  };
  return { ...real, copyFileSync: copy };
});
vi.mock('@engine/file-system.ts', async (original) => {
  const real = await original<typeof FileSystemModule>();
  return { ...real, freeBytes: (folder: string) => meanwhile.freeBytes ?? real.freeBytes(folder) };
});
afterEach(() => {
  meanwhile.copied = null;
  meanwhile.freeBytes = null;
});

const base = temporaryFolder();
const soon = () => Date.now() + 2_000;
const names = (copy: string) => {
  const db = new Database(copy, { readonly: true });
  const found = db.prepare<[], string>('SELECT name FROM sqlite_schema ORDER BY name').pluck().all();
  db.close();
  return found;
};

it('starts again when the file changed while it was copied', async () => {
  const file = makeDatabase(base, 'CREATE TABLE first (a)');
  const gated = passGate(file);
  let copies = 0;
  meanwhile.copied = () => {
    copies += 1;
    if (copies > 1) return;
    const writer = new Database(file);
    writer.exec('CREATE TABLE second (a)');
    writer.close();
  };

  expect(await withPrivateCopy(gated, soon(), names)).toEqual(['first', 'second']);
  expect(copies).toBe(2);
});

it('starts again when a sidecar appeared while it was copied', async () => {
  const file = makeDatabase(base, 'CREATE TABLE first (a)');
  const gated = passGate(file);
  let copies = 0;
  meanwhile.copied = (from) => {
    copies += 1;
    if (from === file && copies === 1) appendFileSync(`${file}-wal`, '');
  };

  await withPrivateCopy(gated, soon(), names);

  expect(copies).toBe(3); // the file; the file and its WAL
});

it('is given up in time when the file never stops changing', async () => {
  const file = makeDatabase(base, 'PRAGMA journal_mode = WAL; CREATE TABLE first (a)');
  const gated = passGate(file);
  meanwhile.copied = () => appendFileSync(`${file}-wal`, 'x');

  expect(await codeOfPromise(withPrivateCopy(gated, Date.now() + 200, names))).toBe('E_DB_BUSY');
});

it('is not made of another file that took the place of the one the gate saw', async () => {
  const file = makeDatabase(base, 'CREATE TABLE first (a)');
  const gated = passGate(file);
  renameSync(makeDatabase(base, 'CREATE TABLE other (a)'), file);

  expect(await codeOfPromise(withPrivateCopy(gated, soon(), names))).toBe('E_PATH_CHANGED');
});

it('is in a folder that nobody else can enter, and gone afterwards', async () => {
  let folder = '';
  await withPrivateCopy(passGate(makeDatabase(base, 'CREATE TABLE t (a)')), soon(), (copy) => {
    folder = path.dirname(copy);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
  });

  expect(existsSync(folder)).toBe(false);
});

it('removes what a process that was killed left behind, and nothing of a living one', async () => {
  const dead = path.join(tmpdir(), 'phasewise-look-999999999-abcdef');
  const living = path.join(tmpdir(), `phasewise-look-${process.ppid}-abcdef`);
  for (const folder of [dead, living]) mkdirSync(folder, { recursive: true });

  await withPrivateCopy(passGate(makeDatabase(base, 'CREATE TABLE t (a)')), soon(), names);

  expect([existsSync(dead), existsSync(living)]).toEqual([false, true]);
  rmSync(living, { recursive: true });
});

it('is not begun without room for it', async () => {
  const gated = passGate(makeDatabase(base, 'CREATE TABLE t (a)'));
  meanwhile.freeBytes = 1_000;

  expect(await codeOfPromise(withPrivateCopy(gated, soon(), names))).toBe('E_NO_SPACE');
});
