import {
  appendFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  type copyFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, it, vi } from 'vitest';
import { passGate } from '@engine/gate.ts';
import { withPrivateCopy } from '@engine/private-copy.ts';
import type * as FileSystemModule from '@engine/file-system.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { dieInTheMiddleOfAWrite, manyRows, otherProgram } from '../../support/other-program.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const meanwhile = vi.hoisted(() => ({
  copied: null as ((from: string) => void) | null,
  freeBytes: null as number | null,
  removed: null as ((file: string) => void) | null,
}));
vi.mock('node:fs', async (original) => {
  const real = await original<{ default: object; copyFileSync: typeof copyFileSync; rmSync: typeof rmSync }>();
  const copy = (...args: Parameters<typeof copyFileSync>) => {
    real.copyFileSync(...args);
    meanwhile.copied?.(String(args[0]));
  };
  const remove = (...args: Parameters<typeof rmSync>) => {
    meanwhile.removed?.(String(args[0]));
    real.rmSync(...args);
  };
  return { ...real, copyFileSync: copy, rmSync: remove, default: { ...real.default, rmSync: remove } };
});
vi.mock('@engine/file-system.ts', async (original) => {
  const real = await original<typeof FileSystemModule>();
  return { ...real, freeBytes: (folder: string) => meanwhile.freeBytes ?? real.freeBytes(folder) };
});
afterEach(() => {
  meanwhile.copied = null;
  meanwhile.freeBytes = null;
  meanwhile.removed = null;
  vi.unstubAllEnvs();
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

it('has no journal of an earlier try, which would undo what is in a later one', async () => {
  const file = makeDatabase(base, `CREATE TABLE first (a); ${manyRows(2_000)}`);
  await (await otherProgram(file, dieInTheMiddleOfAWrite)).kill();
  const gated = passGate(file);
  let tries = 0;
  meanwhile.copied = (from) => {
    if (from === `${file}-journal` && (tries += 1) === 1) new Database(file).exec('CREATE TABLE second (a)').close();
  };

  expect(await withPrivateCopy(gated, soon(), names)).toContain('second');
  expect(tries).toBe(1);
});

it('is not begun within the tick of the clock in which the file was written to', async () => {
  const file = makeDatabase(base, 'CREATE TABLE first (a)');
  const gated = passGate(file);
  const ages: number[] = [];
  meanwhile.copied = () => ages.push(Date.now() - statSync(file).mtimeMs);
  utimesSync(file, new Date(), new Date());

  await withPrivateCopy(gated, soon(), names);

  expect(ages.map((ms) => ms >= 30)).toEqual([true]);
});

it('is handed over only where it is a whole file once SQLite has put it in order', async () => {
  const file = makeDatabase(base, 'CREATE TABLE first (a)');
  appendFileSync(file, Buffer.alloc(4_096));
  writeFileSync(`${file}-journal`, 'that SQLite plays nothing back from');

  expect(await codeOfPromise(withPrivateCopy(passGate(file), soon(), names))).toBe('E_SIZE_MISMATCH');
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

it('has been looked at all the same when something else holds it so that it cannot be removed', async () => {
  meanwhile.removed = (removed) => {
    if (path.basename(removed).startsWith(`phasewise-look-${process.pid}-`))
      throw Object.assign(new Error('EBUSY: resource busy or locked'), { code: 'EBUSY', syscall: 'rm' });
  };
  let folder = '';

  const found = await withPrivateCopy(passGate(makeDatabase(base, 'CREATE TABLE t (a)')), soon(), (copy) => {
    folder = path.dirname(copy);
    return names(copy);
  });

  expect(found).toEqual(['t']);
  meanwhile.removed = null;
  rmSync(folder, { recursive: true });
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

  expect(await codeOfPromise(withPrivateCopy(gated, soon(), names))).toBe('E_TEMP_UNAVAILABLE');
});

it('names the folder for temporary files when that cannot be used', async () => {
  const gated = passGate(makeDatabase(base, 'CREATE TABLE first (a)'));
  vi.stubEnv('TMPDIR', path.join(base, 'gone'));

  await expect(withPrivateCopy(gated, soon(), names)).rejects.toMatchObject({
    appError: { code: 'E_TEMP_UNAVAILABLE', message: expect.stringContaining(path.join(base, 'gone')) as string },
  });
});

it('has its code when the file may not be copied', async () => {
  const gated = passGate(makeDatabase(base, 'CREATE TABLE first (a)'));
  meanwhile.copied = () => {
    throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  };

  expect(await codeOfPromise(withPrivateCopy(gated, soon(), names))).toBe('E_NO_PERMISSION');
});

it("goes on when another user's leftovers cannot be removed", async () => {
  const leftover = path.join(tmpdir(), 'phasewise-look-999999999-theirs');
  mkdirSync(leftover, { recursive: true });
  const gated = passGate(makeDatabase(base, 'CREATE TABLE first (a)'));
  meanwhile.removed = (file) => {
    if (file === leftover) throw Object.assign(new Error('EPERM: not permitted'), { code: 'EPERM' });
  };

  expect(await withPrivateCopy(gated, soon(), names)).toEqual(['first']);
  meanwhile.removed = null;
  rmSync(leftover, { recursive: true });
});
