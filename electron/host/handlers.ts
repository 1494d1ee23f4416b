import { appError, err, ok, type Result } from '@shared/errors.ts';
import { namesAlike } from '@shared/names-alike.ts';
import { appHandlers } from './app-handlers.ts';
import { browseHandlers } from './browse-handlers.ts';
import type { Busy } from './busy.ts';
import { type Databases, defaultBackupFolder, type OpenEntry, publicEntry } from './databases.ts';
import { type Door, reveal } from './door.ts';
import { doesNotAnswer, lookOnDrives } from './drives.ts';
import { closedWhileExporting } from './exports.ts';
import { fileHandlers } from './file-handlers.ts';
import type { Host } from './host.ts';
import { whatAnswers } from './on-drives.ts';
import { printable } from './printable.ts';
import { cutShort } from './readings.ts';
import { askDrivesOf } from './recovery-found.ts';
import type { Handlers } from './router.ts';
import { buildSample } from './samples.ts';
import { gathered } from './slices.ts';
import { sourceOfPlan } from './sources.ts';
import { unreadableJournals } from './works.ts';

/** Answers every call of the channels, for any door. */
export function createHandlers(host: Host, door: Door): Handlers {
  return {
    ...appHandlers(host, door),
    ...placeHandlers(host, door),
    ...databaseHandlers(host, door),
    ...runHandlers(host),
    ...fileHandlers(host, door),
    ...backupHandlers(host, door),
    ...recoveryHandlers(host),
    ...browseHandlers(host, door),
  };
}

/**
 * Gives a file a handle and tells every window. For paths that the person named: a dialog, a drop, an argument.
 * Errors: those of Databases.open; E_TIMEOUT where its drive does not answer: opening waits for the system, and all windows
 * with it.
 */
export const openDatabase = (host: Host, file: string): Promise<Result<OpenEntry>> =>
  then(whatAnswers(file), () => announced(host, host.databases.open(file)));

/** As openDatabase, for a file that was open before: where it is gone, its backups are what matters. */
const reopenDatabase = (host: Host, file: string): Promise<Result<OpenEntry>> =>
  then(whatAnswers(file), () => announced(host, host.databases.openOrMissing(file)));

function announced(host: Host, opened: Result<OpenEntry>): Result<OpenEntry> {
  if (!opened.ok) return opened;
  lookOnDrives.answered(opened.value.path); // just now, and not to whoever keeps count of that
  host.events.emit('database:opened', publicEntry(opened.value));
  return opened;
}

type Some<K extends keyof Handlers> = Pick<Handlers, K>;

function placeHandlers(host: Host, door: Door): Some<'recents:list' | 'recents:remove' | 'files:list'> {
  return {
    'recents:list': async () => ok(await host.recents.list()),
    'recents:remove': ({ recentId }) => {
      host.recents.remove(recentId);
      return ok({});
    },
    'files:list': ({ token }) => door.picker?.list(token) ?? notHere('files are chosen with the system dialog'),
  };
}

function databaseHandlers(
  host: Host,
  door: Door,
): Some<Extract<keyof Handlers, `database:${string}`> | 'plan:make' | 'issues:list'> {
  const open = async (file: Result<string>) => map(await then(file, (named) => openDatabase(host, named)), publicEntry);
  const at = host.databases.get;
  return {
    'database:choose': async () => {
      if (!door.chooseDatabase) return notHere('files are chosen with its own picker');
      const file = await door.chooseDatabase();
      return file === null ? ok(null) : open(ok(file));
    },
    'database:openFile': async ({ token }) =>
      door.picker ? open(await door.picker.resolve(token)) : notHere('there is no picker'),
    'database:openRecent': async ({ recentId }) => {
      const known = host.recents.pathOf(recentId);
      const interrupted = known.ok ? null : await host.recoveries.pathOf(recentId); // one that only the command line has seen
      const file = interrupted === null ? known : ok(interrupted);
      return map(await then(file, (there) => reopenDatabase(host, there)), publicEntry);
    },
    'database:openSample': async () => {
      const built = await buildSample(host.engines, door.documentsFolder);
      const opened = await then(built, (sample) => openDatabase(host, sample.path));
      return map(opened, (entry) => ({ ...publicEntry(entry), path: entry.path }));
    },
    'database:list': () => ok(host.databases.list().map(publicEntry)),
    'database:close': ({ handle, endsExport = false }) => closeDatabase(host, handle, endsExport),
    'database:status': ({ handle }) => then(at(handle), (database) => host.looks.status(database, 'schema')),
    'database:check': ({ handle }, asker) =>
      host.readings.read({ handle, call: 'database:check', asker }, (signal) =>
        then(at(handle), (database) => host.looks.status(database, 'data', signal)),
      ),
    'database:reveal': ({ handle }) => then(at(handle), (database) => reveal(door, database.path)),
    'plan:make': ({ handle, toPhase }) => then(at(handle), (database) => host.looks.plan(database, toPhase)),
    'issues:list': ({ handle, afterId, limit }) =>
      then(
        at(handle),
        ({ path }) => host.busy.refusal(path) ?? host.engines.ask(path, 'listIssues', { path, afterId, limit }),
      ),
  };
}

function runHandlers(host: Host): Some<Extract<keyof Handlers, `run:${string}`>> {
  const at = host.databases.get;
  const control = (handle: string, what: 'pause' | 'resume' | 'cancel') =>
    then(at(handle), () => host.runs.control(handle, what));
  return {
    'run:start': ({ handle, toPhase, fingerprint, confirmation }) =>
      then(at(handle), async (database) => {
        const plan = host.looks.planFor(database, toPhase, fingerprint);
        // A plan from before this host was started is not known here: then the engine refuses what is unconfirmed.
        const isRemovalConfirmed = confirmation !== null && namesAlike(confirmation, database.name);
        if (!isRemovalConfirmed && (plan?.removesAnything === true || confirmation !== null))
          return err(
            appError('E_CONFIRMATION', `What was typed is not ${printable(database.name)}. Nothing was started.`),
          );
        // Before anything is waited for: what was asked while something ran must not begin when that has ended.
        const refused = host.busy.refusal(database.path);
        if (refused) return refused;
        const folder = plan ? ok(plan.backupFolder) : await host.looks.backupFolderFor(database);
        if (!folder.ok) return folder;
        const source = plan ? sourceOfPlan(plan) : await host.sources.choiceOf(database);
        await askDrivesOf(host.dataFolder, database.path); // what it goes on from is found at once
        const request = { toPhase, fingerprint, plan, backupFolder: folder.value, source, isRemovalConfirmed };
        return map(host.runs.start(database, request), (run) => run.snapshot);
      }),
    'run:get': ({ handle }) => map(at(handle), () => host.runs.get(handle)),
    'run:pause': ({ handle }) => control(handle, 'pause'),
    'run:resume': ({ handle }) => control(handle, 'resume'),
    'run:cancel': ({ handle }) => control(handle, 'cancel'),
    'run:history': ({ handle }) =>
      then(at(handle), async (database) => ok(await gathered(host.runs.reports(database)))),
  };
}

function backupHandlers(
  host: Host,
  door: Door,
): Some<Extract<keyof Handlers, `backup:${string}` | `work:${string}` | `reading:${string}`>> {
  const { backups, busy, databases } = host;
  const [lookedAt, free, known] = [reachable(databases), isFree(databases, busy), notSilent(databases)];
  return {
    'backup:list': ({ handle }) => then(lookedAt(handle), (database) => backups.list(database)),
    'backup:create': ({ handle }) => then(known(handle), (database) => backups.create(database)),
    'backup:verify': ({ handle, backupId }, asker) =>
      host.readings.read({ handle, call: 'backup:verify', asker }, (signal) =>
        then(lookedAt(handle), (database) => backups.verify(database, backupId, signal)),
      ),
    'backup:restore': ({ handle, backupId, confirmation, isUndo = false }) =>
      then(free(handle), (database) => backups.restore(database, backupId, confirmation, isUndo)),
    'backup:remove': ({ handle, backupId, confirmation }) =>
      then(known(handle), (database) => backups.remove(database, backupId, confirmation)),
    'backup:tidy': ({ handle, keep, isTrial, shown = [] }) =>
      then(known(handle), (database) => backups.tidy(database, keep, isTrial, isTrial ? undefined : shown)),
    'backup:putBack': ({ handle, confirmation, shown }) =>
      then(free(handle), (database) => backups.putBack(database, confirmation, shown)),
    'work:get': ({ handle }) => map(databases.get(handle), (database) => host.ongoing.get(database)),
    'work:cancel': ({ handle }) => then(databases.get(handle), (database) => host.ongoing.cancel(database)),
    'reading:stop': ({ handle, call }, asker) =>
      map(databases.get(handle), () => {
        host.readings.stop({ handle, call, asker });
        return {};
      }),
    'backup:reveal': ({ handle, backupId, isPlace = false }) =>
      then(lookedAt(handle), async (database) => {
        if (backupId === null) return reveal(door, defaultBackupFolder(database.path));
        const found = await backups.find(database, backupId);
        return then(found, ({ folder, path }) => reveal(door, isPlace ? folder : path));
      }),
  };
}

function recoveryHandlers({
  busy,
  dataFolder,
  databases,
  events,
  looks,
  readings,
  recoveries,
}: Host): Some<Extract<keyof Handlers, `recovery:${string}`>> {
  const [lookedAt, free] = [reachable(databases), isFree(databases, busy)];
  return {
    'recovery:list': async () => ok(await recoveries.list()),
    'recovery:get': ({ handle }, asker) =>
      readings.read({ handle, call: 'recovery:get', asker }, (signal) =>
        then(lookedAt(handle), async (database) => {
          const last = looks.last(database);
          const say = (now: string | null): void => events.emit('recovery:looking', { handle, now });
          const onLook = (now: string): void => (signal.aborted ? undefined : say(now));
          const asked = recoveries.get(database, { ...(last === null ? {} : { known: ok(last) }), onLook, signal });
          const found = await asked.finally(() => say(null));
          if (signal.aborted) return cutShort(); // not "nothing is unfinished"
          if (lookOnDrives.isSilent(database.path)) return err(doesNotAnswer(database.path)); // since then: nor that
          const unreadable = found === null ? unreadableJournals(dataFolder, database.path) : null;
          return unreadable ? err(unreadable) : ok(found);
        }),
      ),
    'recovery:stay': ({ handle, runId }) => then(free(handle), (database) => recoveries.stay(database, runId)),
    'recovery:check': ({ handle }, asker) =>
      readings.read({ handle, call: 'recovery:check', asker }, (signal) =>
        then(lookedAt(handle), (database) => recoveries.check(database, signal)),
      ),
    'recovery:finish': ({ handle }) => then(free(handle), (database) => recoveries.finish(database)),
  };
}

/**
 * A running upgrade keeps its database open: closing must not hide it. An export would be ended by it, and the page be gone
 * that tells of that. @param endsExport a person was told so.
 */
function closeDatabase(host: Host, handle: string, endsExport: boolean): Result<Record<string, never>> {
  const found = host.databases.get(handle);
  if (!found.ok) return found;
  const refused = host.busy.refusal(found.value.path);
  if (refused) return refused;
  if (host.exports.isWriting(found.value) && !endsExport) return err(closedWhileExporting());
  host.exports.stop(found.value);
  host.databases.close(handle);
  host.engines.release(found.value.path);
  host.browsing.release(found.value.path);
  host.looks.forget(found.value);
  host.events.emit('database:closed', { handle });
  return ok({});
}

/** As `get`, for what looks beside the file here and not in an engine: on a drive that hangs nobody could tell. */
const reachable =
  (databases: Databases) =>
  async (handle: string): Promise<Result<OpenEntry>> => {
    const found = databases.get(handle);
    if (!found.ok) return found;
    const there = await whatAnswers(found.value.path);
    return there.ok ? databases.get(handle) : there;
  };

/**
 * The same for what looks there before it takes the file: what was asked while something else ran must not begin when that
 * has ended.
 */
const isFree =
  (databases: Databases, busy: Pick<Busy, 'refusal'>) =>
  async (handle: string): Promise<Result<OpenEntry>> => {
    const found = databases.get(handle);
    return (found.ok ? busy.refusal(found.value.path) : null) ?? reachable(databases)(handle);
  };

/** The same for what takes the file before anything is waited for: by what was seen last. */
const notSilent =
  (databases: Databases) =>
  (handle: string): Result<OpenEntry> => {
    const found = databases.get(handle);
    return found.ok && lookOnDrives.isSilent(found.value.path) ? err(doesNotAnswer(found.value.path)) : found;
  };

const notHere = (why: string): Result<never> => err(appError('E_BAD_REQUEST', `This is not possible here: ${why}.`));

const map = <T, U>(result: Result<T>, change: (value: T) => U): Result<U> =>
  result.ok ? ok(change(result.value)) : result;

const then = async <T, U>(
  result: Result<T> | Promise<Result<T>>,
  next: (value: T) => Promise<Result<U>> | Result<U>,
): Promise<Result<U>> => {
  const given = result instanceof Promise ? await result : result; // what is known goes on at once
  return given.ok ? next(given.value) : given;
};
