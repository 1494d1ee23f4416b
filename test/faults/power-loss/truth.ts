import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { fingerprint } from '../oracles/content.ts';
import type { Content, Image } from './image.ts';

/** The backups of an image, judged in memory; every different file is hashed and read once. */
export interface BackupJudge {
  /** @param promised backups whose existence was acknowledged: path below the root, and SHA-256. */
  judge(image: Image, folder: string, promised: ReadonlyMap<string, string>): FoundBackups;
}

export interface FoundBackups {
  readonly problems: readonly string[];
  /** Fingerprints of what the listed backups hold. */
  readonly contents: ReadonlySet<string>;
}

export function createBackupJudge(scratchFolder: string): BackupJudge {
  mkdirSync(scratchFolder, { recursive: true });
  const scratch = path.join(scratchFolder, 'backup.db');
  const hashes = new Map<string, string>();
  const contents = new Map<string, string | null>();
  const manifests = new Map<string, { sha256: string } | null>();
  const cached = <T>(cache: Map<string, T>, key: string, make: () => T): T => {
    const known = cache.get(key);
    if (known !== undefined) return known;
    const made = make();
    cache.set(key, made);
    return made;
  };
  const sha256 = ({ bytes, sha }: Content): string =>
    cached(hashes, sha, () => createHash('sha256').update(bytes).digest('hex'));

  return {
    judge(image, folder, promised) {
      const problems: string[] = [];
      const found = new Set<string>();
      for (const [name, manifest] of image.files) {
        if (!name.startsWith(`${folder}/`) || !name.endsWith('.json') || name.endsWith('.check.json')) continue;
        const said = cached(manifests, manifest.sha, () => parse(manifest.bytes));
        const backup = image.files.get(name.replace(/\.json$/, '.db'));
        if (said === null) problems.push(`the manifest ${name} cannot be read`);
        else if (backup === undefined) problems.push(`${name} has no backup beside it`);
        else if (sha256(backup) !== said.sha256) problems.push(`${name}: the bytes are not those of the manifest`);
        else {
          const content = cached(contents, backup.sha, () => contentOf(backup.bytes, scratch));
          if (content === null) problems.push(`${name}: the backup is no sound database`);
          else found.add(content);
        }
      }
      for (const [name, wanted] of promised) {
        const backup = image.files.get(name);
        if (backup === undefined || !image.files.has(name.replace(/\.db$/, '.json')))
          problems.push(`the backup ${name} was acknowledged and is gone`);
        else if (sha256(backup) !== wanted) problems.push(`the backup ${name} is not the one that was acknowledged`);
      }
      return { problems, contents: found };
    },
  };
}

function parse(bytes: Buffer): { sha256: string } | null {
  try {
    const manifest = JSON.parse(bytes.toString()) as { sha256?: unknown };
    return typeof manifest.sha256 === 'string' ? { sha256: manifest.sha256 } : null;
  } catch {
    return null;
  }
}

function contentOf(bytes: Buffer, scratch: string): string | null {
  for (const end of ['', '-journal', '-wal', '-shm']) rmSync(scratch + end, { force: true });
  writeFileSync(scratch, bytes);
  const db = new Database(scratch, { fileMustExist: true });
  try {
    const lines = db.prepare<[], string>('PRAGMA integrity_check(20)').pluck().all();
    return lines.every((line) => line === 'ok' || isAboutRows(line)) ? fingerprint(db) : null;
  } catch {
    return null;
  } finally {
    db.close();
  }
}

/** Rows that break a rule of their own table: old data, which is no damage of the file. */
export const isAboutRows = (line: string): boolean =>
  /^(NULL value in |CHECK constraint failed in |NUMERIC value in |TEXT value in |non-[A-Z]+ value in )/.test(line);
