import { create } from 'zustand';
import { formatRoute, parseRoute, type Route, type Tab } from '../route.ts';

interface Place {
  readonly route: Route;
  /** Tells two steps of the history with the same address apart; null where the address says everything. */
  readonly step: string | null;
}

/** Where the person is. The location's hash is the truth, so back, forward and reload work by themselves. */
export const useRoute = create<Place>(() => here());

const arrive = (): void => useRoute.setState(here());
window.addEventListener('hashchange', arrive);
window.addEventListener('popstate', arrive); // back and forward between steps with the same address

/** @param step kept with this entry of the history, and given back with it. */
export function navigate(route: Route, how: 'push' | 'replace' = 'push', step: string | null = null): void {
  const hash = formatRoute(route);
  if (how === 'push' && step === null) {
    if (location.hash !== hash) location.hash = hash;
    return;
  }
  if (how === 'push') history.pushState(step, '', hash);
  else history.replaceState(step, '', hash);
  useRoute.setState({ route: parseRoute(hash), step });
}

function here(): Place {
  const state: unknown = history.state;
  return { route: parseRoute(location.hash), step: typeof state === 'string' ? state : null };
}

export const goHome = (): void => navigate({ page: 'home' });

export const goTo = (handle: string, tab: Tab, detail: string | null = null): void =>
  navigate({ page: 'database', handle, tab, detail });

/** Where work that took its time leads to: nobody who has gone to something else meanwhile is taken away from it. */
export function goOnTo(handle: string, tab: Tab, detail: string | null = null): void {
  const route = parseRoute(location.hash);
  if (route.page === 'database' && route.handle === handle) goTo(handle, tab, detail);
}
