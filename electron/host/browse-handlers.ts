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
  const { ask } = browsing;
  const at = async <T>(handle: string, use: (database: OpenEntry) => Promise<Result<T>>): Promise<Result<T>> => {
    const database = host.databases.get(handle);
    return database.ok ? use(database.value) : database;
  };
  /** The process that answers pages first; it answers null instead of loading a large value. */
  const orLoading = async <T>(
    asking: (how: Browsing['ask'], mayLoad: boolean) => Promise<Result<T | null>>,
  ): Promise<Result<T>> => {
    const first = await asking(ask, false);
    if (!first.ok || first.value !== null) return first as Result<T>;
    return (await asking(browsing.askLoading, true)) as Result<T>;
  };
  return {
    'browse:tables': ({ handle }, asker) => at(handle, (database) => ask(database, 'browseTables', {}, asker)),
    'browse:cost': ({ handle, query }, asker) =>
      at(handle, (database) => ask(database, 'browseCost', { query }, asker)),
    'browse:page': ({ handle, ...asked }, asker) => at(handle, (database) => ask(database, 'browsePage', asked, asker)),
    'browse:count': ({ handle, query }, asker) =>
      at(handle, (database) => ask(database, 'browseCount', { query }, asker)),
    'browse:record': ({ handle, ...asked }, asker) =>
      at(handle, (database) => ask(database, 'browseRecord', asked, asker)),
    'browse:cell': ({ handle, asBytes = false, ...asked }, asker) =>
      at(handle, (database) =>
        orLoading((how, mayLoad) => how(database, 'browseCell', { ...asked, asBytes, mayLoad }, asker)),
      ),
    'browse:sizes': ({ handle }) => at(handle, (database) => browsing.askAlone(database, 'browseSizes', {})),
    'browse:compare': ({ handle, backupId, ...asked }, asker) =>
      at(handle, async (database) => {
        const backup = await host.backups.find(database, backupId);
        return backup.ok
          ? orLoading((how, mayLoad) =>
              how(database, 'browseCompare', { ...asked, backupPath: backup.value.path, mayLoad }, asker),
            )
          : backup;
      }),
    'browse:layout': ({ handle, table }) => at(handle, async ({ path: file }) => ok(host.layouts.get(file, table))),
    'browse:setLayout': ({ handle, table, layout }) =>
      at(handle, async ({ path: file }) => {
        host.layouts.set(file, table, layout);
        return nothing;
      }),
    'browse:stop': ({ handle }, asker) =>
      at(handle, async (database) => {
        browsing.stop(database, asker);
        return nothing;
      }),
    'browse:export': ({ handle, ...asked }) =>
      at(handle, async (database) => {
        const refused = host.busy.refusal(database.path);
        if (refused) return refused;
        const name = exportName(database, asked.query.table, asked.format);
        const target = door.chooseSaveFile
          ? await door.chooseSaveFile(path.join(database.folder, name), 'Export rows', 'Export')
          : await freeTarget(database.folder, name);
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
