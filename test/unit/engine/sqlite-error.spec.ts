import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { fromSqlite, isUnanswered } from '@engine/sqlite-error.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const read = (...names: string[]) => {
  try {
    return fs.readFileSync(path.join(folder, ...names));
  } catch (error) {
    return fromSqlite(error, 'looking').appError;
  }
};

it('a file that is gone is named, also where a folder above it has become a file', () => {
  fs.writeFileSync(path.join(folder, 'file'), '');

  for (const names of [['gone'], ['file', 'below']])
    expect(read(...names)).toMatchObject({
      code: 'E_IO',
      message: `A file or a folder is no longer where it was: ${path.join(folder, ...names)} (while looking).`,
    });
});

it.each([
  ['a collation', 'CREATE TABLE t (a); CREATE INDEX i ON t (a)', 'i', 'CREATE INDEX i ON t (a COLLATE mine)'],
  ['a function', 'CREATE TABLE t (a); CREATE INDEX i ON t (abs(a))', 'i', 'CREATE INDEX i ON t (mine(a))'],
])('%s that only another program has is named as such', (_, sql, name, own) => {
  const file = path.join(folder, `${name}-${own.length}.db`);
  const made = new Database(file);
  made.unsafeMode();
  made.exec(sql);
  made.pragma('writable_schema = 1');
  made.prepare('UPDATE sqlite_schema SET sql = ? WHERE name = ?').run(own, name);
  made.close();
  const db = new Database(file);
  const check = () => {
    try {
      return db.pragma('integrity_check');
    } catch (error) {
      return fromSqlite(error, 'looking').appError;
    }
  };

  expect(check()).toMatchObject({ code: 'E_HOSTILE_SCHEMA', message: expect.stringContaining('mine') as string });
  db.close();
});

it('a schema format that there is not is damage, wherever the first page comes from', () => {
  const file = path.join(folder, 'format.db');
  const made = new Database(file);
  made.exec('CREATE TABLE t (a)');
  made.close();
  const bytes = fs.readFileSync(file);
  bytes.writeUInt32BE(5, 44);
  fs.writeFileSync(file, bytes);
  const db = new Database(file);
  const look = () => {
    try {
      return db.prepare('SELECT * FROM t').all();
    } catch (error) {
      return fromSqlite(error, 'looking').appError;
    }
  };

  expect(look()).toMatchObject({ code: 'E_CORRUPT', message: expect.stringContaining('schema format') as string });
  db.close();
});

it('a name that the system does not take is not a disk that fails', () => {
  fs.symlinkSync('loop', path.join(folder, 'loop'));

  for (const name of ['x'.repeat(300), 'loop']) expect(read(name)).toMatchObject({ code: 'E_PATH_UNSUPPORTED' });
});

it('an addon that the disk did not give is told as a part of Phasewise that is missing', () => {
  const text = `Cannot find module '/app/node_modules/better-sqlite3/prebuilds/linux-x64.node'\nRequire stack:\n- /app`;
  const error = Object.assign(new Error(text), { code: 'MODULE_NOT_FOUND' });

  expect(fromSqlite(error, 'reading').appError.code).toBe('E_RUNTIME_MISMATCH');
});

it('a disk that fails is told as that, whatever SQLite was reading', () => {
  const error = new Database.SqliteError('disk I/O error (no such function: x)', 'SQLITE_IOERR_READ');

  expect(fromSqlite(error, 'looking').appError.code).toBe('E_IO');
});

it('of a long name only the beginning is told', () => {
  const error = new Database.SqliteError(`no such function: ${'x'.repeat(3_000)}`, 'SQLITE_ERROR');

  expect(fromSqlite(error, 'looking').appError.message.length).toBeLessThan(400);
});

it.each([
  ['EEXIST', 'E_INTERNAL'],
  ['EBADF', 'E_INTERNAL'],
  ['EREMOTEIO', 'E_IO'],
])('%s is %s: what we did wrong is no fault of the disk', (code, told) => {
  const error = Object.assign(new Error(`${code}: on purpose, open`), { code, syscall: 'open' });

  expect(fromSqlite(error, 'looking').appError.code).toBe(told);
});

it('a text that SQLite had no memory for is a want of memory, and no argument of ours', () => {
  // What Node-API says to the addon when it is handed no text of a length.
  const noText = new Error('Invalid argument');
  expect(fromSqlite(noText, 'reading').appError).toMatchObject({
    ...{ code: 'E_NO_MEMORY', message: 'There was not enough memory (while reading).' },
  });
  expect(isUnanswered(noText)).toBe(true);
  const ofSystem = Object.assign(new Error('EINVAL: invalid argument, read'), { code: 'EINVAL', syscall: 'read' });
  expect(fromSqlite(ofSystem, 'reading').appError.code).not.toBe('E_NO_MEMORY');
  expect(isUnanswered(ofSystem)).toBe(false);
});
