// Somebody else's program: opens a database, keeps it open, commits a row now and then, and closes it after a while.
// A process of its own, because SQLite's locks do not tell two connections of one process apart, and because the engine
// takes the process that has started it for its host.
'use strict';
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const Database = require('better-sqlite3');

const EACH_MS = 25;

let row = 1_000_000; // no other row of the harness has such an id
let visit = newVisit('', '', 0);

function newVisit(file, table, staysMs) {
  return { file, table, staysMs, until: Infinity, did: { acknowledged: [], removed: [], strayed: [] } };
}

/** What was beside the file, and is no more once `act` is over. */
function noting(act) {
  const before = sidecars();
  act();
  const after = sidecars();
  visit.did.removed.push(...before.filter((sha256) => !after.includes(sha256)));
}

const sidecars = () =>
  ['-wal', '-journal'].flatMap((suffix) => {
    try {
      return createHash('sha256')
        .update(fs.readFileSync(visit.file + suffix))
        .digest('hex');
    } catch {
      return [];
    }
  });

/** What is no database now may be one a moment later; one that is busy stays open. */
function act() {
  try {
    if (visit.db === undefined && !isDatabase()) return;
    if (visit.db === undefined) open();
    visit.db.prepare(`INSERT INTO ${visit.table} (id) VALUES (?)`).run((row += 1));
    visit.did.acknowledged.push(row);
    if (fs.statSync(visit.file, { throwIfNoEntry: false })?.ino !== visit.ino) visit.did.strayed.push(row);
  } catch (error) {
    if (error.code !== 'SQLITE_BUSY') close();
  }
}

/** SQLite would begin one in an empty file, and remove a log from beside what is none. */
function isDatabase() {
  const handle = fs.openSync(visit.file, 'r');
  try {
    const first = Buffer.alloc(16);
    fs.readSync(handle, first);
    return first.toString('latin1') === 'SQLite format 3\0';
  } finally {
    fs.closeSync(handle);
  }
}

function open() {
  noting(() => {
    visit.db = new Database(visit.file, { fileMustExist: true, timeout: 0 });
    visit.ino = fs.statSync(visit.file).ino;
    visit.db.pragma('synchronous = FULL');
    visit.db.exec(`CREATE TABLE IF NOT EXISTS ${visit.table} (id INTEGER PRIMARY KEY)`);
  });
  visit.until = Math.min(visit.until, Date.now() + visit.staysMs);
}

function close() {
  noting(() => visit.db?.close());
  visit.db = undefined;
}

let timer;
const stop = () => {
  clearInterval(timer);
  close();
};

process.on('message', ({ come, table, staysMs }) => {
  stop();
  if (come === undefined) return process.send(visit.did);
  visit = newVisit(come, table, staysMs);
  act();
  timer = setInterval(() => (Date.now() < visit.until ? act() : stop()), EACH_MS);
  process.send(visit.did);
});
process.on('disconnect', () => process.exit());
