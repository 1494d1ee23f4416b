import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Output } from '@shared/channels.ts';
import { ok, type Result } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { placeOf } from './backup-place.ts';
import { defaultBackupFolder, type OpenEntry } from './databases.ts';
import type { Engines } from './engines.ts';

type Unusable = Output<'backup:list'>['unusable'];

/** Of so many it is found out why. Usually there is one; where there are hundreds, they have one reason. */
const EXPLAINED = 5;

/**
 * Files in the database's folder of backups that no list has: without a manifest, or with one that is damaged or of
 * another name. They are no backups, but not nothing either.
 * @param known those that the list has; where it has all files, nobody is asked.
 */
export async function unusableBackups(
  engines: Engines,
  { path: database }: OpenEntry,
  known: readonly BackupRecord[],
): Promise<Result<Unusable>> {
  const folder = defaultBackupFolder(database);
  const unlisted = without(filesIn(folder), known);
  if (unlisted.length === 0) return ok([]);
  // Good ones of another database are not this list's concern.
  const all = await engines.askAlone(database, 'listBackups', { folders: [folder], databasePath: null }).answer;
  if (!all.ok) return all;
  const unusable: Unusable = [];
  for (const file of without(unlisted, all.value)) {
    const why = unusable.length < EXPLAINED ? await whyNot(engines, file) : null;
    unusable.push({ path: file, why });
  }
  return ok(unusable);
}

function without(files: readonly string[], records: readonly BackupRecord[]): string[] {
  const listed = new Set(records.map((record) => record.path));
  return files.filter((file) => !listed.has(file));
}

/** Its manifest is looked at before anything else, so that this is quick. */
async function whyNot(engines: Engines, file: string): Promise<Unusable[number]['why']> {
  const answer = await engines.askAlone(file, 'verifyBackup', { backupPath: file }).answer;
  return answer.ok ? null : answer.error;
}

/** What a person has begun to delete is left out. */
function filesIn(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return []; // no backup was made yet, or the list has said why not
  }
  return names
    .filter((name) => name.endsWith('.db') && !names.includes(`${name.slice(0, -'.db'.length)}.json.removing`))
    .map((name) => placeOf(path.join(folder, name)));
}
