import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { OTHER_TABLE } from '../oracles/content.ts';
import { placeFile } from '../sandbox.ts';
import { DAMAGES } from './names.ts';

/** A log or a journal, and what damage makes SQLite leave out of it without a word. */
type Damage = (sidecar: Buffer) => Buffer;

const logDamages: readonly Damage[] = [
  // Its header: nothing is read.
  (log) => flipped(log, 20),
  // The second commit: the first is taken in, the others are not.
  (log) => flipped(log, frameAt(log, commitsOf(log)[0] ?? 0) + FRAME_HEADER_BYTES + 100),
  // The first frame: no commit is taken in.
  (log) => flipped(log, frameAt(log, 0) + FRAME_HEADER_BYTES + 100),
];
const journalDamages: readonly Damage[] = [
  // Its header: nothing is played back.
  (journal) => flipped(journal, 3),
  // The second page, in a byte that is summed up: the first alone is played back.
  (journal) => flipped(journal, sectorOf(journal) + recordBytesOf(journal) + 4 + pageOf(journal) - 200),
  // Cut in the middle: nothing is played back of what was counted together with what is gone.
  (journal) => journal.subarray(0, Math.round(journal.length * 0.6)),
];

/**
 * Leaves beside the database what a program leaves that dies: in WAL mode a log with three commits, else the journal of a
 * write that had begun; and damages it. The rows are those of the other program, which no oracle counts as content.
 * @param instead has a log or a journal where SQLite cannot work with the database itself.
 */
export function leaveDamaged(file: string, kind: number, instead?: string): void {
  const folder = mkdtempSync(`${path.dirname(file)}-dying-`);
  const dying = placeFile(instead ?? file, path.join(folder, path.basename(file)));
  const left = dieAtWork(dying, path.join(folder, 'left'));
  const damage = (left.suffix === '-wal' ? logDamages : journalDamages)[kind % DAMAGES];
  if (damage === undefined) throw new Error(`no damage ${kind}`);
  if (instead === undefined) copyFileSync(left.file, file);
  writeFileSync(file + left.suffix, damage(readFileSync(left.file + left.suffix)), { mode: 0o600 });
  rmSync(folder, { recursive: true });
}

/** @returns a copy of both, made while the program was at work. */
function dieAtWork(file: string, left: string): { file: string; suffix: '-wal' | '-journal' } {
  const db = new Database(file);
  const suffix = db.pragma('journal_mode', { simple: true }) === 'wal' ? '-wal' : '-journal';
  fillTable(db);
  if (suffix === '-wal') {
    db.pragma('wal_checkpoint(TRUNCATE)');
    for (const commit of [1, 2, 3]) db.exec(`UPDATE ${OTHER_TABLE} SET text = '${commit}' || substr(text, 2)`);
  } else {
    // So small a memory that pages go into the file before the end. Of the same length, so that none of them is torn apart.
    db.pragma('cache_size = 5');
    db.exec(`BEGIN; UPDATE ${OTHER_TABLE} SET text = 'half' || substr(text, 5)`);
  }
  for (const end of ['', suffix]) copyFileSync(file + end, left + end);
  db.close();
  return { file: left, suffix };
}

/** In more pages than that small memory holds; ids that nobody else takes. */
function fillTable(db: Database.Database): void {
  const rows = Math.ceil((10 * Number(db.pragma('page_size', { simple: true }))) / 200);
  db.pragma('wal_autocheckpoint = 0');
  db.exec(`CREATE TABLE ${OTHER_TABLE} (id INTEGER PRIMARY KEY, text TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO ${OTHER_TABLE} SELECT -i, printf('%0200d', i) FROM n;`);
}

function flipped(bytes: Buffer, at: number): Buffer {
  const damaged = Buffer.from(bytes);
  damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
  return damaged;
}

// See https://www.sqlite.org/fileformat2.html#the_write_ahead_log
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const frameAt = (log: Buffer, index: number): number =>
  LOG_HEADER_BYTES + index * (FRAME_HEADER_BYTES + log.readUInt32BE(8));

/** For each commit, the frame behind it. */
function commitsOf(log: Buffer): number[] {
  const frames = (log.length - LOG_HEADER_BYTES) / (FRAME_HEADER_BYTES + log.readUInt32BE(8));
  return Array.from({ length: Math.floor(frames) }, (_, index) => index)
    .filter((index) => log.readUInt32BE(frameAt(log, index) + 4) > 0)
    .map((index) => index + 1);
}

// See https://www.sqlite.org/fileformat2.html#the_rollback_journal
const sectorOf = (journal: Buffer): number => journal.readUInt32BE(20);
const pageOf = (journal: Buffer): number => journal.readUInt32BE(24);
const recordBytesOf = (journal: Buffer): number => pageOf(journal) + 8;
