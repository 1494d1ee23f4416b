import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { sha256Of, type Sandbox } from '../sandbox.ts';
import { lookAtBackup, scratchOf } from './content.ts';

export interface FoundBackup {
  readonly name: string;
  readonly file: string;
  readonly reason: string;
  readonly content: string | null;
}

/**
 * Backup truth: where a manifest lies, the backup beside it has the bytes that it names and is a sound database. What
 * has no manifest is no backup, whatever its name.
 * @param mayBeUnsound also backups of databases that were not sound themselves.
 */
export function backupTruth(sandbox: Sandbox): { problems: string[]; backups: FoundBackup[] } {
  const problems: string[] = [];
  const backups: FoundBackup[] = [];
  for (const name of manifestNames(sandbox.backupFolder)) {
    const file = path.join(sandbox.backupFolder, name.replace(/\.json$/, '.db'));
    const manifest = parse(path.join(sandbox.backupFolder, name));
    if (manifest === undefined) problems.push(`${name} cannot be read`);
    else if (!existsSync(file)) problems.push(`${name} has no backup beside it`);
    else if (sha256Of(file) !== manifest.sha256) problems.push(`${name}: the bytes are not those of the manifest`);
    else {
      const { integrity, content } = lookAtBackup(file, `${scratchOf(sandbox)}-backup`);
      if (integrity !== 'ok') problems.push(`${name}: ${integrity}`);
      backups.push({ name, file, reason: manifest.reason, content });
    }
  }
  return { problems, backups };
}

const manifestNames = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.check.json'))
    : [];

function parse(file: string): { sha256: string; reason: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { sha256: string; reason: string };
  } catch {
    return undefined;
  }
}
