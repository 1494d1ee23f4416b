import path from 'node:path';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import { type Door, reveal } from './door.ts';
import { exportName, freeTarget } from './exports.ts';
import type { OpenEntry } from './databases.ts';
import type { Host } from './host.ts';
import type { Handlers } from './router.ts';
import { nothing, type Browsing } from './browsing.ts';

type BrowseHandlers = Pick<Handlers, Extract<keyof Handlers, `browse:${string}`>>;

/** Answers of the data browser. */
export function browseHandlers(host: Host, door: Door): BrowseHandlers {
  const { browsing } = host;
  const at = async <T>(handle: string, use: (database: OpenEntry) => Promise<Result<T>>): Promise<Result<T>> => {
    const database = host.databases.get(handle);
    return database.ok ? use(database.value) : database;
  };
  /** The process that answers pages first; it answers null instead of loading a large value. */
  const orLoading = async <T>(
    ask: (how: Browsing['ask'], mayLoad: boolean) => Promise<Result<T | null>>,
  ): Promise<Result<T>> => {
    const first = await ask(browsing.ask, false);
    if (!first.ok || first.value !== null) return first as Result<T>;
    return (await ask(browsing.askLoading, true)) as Result<T>;
  };
  return {
    'browse:tables': ({ handle }) => at(handle, (database) => browsing.ask(database, 'browseTables', {})),
    'browse:cost': ({ handle, query }) => at(handle, (database) => browsing.ask(database, 'browseCost', { query })),
    'browse:page': ({ handle, ...asked }) => at(handle, (database) => browsing.ask(database, 'browsePage', asked)),
    'browse:count': ({ handle, query }) => at(handle, (database) => browsing.ask(database, 'browseCount', { query })),
    'browse:record': ({ handle, ...asked }) => at(handle, (database) => browsing.ask(database, 'browseRecord', asked)),
    'browse:cell': ({ handle, asBytes = false, ...asked }) =>
      at(handle, (database) =>
        orLoading((how, mayLoad) => how(database, 'browseCell', { ...asked, asBytes, mayLoad })),
      ),
    'browse:sizes': ({ handle }) => at(handle, (database) => browsing.askAlone(database, 'browseSizes', {})),
    'browse:compare': ({ handle, backupId, ...asked }) =>
      at(handle, async (database) => {
        const backup = await host.backups.find(database, backupId);
        return backup.ok
          ? orLoading((how, mayLoad) =>
              how(database, 'browseCompare', { ...asked, backupPath: backup.value.path, mayLoad }),
            )
          : backup;
      }),
    'browse:layout': ({ handle, table }) => at(handle, async ({ path: file }) => ok(host.layouts.get(file, table))),
    'browse:setLayout': ({ handle, table, layout }) =>
      at(handle, async ({ path: file }) => {
        host.layouts.set(file, table, layout);
        return nothing;
      }),
    'browse:stop': ({ handle }) =>
      at(handle, async (database) => {
        browsing.stop(database);
        return nothing;
      }),
    'browse:export': ({ handle, ...asked }) =>
      at(handle, async (database) => {
        const refused = host.busy.refusal(database.path);
        if (refused) return refused;
        const name = exportName(database, asked.query.table, asked.format);
        const target = door.chooseSaveFile
          ? await door.chooseSaveFile(path.join(database.folder, name), 'Export rows', 'Export')
          : freeTarget(database.folder, name);
        return target === null ? ok(null) : host.exports.start(database, asked, target);
      }),
    'browse:stopExport': ({ handle }) =>
      at(handle, async (database) => {
        host.exports.stop(database);
        return nothing;
      }),
    'browse:revealExport': ({ handle }) =>
      at(handle, async (database) => {
        const file = host.exports.last(database);
        if (file === null) return err(appError('E_NOT_FOUND', 'Nothing has been exported since this was opened.'));
        return reveal(door, file);
      }),
  };
}
