import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { root } from '../../../../build/layout.mjs';

/** What programs leave beside a database when they are killed. */

/** Runs `body` with `db` open on the file in a process that is then killed: nothing is closed or rolled back. */
export function dieAfter(file: string, body: string): void {
  const script = `
    const db = new (require('better-sqlite3'))(process.argv[1], { timeout: 0 });
    ${body}
    process.kill(process.pid, 'SIGKILL');`;
  const { signal, stderr } = spawnSync(process.execPath, ['-e', script, file], { cwd: root, encoding: 'utf8' });
  if (signal !== 'SIGKILL') throw new Error(`the other program ended in another way: ${stderr}`);
}

/** A rollback journal that SQLite would play back, beside a file with half-written rows. */
export const leaveHotJournal = (file: string): void =>
  dieAfter(
    file,
    `db.pragma('cache_size = 5'); db.exec("BEGIN; UPDATE run_job_candidates SET status = 'half written ' || status; UPDATE assets SET id = 'half ' || id"); `,
  );

/** A write-ahead log with `commits` committed transactions that are not in the file. */
export const leaveWal = (file: string, commits = 1): void =>
  dieAfter(
    file,
    `db.pragma('journal_mode = WAL'); db.pragma('wal_autocheckpoint = 0');
    for (let i = 1; i <= ${commits}; i++) db.exec("UPDATE users SET display_name = 'commit " + i + "'");`,
  );

export function pageSizeOf(file: string): number {
  const size = readFileSync(file).readUInt16BE(16);
  return size === 1 ? 65_536 : size; // too large for the two bytes
}

/** Where each frame of a write-ahead log begins, and whether it ends a transaction. */
export function framesOf(wal: Buffer): { start: number; end: number; isCommit: boolean }[] {
  const frameBytes = 24 + wal.readUInt32BE(8);
  return Array.from({ length: Math.floor((wal.length - 32) / frameBytes) }, (_, index) => {
    const start = 32 + index * frameBytes;
    return { start, end: start + frameBytes, isCommit: wal.readUInt32BE(start + 4) > 0 };
  });
}

/** What SQLite writes at the end of a rollback journal that is part of a transaction over several files. */
export function nameSuperJournal(journal: string, superJournal: string, lockPage: number): void {
  const name = Buffer.from(superJournal);
  const tail = Buffer.alloc(16);
  tail.writeUInt32BE(name.length, 0);
  tail.writeUInt32BE(name.reduce((sum, byte) => sum + ((byte << 24) >> 24), 0) >>> 0, 4);
  Buffer.from('d9d505f920a163d7', 'hex').copy(tail, 8);
  const page = Buffer.alloc(4);
  page.writeUInt32BE(lockPage);
  appendFileSync(journal, Buffer.concat([page, name, tail]));
}

/** The page with the byte at 2^30, which SQLite uses for locks and never for content. */
export const lockPageOf = (file: string): number => Math.floor(2 ** 30 / pageSizeOf(file)) + 1;
