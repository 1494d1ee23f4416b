import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { differingRows } from '../kroma/kept.ts';

interface Found {
  readonly problems: string[];
  /** Backups that hold exactly the source. */
  readonly whole: number;
}

/**
 * A manifest is a promise: where one lies, the backup beside it has the bytes that it names and is a sound database. What
 * has no manifest is no backup, whatever its name.
 * @param before the untouched source: at least one backup must hold it once anything has been changed.
 */
export function backupTruth(folder: string, before: string): Found {
  const manifests = existsSync(folder)
    ? readdirSync(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.check.json'))
    : [];
  let whole = 0;
  const problems = manifests.flatMap((name) => {
    const file = path.join(folder, name.replace(/\.json$/, '.db'));
    if (!existsSync(file)) return [`${name} has no backup beside it`];
    const manifest = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as { sha256: string };
    if (createHash('sha256').update(readFileSync(file)).digest('hex') !== manifest.sha256)
      return [`${name}: the bytes are not those of the manifest`];
    const db = new Database(file, { readonly: true });
    const integrity = db.pragma('integrity_check', { simple: true });
    const isUntouched =
      db.prepare(`SELECT 1 FROM sqlite_schema WHERE name LIKE '!_phasewise!_%' ESCAPE '!'`).get() === undefined;
    db.close();
    if (integrity !== 'ok') return [`${name}: ${String(integrity)}`];
    // A backup of a run that continued holds a half-way state; the first one holds the source.
    const differences = isUntouched ? differingRows(before, file) : [];
    if (isUntouched && differences.length === 0) whole += 1;
    return differences.map((difference) => `${name}: ${difference}`);
  });
  return { problems, whole };
}
