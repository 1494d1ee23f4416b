import path from 'node:path';
import type { Output } from '@shared/channels.ts';
import { errorCode, errorWords } from '@shared/error-code.ts';
import { appError, type AppError, err, ok, type Result } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { placeOn } from './backup-place.ts';
import { defaultBackupFolder, type OpenEntry } from './databases.ts';
import { doesNotAnswer, isUnknown, lookOnDrives } from './drives.ts';
import type { Engines } from './engines.ts';
import { namesOn } from './on-drives.ts';

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
  const found = await filesIn(folder);
  if (!found.ok) return ok([{ path: folder, why: found.error }]);
  const listed = new Set(known.map((record) => record.path));
  const unlisted = found.value.filter((file) => !listed.has(file));
  if (unlisted.length === 0) return ok([]);
  const all = await engines.askAlone(database, 'listBackups', { folders: [folder], databasePath: null }).answer;
  if (!all.ok) return all;
  const others = new Map(all.value.map((record) => [record.path, record]));
  const unusable: Unusable = [];
  for (const file of await manifestFirst(unlisted)) {
    const other = others.get(file);
    const why = unusable.length >= EXPLAINED ? null : other ? ofAnother(other) : await whyNot(engines, file);
    unusable.push({ path: file, why });
  }
  return ok(unusable);
}

/** What has something beside it that describes it is most likely to be a backup. */
async function manifestFirst(files: readonly string[]): Promise<string[]> {
  const having = new Set<string>();
  for (const file of files) if (await isFile(`${file.slice(0, -END.length)}.json`)) having.add(file);
  return files.toSorted((a, b) => Number(having.has(b)) - Number(having.has(a)));
}

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

/** What a person has begun to delete is left out. Error: E_BACKUP_FOLDER, E_TIMEOUT. */
async function filesIn(folder: string): Promise<Result<string[]>> {
  const inside = await namesOn(folder);
  if (isUnknown(inside)) return err(doesNotAnswer(folder));
  if (typeof inside !== 'object') return ok([]);
  if ('cause' in inside) {
    if (errorCode(inside.cause) === 'ENOENT') return ok([]); // no backup was made yet
    const nextStep = 'Make sure that it is a folder which you may read, then look again.';
    const message = `It could not be looked into: ${errorWords(inside.cause)}.`;
    return err(appError('E_BACKUP_FOLDER', message, undefined, { nextStep }));
  }
  const { names } = inside;
  const isLeft = (name: string): boolean => names.includes(`${name.slice(0, -END.length)}.json.removing`);
  const place = path.dirname(await placeOn(path.join(folder, END))); // the same for all of them
  const files: string[] = [];
  for (const name of names.filter((each) => each.endsWith(END) && !isLeft(each))) {
    const file = path.join(place, name);
    // What is no file looks like none; of a name that is not text, nobody can tell.
    if (file.includes('\ufffd') || (await isFile(file))) files.push(file);
  }
  return ok(files);
}

async function isFile(file: string): Promise<boolean> {
  const seen = await lookOnDrives(file, true);
  return typeof seen === 'object' && seen.isFile();
}
