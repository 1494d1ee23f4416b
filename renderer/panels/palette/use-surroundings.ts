import { useEffect, useMemo } from 'react';
import type { DatabaseStatus } from '@shared/status.ts';
import { loadBackups, useBackups } from '../../stores/backups.ts';
import { loadTables, useBrowse } from '../../stores/browse.ts';
import { useDatabases } from '../../stores/databases.ts';
import { useRoute } from '../../stores/route.ts';
import { isActive, useRuns } from '../../stores/runs.ts';
import type { Surroundings } from './palette-items.ts';

/** What the palette can lead to from here. */
export function useSurroundings(): Surroundings {
  const route = useRoute((state) => state.route);
  const handle = route.page === 'database' ? route.handle : '';
  const open = useDatabases((state) => state.open);
  const view = useDatabases((state) => state.views[handle]);
  const browsed = useBrowse((state) => state.byHandle[handle]?.tables);
  const list = useBackups((state) => state.byHandle[handle]?.list);
  const isRunning = useRuns((state) => isActive(state.byHandle[handle]));
  const status = view?.status ?? null;
  const isRefused = status === null && view?.error !== null && view?.error !== undefined;
  useEffect(() => {
    if (handle === '') return;
    if (useBackups.getState().byHandle[handle] === undefined) void loadBackups(handle);
    // The status names the tables too; opening the file for browsing would be more than anybody asked for.
    if (isRefused && useBrowse.getState().byHandle[handle] === undefined) void loadTables(handle);
  }, [handle, isRefused]);
  return useMemo(
    () => ({
      ...{ route, open, status, isRunning },
      tables: browsed?.map(({ name }) => name) ?? (status ? tablesOf(status) : []),
      backups: list?.backups ?? [],
    }),
    [route, open, status, isRunning, browsed, list],
  );
}

/** Those that are in the file, by the names that they have now. */
const tablesOf = ({ tables }: DatabaseStatus): string[] =>
  tables.filter(({ state }) => state !== 'missing').map(({ name, presentName }) => presentName ?? name);
