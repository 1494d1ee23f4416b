import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, it } from 'vitest';
import { passGate, passGateForWriting } from '@engine/gate.ts';
import { networkKind } from '@engine/file-system.ts';
import { codeOf } from '../../support/code-of.ts';
import { folderState } from '../../support/folder-state.ts';
import { manyRows, otherProgram } from '../../support/other-program.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const base = temporaryFolder();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(base, 'gate-'));
});
const inFolder = (name: string) => path.join(folder, name);
const database = (name = 'project.db') => makeDatabase(folder, 'CREATE TABLE t (a); INSERT INTO t VALUES (1)', name);

/** The code of the refusal, after making sure that refusing left everything as it was. */
function refusal(file: string, gate = passGate): string | null {
  const before = folderState(folder);
  const code = codeOf(() => gate(file));
  expect(folderState(folder)).toEqual(before);
  return code;
}
const edited = (edit: (bytes: Buffer) => void): string => {
  const file = database();
  const bytes = readFileSync(file);
  edit(bytes);
  writeFileSync(file, bytes);
  return file;
};

describe('the gate lets pass', () => {
  it('an ordinary database, and says what its header says', () => {
    const gated = passGate(database());

    expect(gated.header).toMatchObject({ pageSizeBytes: 4096, journalMode: 'rollback', pages: 2, encoding: 'UTF-8' });
    expect(gated.readOnlyReason).toBeNull();
  });

  it('a database with pages of 512 and of 65,536 bytes, in UTF-16', () => {
    const small = makeDatabase(folder, 'PRAGMA page_size = 512; PRAGMA encoding = "UTF-16le"; CREATE TABLE t (a)');
    const large = makeDatabase(folder, 'PRAGMA page_size = 65536; CREATE TABLE t (a)');

    expect(passGate(small).header).toMatchObject({ pageSizeBytes: 512, encoding: 'UTF-16le' });
    expect(passGate(large).header.pageSizeBytes).toBe(65_536);
  });

  it('a link, under the name it leads to', () => {
    const file = database();
    symlinkSync(file, inFolder('first'));
    symlinkSync(inFolder('first'), inFolder('second'));

    expect(passGate(inFolder('second')).path).toBe(file);
  });

  it('strange but safe names', () => {
    for (const name of [
      'a b.db',
      "it's;$(x)`y`.db",
      '%41.db',
      '?mode=ro.db',
      '-leading.db',
      'ü-😀.db',
      'no extension',
    ]) {
      expect(passGate(database(name)).path).toBe(inFolder(name));
    }
  });
});

describe('the gate refuses by name', () => {
  it.each([
    ['white space at the end', 'project.db '],
    ['a newline at the end', 'project.db\n'],
    ['a non-breaking space at the end', 'project.db\u00a0'],
    ['a byte order mark at the end', 'project.db\ufeff'],
    ['a NUL', 'project.db\0x'],
    ['a control character', 'pro\u0007ject.db'],
    ['half a character', 'project\ud800.db'],
    ['too long a path', `${'x'.repeat(200)}/`.repeat(3)],
  ])('%s, although there is a database beside it', (_, name) => {
    database();

    expect(refusal(inFolder(name))).toBe('E_PATH_UNSUPPORTED');
  });

  it('a name that leaves no room for the names beside it', () => {
    const named = (length: number) => {
      const file = inFolder(`${'x'.repeat(length - 3)}.db`);
      renameSync(database(), file);
      return file;
    };

    expect(refusal(named(255))).toBe('E_PATH_UNSUPPORTED');
    expect(refusal(named(228))).toBe('E_PATH_UNSUPPORTED');
    expect(refusal(named(227))).toBeNull();
  });

  it('a relative name that begins with a space, and nothing at all', () => {
    expect(refusal(' project.db')).toBe('E_PATH_UNSUPPORTED');
    expect(refusal('')).toBe('E_PATH_UNSUPPORTED');
  });

  it('what is not there: a missing file, a file used as a folder, a link to nowhere, a link to itself', () => {
    symlinkSync(inFolder('gone.db'), inFolder('dangling'));
    symlinkSync(inFolder('loop'), inFolder('loop'));

    expect(refusal(inFolder('gone.db'))).toBe('E_NOT_FOUND');
    expect(refusal(path.join(database(), 'x.db'))).toBe('E_NOT_FOUND');
    expect(refusal(inFolder('dangling'))).toBe('E_NOT_FOUND');
    expect(refusal(inFolder('loop'))).toBe('E_NOT_FOUND');
  });

  it('a link to a name that cannot be opened safely', () => {
    symlinkSync(makeDatabase(folder, 'CREATE TABLE t (a)', 'spaced.db'), inFolder('fine'));
    const spaced = inFolder('trailing.db ');
    writeFileSync(spaced, readFileSync(inFolder('spaced.db')));
    symlinkSync(spaced, inFolder('link'));

    expect(refusal(inFolder('link'))).toBe('E_PATH_UNSUPPORTED');
  });

  it('a file with a second name', () => {
    linkSync(database(), inFolder('second.db'));

    expect(refusal(inFolder('second.db'))).toBe('E_MULTI_LINK');
  });
});

describe('the gate refuses by kind', () => {
  it('a folder, a device', () => {
    expect(refusal(folder)).toBe('E_NOT_A_FILE');
    expect(refusal('/dev/null')).toBe('E_NOT_A_FILE');
  });

  it('a pipe, without waiting for somebody to write into it', () => {
    execFileSync('mkfifo', [inFolder('pipe.db')]);

    expect(refusal(inFolder('pipe.db'))).toBe('E_NOT_A_FILE');
  });

  it('a socket', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(inFolder('socket.db'), resolve));

    expect(refusal(inFolder('socket.db'))).toBe('E_NOT_A_FILE');
    server.close();
  });

  it.each(['-wal', '-shm', '-journal'])('a %s that is a link, a folder or a pipe', (suffix) => {
    for (const [name, make] of Object.entries({
      link: (sidecar: string) => symlinkSync(inFolder('victim'), sidecar),
      folder: (sidecar: string) => mkdirSync(sidecar),
      pipe: (sidecar: string) => execFileSync('mkfifo', [sidecar]),
    })) {
      const file = database(`${name}${suffix}.db`);
      make(file + suffix);

      expect(refusal(file)).toBe('E_SIDECAR_UNSAFE');
    }
  });

  it('a file that nobody may read, even to the system administrator', () => {
    const file = database();
    chmodSync(file, 0o000);

    expect(codeOf(() => passGate(file))).toBe('E_NO_PERMISSION');
  });
});

describe('the gate refuses by content', () => {
  const withBytes = (bytes: Buffer | string) => {
    writeFileSync(inFolder('file.db'), bytes);
    return refusal(inFolder('file.db'));
  };

  it('an empty file', () => {
    expect(withBytes('')).toBe('E_EMPTY');
  });

  it('one byte, text, zeros, a zip, an old SQLite', () => {
    expect(withBytes('x')).toBe('E_NOT_SQLITE');
    expect(withBytes('Dear reader, '.repeat(1000))).toBe('E_NOT_SQLITE');
    expect(withBytes(Buffer.alloc(8192))).toBe('E_NOT_SQLITE');
    expect(withBytes(Buffer.concat([Buffer.from('PK\u0003\u0004'), randomBytes(8188)]))).toBe('E_NOT_SQLITE');
    expect(withBytes('** This file contains an SQLite 2.1 database **'.padEnd(4096))).toBe('E_NOT_SQLITE');
  });

  it('what looks encrypted: whole pages of noise', () => {
    expect(withBytes(randomBytes(8192))).toBe('E_ENCRYPTED');
    expect(withBytes(randomBytes(512))).toBe('E_ENCRYPTED');
    expect(withBytes(randomBytes(8191))).toBe('E_NOT_SQLITE');
  });

  it('a database of which only the beginning is left', () => {
    const whole = readFileSync(database());

    for (const length of [16, 99, 511]) expect(withBytes(whole.subarray(0, length))).toBe('E_TRUNCATED');
    for (const length of [512, 4096, 4097, whole.length - 1]) {
      expect(withBytes(whole.subarray(0, length))).toBe('E_TRUNCATED');
    }
  });

  it('a database whose first bytes are damaged', () => {
    const whole = readFileSync(database());
    for (const at of [0, 7, 15]) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(0xff, at);
      expect(withBytes(damaged)).toBe('E_CORRUPT');
    }
  });

  it('a database with something behind its end', () => {
    const whole = readFileSync(database());

    expect(withBytes(Buffer.concat([whole, Buffer.alloc(1)]))).toBe('E_SIZE_MISMATCH');
    expect(withBytes(Buffer.concat([whole, Buffer.alloc(4096)]))).toBe('E_SIZE_MISMATCH');
  });

  it('a half page, when an old program did not keep the number of pages', () => {
    const file = edited((bytes) => bytes.writeUInt32BE(77, 92)); // version-valid-for differs: the number is void
    truncateSync(file, 6000);

    expect(refusal(file)).toBe('E_TRUNCATED');
  });

  it.each([
    ['page size', (bytes: Buffer) => bytes.writeUInt16BE(1000, 16)],
    ['reserved space', (bytes: Buffer) => bytes.writeUInt8(255, 20) && bytes.writeUInt16BE(512, 16)],
    ['write version', (bytes: Buffer) => bytes.writeUInt8(3, 18)],
    ['read version', (bytes: Buffer) => bytes.writeUInt8(0, 19)],
    ['payload fractions', (bytes: Buffer) => bytes.writeUInt8(63, 21)],
    ['schema format', (bytes: Buffer) => bytes.writeUInt32BE(5, 44)],
    ['text encoding', (bytes: Buffer) => bytes.writeUInt32BE(9, 56)],
  ])('an impossible %s', (_, edit) => {
    expect(refusal(edited(edit))).toBe('E_CORRUPT');
  });

  it('not the length of a file whose WAL has the last word', () => {
    const file = edited((bytes) => bytes.fill(2, 18, 20)); // in WAL mode
    const db = new Database(file);
    db.exec(`CREATE TABLE more (a)`);
    const log = readFileSync(`${file}-wal`);
    db.close();
    truncateSync(file, 4096);
    writeFileSync(`${file}-wal`, log);

    expect(refusal(file)).toBeNull();
  });

  it('nor of one that was growing when its program was killed: SQLite cuts it with the journal', async () => {
    const file = makeDatabase(folder, manyRows(200));
    const other = await otherProgram(file, `db.pragma('cache_size = 5'); db.exec("BEGIN; ${DOUBLED}")`);
    await other.kill();

    expect(readFileSync(file).length).toBeGreaterThan(readFileSync(file).readUInt32BE(28) * 4096);
    expect(refusal(file)).toBeNull();
  });
});
const DOUBLED = `INSERT INTO many (text) SELECT text FROM many, (SELECT 1 UNION SELECT 2 UNION SELECT 3)`;

describe('what may be looked at but not written', () => {
  const header = Buffer.from('377f0682002de218000010000000000012345678123456780000000000000000', 'hex');
  it.each([
    ['one byte', Buffer.alloc(1, 7)],
    ['a bare header', header],
    ['zeros, as a power cut leaves them', Buffer.alloc(4_152)],
    ['something else', Buffer.from('not a log at all, but long enough to be one')],
  ])('a file that is not in WAL mode beside a -wal that is none of its: %s', (_, content) => {
    const file = database();
    writeFileSync(`${file}-wal`, content);

    expect(refusal(file)).toBeNull();
    expect(refusal(file, passGateForWriting)).toBe('E_SIDECAR_UNSAFE');
    expect(passGate(file).readOnlyReason).toMatchObject({
      message: expect.stringContaining('Beside project.db lies project.db-wal') as string,
      nextStep: expect.stringContaining('move it to another folder') as string,
    });
  });

  it('but not beside an empty one, nor a file in WAL mode beside any', () => {
    const file = database();
    writeFileSync(`${file}-wal`, '');
    expect(refusal(file, passGateForWriting)).toBeNull();
    const logged = makeDatabase(folder, 'PRAGMA journal_mode = WAL; CREATE TABLE t (a)', 'logged.db');
    for (const content of [header, Buffer.alloc(4_152)]) {
      writeFileSync(`${logged}-wal`, content);
      expect(refusal(logged, passGateForWriting)).toBeNull();
    }
  });

  it('a read-only file, also for the system administrator', () => {
    const file = database();
    chmodSync(file, 0o444);

    expect(passGate(file).readOnlyReason?.code).toBe('E_READONLY_FILE');
    expect(refusal(file, passGateForWriting)).toBe('E_READONLY_FILE');
  });

  it('a file in a read-only folder', () => {
    const file = database();
    chmodSync(folder, 0o555);

    expect(refusal(file, passGateForWriting)).toBe('E_READONLY_DIR');
  });

  it('a file on a network drive', () => {
    const file = database();
    const nfs = () => ({ magic: 0x6969, name: null });

    expect(passGate(file, nfs).readOnlyReason?.code).toBe('E_NETWORK_FS');
    expect(codeOf(() => passGateForWriting(file, nfs))).toBe('E_NETWORK_FS');
  });

  it.each([
    ['ext4', 0xef53, null, null],
    ['tmpfs', 0x01021994, null, null],
    ['SMB', 0xfe534d42, null, 'SMB'],
    ['9p', 0x01021997, null, '9p'],
    ['sshfs', 0x65735546, 'fuse.sshfs', 'fuse.sshfs'],
    ['a FUSE of unknown kind', 0x65735546, null, 'FUSE'],
    ['an NTFS disk', 0x65735546, 'fuseblk', null],
  ])('%s is told apart', (_, magic, name, kind) => {
    expect(networkKind({ magic, name })).toBe(kind);
  });
});
