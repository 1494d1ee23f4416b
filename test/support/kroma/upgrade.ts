import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { createControl } from '@engine/control.ts';
import { runUpgrade, type RunDependencies, type RunInput } from '@engine/run.ts';
import type { RunReport } from '@shared/run.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import type { FoundIssue } from '../oracle/compare.ts';
import { readTables, type Row, type Tables } from '../oracle/rows.ts';

/** Folders of one database's upgrade, beside the database. */
export const foldersOf = (file: string): { backupFolder: string; lockFolder: string } => {
  const folders = { backupFolder: `${file}-backups`, lockFolder: path.join(path.dirname(file), 'locks') };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  return folders;
};

/** Upgrades the file with the real engine inside this process; without run logs unless a source is given. */
export function upgradeHere(
  file: string,
  more: Partial<RunDependencies> = {},
  input: Partial<RunInput> = {},
): Promise<RunReport> {
  return runUpgrade(
    {
      path: file,
      toPhase: null,
      fingerprint: null,
      ...foldersOf(file),
      runId: randomUUID(),
      appVersion: '0.0.0-test',
      source: { kind: 'none' },
      ...input,
    },
    { packs: [kroma], emit: () => {}, control: createControl(), ...more },
  );
}

/** A finished file as rows: the person's tables, the issue rows, the accounts. */
export interface Upgraded {
  readonly tables: Tables;
  readonly issues: FoundIssue[];
  readonly accounts: Row[];
  readonly applied: string[];
}

export function readUpgraded(file: string): Upgraded {
  return withDatabase(file, (db) => ({
    tables: readTables(db),
    issues: db
      .prepare<[], Row>(`SELECT source_table, source_key, reason, is_placed FROM _phasewise_quarantine ORDER BY id`)
      .safeIntegers()
      .all()
      .map((row) => ({
        table: String(row['source_table']),
        key: row['source_key'] ?? null,
        reason: String(row['reason']),
        isPlaced: row['is_placed'] === 1n,
      })),
    accounts: db.prepare<[], Row>(`SELECT * FROM _phasewise_backfills ORDER BY id`).all(),
    applied: db.prepare<[], string>(`SELECT id FROM _phasewise_migrations ORDER BY id`).pluck().all(),
  }));
}

export const readSource = (file: string): Tables => withDatabase(file, readTables);

export function withDatabase<T>(file: string, use: (db: Database.Database) => T): T {
  const db = new Database(file, { readonly: true });
  try {
    return use(db);
  } finally {
    db.close();
  }
}
