import { create } from 'zustand';
import { formatRoute, parseRoute, type Route, type Tab } from '../route.ts';

/** Where the person is. The location's hash is the truth, so back, forward and reload work by themselves. */
export const useRoute = create<{ route: Route }>(() => ({ route: parseRoute(location.hash) }));

window.addEventListener('hashchange', () => useRoute.setState({ route: parseRoute(location.hash) }));

export function navigate(route: Route, how: 'push' | 'replace' = 'push'): void {
  const hash = formatRoute(route);
  if (how === 'replace') {
    history.replaceState(null, '', hash);
    useRoute.setState({ route: parseRoute(hash) });
  } else if (location.hash !== hash) location.hash = hash;
}

export const goHome = (): void => navigate({ page: 'home' });

export const goTo = (handle: string, tab: Tab, detail: string | null = null): void =>
  navigate({ page: 'database', handle, tab, detail });
