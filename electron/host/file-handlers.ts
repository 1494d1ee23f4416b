import path from 'node:path';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { SourceCoverage } from '@shared/run.ts';
import type { OpenEntry } from './databases.ts';
import type { Door } from './door.ts';
import { freeTarget } from './exports.ts';
import type { Host } from './host.ts';
import { saveReport } from './report-file.ts';
import type { Handlers } from './router.ts';

/** Answers about files beside a database: those that a phase reads, those taken in, exported issue rows and saved reports. */

type Some<K extends keyof Handlers> = Pick<Handlers, K>;
type Prefixed = Extract<keyof Handlers, `source:${string}` | `ingest:${string}`>;

export function fileHandlers(
  host: Host,
  door: Door,
): Some<Prefixed | 'issues:export' | 'issues:retry' | 'report:save'> {
  const at = host.databases.get;
  const { sources, ingests, looks } = host;
  /** The plan shown goes on with what was chosen now. */
  const planned = (database: OpenEntry, looked: Result<SourceCoverage | null>) => {
    if (looked.ok) looks.sourceChosen(database, looked.value);
    return looked;
  };
  const use = async (database: OpenEntry, folder: string) => planned(database, await sources.use(database, folder));
  return {
    'source:choose': ({ handle }) =>
      withDatabase(at(handle), async (database) => {
        if (!door.chooseFolder) return notHere('folders are chosen with its own picker');
        const folder = await door.chooseFolder('Choose a folder', 'Choose');
        return folder === null ? ok(null) : use(database, folder);
      }),
    'source:use': ({ handle, token }) =>
      withDatabase(at(handle), async (database) => {
        const folder = await resolve(door, token);
        const used = folder.ok ? await use(database, folder.value) : folder;
        if (!used.ok) return used;
        return used.value === null ? notHere('this kind of database reads no files') : ok(used.value);
      }),
    'source:decline': ({ handle, isDeclined }) =>
      withDatabase(at(handle), async (database) => planned(database, await sources.decline(database, isDeclined))),

    'ingest:choose': ({ handle, what }) =>
      withDatabase(at(handle), async (database) => {
        if (!door.chooseFolder || !door.chooseFiles) return notHere('files are chosen with its own picker');
        const folder = what === 'folder' ? await door.chooseFolder('Choose a folder with run logs', 'Look') : null;
        const files = what === 'folder' ? (folder === null ? null : [folder]) : await door.chooseFiles();
        return files === null || files.length === 0 ? ok(null) : ingests.look(database, files);
      }),
    'ingest:use': ({ handle, tokens }) =>
      withDatabase(at(handle), async (database) => {
        const files: string[] = [];
        for (const token of tokens) {
          const file = await resolve(door, token);
          if (!file.ok) return file;
          files.push(file.value);
        }
        return ingests.look(database, files);
      }),
    'ingest:start': ({ handle, ingestId }) => withDatabase(at(handle), (database) => ingests.start(database, ingestId)),

    'issues:export': ({ handle, format }) =>
      withDatabase(at(handle), async (database) => {
        const refused = host.busy.refusal(database.path);
        if (refused) return refused;
        const name = `${path.parse(database.name).name} issue rows.${format}`;
        const target = await freeTarget(database.folder, name);
        return host.busy.refusal(database.path) ?? host.exports.startIssues(database, format, target);
      }),
    'issues:retry': ({ handle }) =>
      withDatabase(at(handle), async (database) => {
        const refused = host.busy.refusal(database.path); // before anything is waited for
        return refused ?? ingests.retry(database, { source: await sources.choiceOf(database) });
      }),

    'report:save': ({ handle, name, text }) =>
      withDatabase(at(handle), async (database) => {
        if (!door.chooseSaveFile) return notHere('the browser saves it');
        const target = await door.chooseSaveFile(path.join(database.folder, name), 'Save report', 'Save');
        return target === null ? ok(null) : saveReport(database, target, text);
      }),
  };
}

const resolve = (door: Door, token: string): Promise<Result<string>> =>
  door.picker ? door.picker.resolve(token) : Promise.resolve(notHere('there is no picker'));

const notHere = (why: string): Result<never> => err(appError('E_BAD_REQUEST', `This is not possible here: ${why}.`));

const withDatabase = async <T>(
  found: Result<OpenEntry>,
  next: (database: OpenEntry) => Promise<Result<T>> | Result<T>,
): Promise<Result<T>> => (found.ok ? next(found.value) : found);
