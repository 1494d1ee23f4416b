/** A fault put into our own code on purpose, to see that a test notices. Text as it stands in the source, so that it ages loudly. */
export interface Seed {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The smallest part of the tests that must turn red. */
  readonly caughtBy: PowerCut | Spec;
}

export interface Edit {
  /** From the repository's root. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** Power cuts through one flow on one database. */
export interface PowerCut {
  readonly kind: 'power';
  readonly flow: string;
  readonly database: string;
}

/** A file of specs. */
export interface Spec {
  readonly kind: 'spec';
  readonly file: string;
}

const power = (flow: string, database: string): PowerCut => ({ kind: 'power', flow, database });
const spec = (file: string): Spec => ({ kind: 'spec', file: `test/unit/${file}.spec.ts` });
const one = (file: string, find: string, replace: string): readonly Edit[] => [
  { file: `electron/${file}`, find, replace },
];

/** For each guard that keeps a promise, what is left when it is gone. */
export const seeds: readonly Seed[] = [
  {
    name: 'copies of files are not flushed',
    edits: one(
      'engine/fsync.ts',
      `  const handle = fs.openSync(file, 'r+');\n  try {\n    fs.fsyncSync(handle);`,
      `  const handle = fs.openSync(file, 'r+');\n  try {`,
    ),
    caughtBy: power('restore-by-file', 'kroma-wal'),
  },
  {
    name: 'folders are not flushed',
    edits: one(
      'engine/fsync.ts',
      `    handle = fs.openSync(folder, 'r');\n    fs.fsyncSync(handle);`,
      `    handle = fs.openSync(folder, 'r');`,
    ),
    caughtBy: power('backup', 'shop'),
  },
  {
    name: 'the folder is not flushed after a backup is renamed',
    edits: one('engine/backup.ts', `const isFolderFlushed = fsyncFolder(folder);`, `const isFolderFlushed = true;`),
    caughtBy: power('backup', 'shop'),
  },
  {
    name: 'a manifest is not flushed',
    edits: one(
      'engine/fsync.ts',
      `      fs.writeFileSync(handle, text);\n      fs.fsyncSync(handle);`,
      `      fs.writeFileSync(handle, text);`,
    ),
    caughtBy: power('backup', 'shop'),
  },
  {
    name: 'a manifest is written before its backup has its name',
    edits: [
      ...one('engine/backup.ts', `  renameWithRetry(partial, file);\n`, ''),
      ...one('engine/backup.ts', `sizeBytes: fs.statSync(file).size,`, `sizeBytes: fs.statSync(partial).size,`),
      ...one(
        'engine/backup.ts',
        `  probe?.('listed', file);`,
        `  renameWithRetry(partial, file);\n  fsyncFolder(folder);`,
      ),
    ],
    caughtBy: power('backup', 'shop'),
  },
  {
    name: 'commits are not flushed (synchronous NORMAL)',
    edits: one('engine/connection.ts', `isWal(db) ? 2 : 3`, `isWal(db) ? 1 : 1`),
    caughtBy: power('upgrade', 'shop-wal'),
  },
  {
    // The exclusive lock keeps the journal's name, and with it this guard idle: to see that EXTRA matters, it has to go, too.
    name: 'the folder is not flushed after a commit (synchronous FULL in rollback mode)',
    edits: [
      ...one('engine/connection.ts', `isWal(db) ? 2 : 3`, `isWal(db) ? 2 : 2`),
      ...one(
        'engine/lock.ts',
        `db = openEngine(file, { locking: 'exclusive', timeoutMs: 0 });`,
        `db = openEngine(file, { timeoutMs: 0 });`,
      ),
    ],
    caughtBy: power('upgrade', 'shop'),
  },
  {
    name: 'the record is written outside of the transaction',
    edits: one(
      'engine/apply.ts',
      `  recordApplied(db, pack, migration,`,
      `  db.exec('COMMIT; BEGIN IMMEDIATE');\n  recordApplied(db, pack, migration,`,
    ),
    caughtBy: power('upgrade', 'shop'),
  },
  {
    name: 'the cursor is moved outside of the chunk transaction',
    edits: one(
      'engine/backfill.ts',
      `  if (!db.inTransaction) throw new Error('the chunk ended the transaction it was given');`,
      `  db.exec('COMMIT; BEGIN IMMEDIATE');`,
    ),
    caughtBy: power('upgrade', 'shop'),
  },
  {
    name: 'no intent is written before a file is replaced',
    edits: one('engine/restore-file.ts', `    writeIntent(target, intent);`, ''),
    caughtBy: spec('engine/restore-guards'),
  },
  {
    name: 'a stale write-ahead log stays beside the restored file',
    edits: one('engine/restore-file.ts', `    moveSidecars(target, intent);`, ''),
    caughtBy: power('restore-by-file', 'kroma-wal'),
  },
  {
    name: 'what a restore replaces goes to one and the same folder',
    edits: [
      ...one(
        'engine/raw-copy.ts',
        `replacedPrefix(path.basename(target)) + filling.slice(-6));`,
        `replacedPrefix(path.basename(target)) + 'always');`,
      ),
    ],
    caughtBy: power('restore-by-file', 'kroma'),
  },
  {
    name: 'what a restore replaces is not kept',
    edits: one('engine/restore-stage.ts', `    kept = keepOldFile(target, raw);`, ''),
    caughtBy: power('restore-by-file', 'kroma'),
  },
  {
    name: 'a line of the run journal is not flushed',
    edits: one(
      'host/run-journal.ts',
      `      doingOwn(file, () => fsyncSync(descriptor));\n      if (line.type === 'ended')`,
      `      if (line.type === 'ended')`,
    ),
    caughtBy: power('run journal', '-'),
  },
  {
    name: 'the promise of the backup is trusted',
    edits: one(
      'engine/backup.ts',
      `if (!(result.totalPages > 0 && result.remainingPages === 0))`,
      `if (result === undefined)`,
    ),
    caughtBy: spec('engine/backup-promise'),
  },
  {
    name: 'the copy of a restore is trusted',
    edits: [
      ...one(
        'engine/restore-in-place.ts',
        `if (!(totalPages > 0 && remainingPages === 0))`,
        `if (totalPages < 0 && remainingPages < 0)`,
      ),
      // The second look, at the file itself.
      ...one(
        'engine/restore-in-place.ts',
        `if (!prepared.isCopied) throw coded('E_DB_IN_USE'`,
        `if (state === undefined) throw coded('E_DB_IN_USE'`,
      ),
    ],
    caughtBy: spec('engine/restore-guards'),
  },
  {
    name: 'a damaged file is overwritten whoever wrote to it since its bytes were kept',
    edits: one(
      'engine/restore-over-damage.ts',
      `if (isUnchanged(found, identify(target)) && (log?.size ?? 0) === 0) return lock;`,
      `if (found.sizeBytes >= 0 && (log?.size ?? 0) >= 0) return lock;`,
    ),
    caughtBy: spec('engine/restore-over-damage'),
  },
  {
    name: 'a backup is not compared with the original',
    edits: one(
      'engine/backup.ts',
      `if (!isEqual) throw unverified(`,
      `if (tables.length < 0 && !isEqual) throw unverified(`,
    ),
    caughtBy: spec('engine/backup-promise'),
  },
  {
    name: 'the trial restore of a backup is not read again',
    edits: one('engine/backup.ts', `if (sha256File(scratch) !== sha256)`, `if (sha256 === '')`),
    caughtBy: spec('engine/backup-promise'),
  },
  {
    name: 'unfinished backups are not swept',
    edits: one('engine/backup-folder.ts', `now - stats.mtimeMs > UNFINISHED_MS`, `now - stats.mtimeMs > Infinity`),
    caughtBy: spec('engine/backup'),
  },
  {
    name: 'the rows of other tables are not counted',
    edits: one(
      'engine/census.ts',
      `  const grows = new Set([...migration.effect.grows`,
      `  if (pack.migrations.length > 0) return;\n  const grows = new Set([...migration.effect.grows`,
    ),
    caughtBy: spec('engine/run-taken-back'),
  },
  {
    name: 'foreign keys stay on',
    edits: [
      ...one('engine/connection.ts', `    must(db, 'foreign_keys', 0);`, `    must(db, 'foreign_keys', 1);`),
      ...one(
        'engine/session.ts',
        `db.inTransaction || db.pragma('foreign_keys', { simple: true }) !== 0`,
        `db.inTransaction`,
      ),
    ],
    caughtBy: spec('engine/guards'),
  },
  {
    name: 'the record is not read back',
    edits: one('engine/ledger.ts', `  assertRecorded(db, pack, migration);\n}`, `}`),
    caughtBy: spec('engine/guards'),
  },
  {
    name: 'rows that a chunk skipped are not missed',
    edits: one('engine/backfill.ts', `if (!isWhole || moved + alreadyRight + issueRows !== count)`, `if (!isWhole)`),
    caughtBy: spec('engine/run-taken-back'),
  },
  {
    name: 'settings are not read back',
    edits: one(
      'engine/connection.ts',
      `  if (String(found) === String(value)) return;`,
      `  if (found !== null) return;`,
    ),
    caughtBy: spec('engine/guards'),
  },
  {
    name: 'a commit that failed is tried again',
    edits: one(
      'engine/session.ts',
      `    db.exec('COMMIT');\n    return result;`,
      `    try {\n      db.exec('COMMIT');\n    } catch {\n      db.exec('COMMIT');\n    }\n    return result;`,
    ),
    caughtBy: spec('engine/guards'),
  },
  {
    name: 'the lock lets others in',
    edits: [
      ...one(
        'engine/lock.ts',
        `db = openEngine(file, { locking: 'exclusive', timeoutMs: 0 });`,
        `db = openEngine(file, { timeoutMs: 0 });`,
      ),
    ],
    caughtBy: spec('engine/run'),
  },
  {
    name: 'nothing is verified at the end of a step',
    edits: one('engine/apply.ts', `  if (findings.length === 0) return;`, `  if (findings.length >= 0) return;`),
    caughtBy: spec('engine/run-taken-back'),
  },
  {
    name: 'the verdict is not asked for',
    edits: one(
      'host/verdict.ts',
      `  if (error) return { ...report, finishedAt, checks: all, ok: false, verified: false, error };\n`,
      '',
    ),
    caughtBy: spec('host/runs'),
  },
  {
    name: 'the verdict does not compare with the backup',
    edits: one('engine/verify.ts', `checks.push(backupCheck, keptSince(db, pack, backupPath));`, ''),
    caughtBy: spec('engine/verify'),
  },
];
