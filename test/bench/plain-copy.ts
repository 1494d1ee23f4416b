import fs from 'node:fs';
import Database from 'better-sqlite3';

/** What a careful person does without us: copies the file, flushes it, and lets SQLite check the copy once. */
const [file = '', copy = ''] = process.argv.slice(2);
fs.copyFileSync(file, copy);
const handle = fs.openSync(copy, 'r+');
fs.fsyncSync(handle);
fs.closeSync(handle);
const db = new Database(copy, { fileMustExist: true });
const answer = db.pragma('integrity_check', { simple: true });
db.close();
if (answer !== 'ok') throw new Error(`integrity_check says ${String(answer)}`);
process.disconnect?.();
