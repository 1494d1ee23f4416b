import { onEvent } from '../api.ts';
import { loadBackups, useBackups } from './backups.ts';
import { adopt, forget, loadDatabases, look, reportDeath, useDatabases } from './databases.ts';
import { goTo, useRoute } from './route.ts';
import { loadHistory, loadRun, receiveRun, useRuns } from './runs.ts';
import { loadSession, useSession, watchConnection } from './session.ts';

/** Connects the host's events to the stores. Call once. */
export function listen(): void {
  watchConnection(() => void refreshEverything());
  onEvent('run:changed', receiveRun); // a run's end also sends database:changed
  onEvent('database:changed', ({ handle }) => void refresh(handle));
  onEvent('database:opened', (database) => {
    adopt(database);
    // In Electron this is a double click on a file; in the browser it may be another tab, which must not move this one.
    const isOurs = useDatabases.getState().opening !== null;
    if (!isOurs && useSession.getState().info?.door === 'electron') goTo(database.handle, 'overview');
  });
  onEvent('database:closed', ({ handle }) => forget(handle));
  onEvent('engine:died', ({ handle, error }) => {
    reportDeath(handle, error);
    void loadRun(handle);
  });
}

/** Asks again for everything that is on screen about one database. */
export async function refresh(handle: string): Promise<void> {
  const wanted = [look(handle), loadRun(handle)];
  if (useBackups.getState().byHandle[handle]) wanted.push(loadBackups(handle));
  if (useRuns.getState().history[handle]) wanted.push(loadHistory(handle));
  await Promise.all(wanted);
  await loadDatabases();
}

/** After every connection: a reload or a lost connection may have missed any event. */
async function refreshEverything(): Promise<void> {
  await Promise.all([loadSession(), loadDatabases()]);
  const { route } = useRoute.getState();
  if (route.page === 'database') await refresh(route.handle);
}
