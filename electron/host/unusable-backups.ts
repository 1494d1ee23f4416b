import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Output } from '@shared/channels.ts';
import { errorCode, errorWords } from '@shared/error-code.ts';
import { appError, type AppError, err, ok, type Result } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { placeOf } from './backup-place.ts';
import { defaultBackupFolder, type OpenEntry } from './databases.ts';
import type { Engines } from './engines.ts';
import { statsOf } from './stats.ts';

type Unusable = Output<'backup:list'>['unusable'];

/** Of so many it is found out why. Usually there is one; where there are hundreds, they have one reason. */
const EXPLAINED = 5;
const END = '.db';

/**
 * Files in the database's folder of backups that its list has not: without a manifest, with one that is damaged or of
 * another name, or of a database that is still at another place. None of its backups, but not nothing either.
 * @param known those that the list has; where it has all files, nobody is asked.
 */
export async function unusableBackups(
  engines: Engines,
  { path: database }: OpenEntry,
  known: readonly BackupRecord[],
): Promise<Result<Unusable>> {
  const folder = defaultBackupFolder(database);
  const found = filesIn(folder);
  if (!found.ok) return ok([{ path: folder, why: found.error }]);
  const listed = new Set(known.map((record) => record.path));
  const unlisted = found.value.filter((file) => !listed.has(file));
  if (unlisted.length === 0) return ok([]);
  const all = await engines.askAlone(database, 'listBackups', { folders: [folder], databasePath: null }).answer;
  if (!all.ok) return all;
  const others = new Map(all.value.map((record) => [record.path, record]));
  const unusable: Unusable = [];
  for (const file of unlisted.toSorted(byManifest)) {
    const other = others.get(file);
    const why = unusable.length >= EXPLAINED ? null : other ? ofAnother(other) : await whyNot(engines, file);
    unusable.push({ path: file, why });
  }
  return ok(unusable);
}

/** What has something beside it that describes it is most likely to be a backup. */
const byManifest = (a: string, b: string): number => Number(hasManifest(b)) - Number(hasManifest(a));
const hasManifest = (file: string): boolean => statsOf(`${file.slice(0, -END.length)}.json`)?.isFile() === true;

const ofAnother = ({ databasePath }: BackupRecord): AppError =>
  appError(
    'E_BACKUP_FOREIGN',
    `It was made of ${databasePath}, which is another file.`,
    { madeOf: databasePath },
    {
      nextStep: 'If this database is a copy of that one, it can be restored by naming it on the command line.',
    },
  );

/** Its manifest is looked at before anything else, so that this is quick. */
async function whyNot(engines: Engines, file: string): Promise<Unusable[number]['why']> {
  if (file.includes('\ufffd')) return null; // its name is not text, so that nobody can be asked about it
  const answer = await engines.askAlone(file, 'verifyBackup', { backupPath: file }).answer;
  return answer.ok ? null : answer.error;
}

/** What a person has begun to delete is left out. */
function filesIn(folder: string): Result<string[]> {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ok([]); // no backup was made yet
    const nextStep = 'Make sure that it is a folder which you may read, then look again.';
    return err(
      appError('E_BACKUP_FOLDER', `It could not be looked into: ${errorWords(error)}.`, undefined, { nextStep }),
    );
  }
  const isLeft = (name: string): boolean => names.includes(`${name.slice(0, -END.length)}.json.removing`);
  const files = names.filter((name) => name.endsWith(END) && !isLeft(name)).map((name) => path.join(folder, name));
  // What is no file looks like none; of a name that is not text, nobody can tell.
  return ok(files.filter((file) => file.includes('\ufffd') || statsOf(file)?.isFile() === true).map(placeOf));
}
