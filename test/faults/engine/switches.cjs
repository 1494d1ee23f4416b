// Loaded before the bundle: lets the n-th call of a kind fail without help from the system. Used where strace may not
// trace, and for calls that strace cannot tell from our messages to the host. SQLite's own calls are out of its reach, so
// it counts what goes into SQLite instead: every statement is a `pwrite64`, every commit an `fsync`.
'use strict';
const fs = require('node:fs');
const { errno } = require('node:os').constants;

const [name = '', effect = '', at = '0', isPersistent = ''] = (process.env.PHASEWISE_FAULT ?? '').split(' ');
const reasons = {
  EIO: 'i/o error',
  ENOSPC: 'no space left on device',
  EMFILE: 'too many open files',
};
let count = 0;
let isArmed = false;
// Starting is not counted: the request is.
process.once('message', () => (isArmed = true));

/** @returns the error to be thrown; undefined = go ahead. */
function fault(call, errorOf) {
  if (!isArmed || call !== name) return undefined;
  count += 1;
  if (!(count === Number(at) || (isPersistent === '1' && count > Number(at)))) return undefined;
  if (effect === 'KILL') process.kill(process.pid, 'SIGKILL');
  if (count === Number(at)) fs.writeSync(2, 'PHASEWISE_FAULT came\n');
  return errorOf();
}

const systemError = (syscall) => () =>
  Object.assign(new Error(`${codeOf(effect)}: ${reasons[effect] ?? codeOf(effect)}, ${syscall}`), {
    ...{ code: codeOf(effect), syscall, errno: -errno[effect] },
  });
// As Node words what it has no name for.
const codeOf = (name) =>
  ['EDQUOT', 'ESTALE', 'ENOLCK'].includes(name) ? `Unknown system error -${errno[name]}` : name;

/** Of node:fs, by the system call that each stands for. */
const wrapped = {
  fsync: ['fsyncSync'],
  rename: ['renameSync'],
  unlink: ['rmSync', 'unlinkSync'],
  openat: ['openSync', 'readdirSync'],
  mkdir: ['mkdirSync', 'mkdtempSync'],
  link: ['linkSync'],
  write: ['writeSync', 'writeFileSync'],
  copy_file_range: ['copyFileSync'],
  ftruncate: ['ftruncateSync', 'truncateSync'],
  pread64: ['readSync', 'readFileSync'],
};
for (const [call, names] of Object.entries(wrapped)) {
  for (const method of names) {
    const original = fs[method];
    fs[method] = (...args) => {
      if (!(call === 'write' && args[0] === 2)) {
        const error = fault(call, systemError(method));
        if (error) throw error;
      }
      return original.apply(fs, args);
    };
  }
}

if (process.env.PHASEWISE_FAULT_SQLITE === '1') {
  const Database = require('better-sqlite3');
  const { SqliteError } = Database;
  const codes = {
    EIO: 'SQLITE_IOERR_WRITE',
    ENOSPC: 'SQLITE_FULL',
    EDQUOT: 'SQLITE_IOERR_WRITE', // a full disk is ENOSPC alone, to SQLite
    EMFILE: 'SQLITE_CANTOPEN',
    short: 'SQLITE_FULL',
  };
  const sqliteError = () => new SqliteError('a fault on purpose', codes[effect] ?? 'SQLITE_IOERR');
  const guard = (call) => {
    const error = fault(call, sqliteError);
    if (error) throw error;
  };
  const { exec, prepare } = Database.prototype;
  Database.prototype.exec = function (sql) {
    if (/^\s*COMMIT/i.test(sql)) {
      try {
        guard('fsync');
      } catch (error) {
        if (this.inTransaction) exec.call(this, 'ROLLBACK'); // as SQLite does when a commit fails
        throw error;
      }
    } else guard('pwrite64');
    return exec.call(this, sql);
  };
  Database.prototype.prepare = function (sql) {
    const statement = prepare.call(this, sql);
    if (!/^\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP)/i.test(sql)) return statement;
    const { run } = statement;
    statement.run = (...args) => {
      guard('pwrite64');
      return run.apply(statement, args);
    };
    return statement;
  };
}
