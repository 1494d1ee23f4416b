import { useMantineColorScheme } from '@mantine/core';
import { useEffect } from 'react';
import type { OpenDatabase } from '@shared/channels.ts';
import { CrashNotice } from './components/crash-notice.tsx';
import { FileFolder } from './components/file-folder.ts';
import { LazyPlace } from './components/lazy-part.tsx';
import { EmptyState } from './components/page.tsx';
import { Frame } from './panels/frame/frame.tsx';
import { useShortcuts } from './panels/shortcuts/use-shortcuts.ts';
import { DatabasePage } from './panels/frame/database-page.tsx';
import { HomePanel } from './panels/home/home-panel.tsx';
import { RefusalPanel } from './panels/refusal/refusal-panel.tsx';
import { formatRoute, type Route } from './route.ts';
import { useDatabases } from './stores/databases.ts';
import { useRoute } from './stores/route.ts';
import { isShutOut, useSession } from './stores/session.ts';
import { tellingName } from './words/text.ts';

/** Chooses the page; everything else happens in panels and stores. */
export function App() {
  const route = useRoute((state) => state.route);
  const folder = useDatabases(({ open }) => databaseOf(route, open)?.folder ?? null);
  useStoredColorScheme();
  usePageChange(route);
  useShortcuts();
  if (useSession(isShutOut))
    return (
      <Frame>
        <EmptyState title="Nothing can be shown here">
          <p className="muted">Nothing is being looked at or changed.</p>
        </EmptyState>
      </Frame>
    );
  return (
    <Frame>
      <CrashNotice key={pageKey(route)}>
        {route.page === 'home' && <HomePanel />}
        {route.page === 'refused' && <RefusalPanel />}
        {route.page === 'database' && (
          <LazyPlace>
            <FileFolder value={folder}>
              <DatabasePage route={route} />
            </FileFolder>
          </LazyPlace>
        )}
      </CrashNotice>
    </Frame>
  );
}

/** Each address is a page of its own, but for the tables of the data: their list stays as it is from one to the next. */
const pageKey = (route: Route): string =>
  formatRoute(route.page === 'database' && route.tab === 'data' ? { ...route, detail: null } : route);

const databaseOf = (route: Route, open: readonly OpenDatabase[]): OpenDatabase | undefined =>
  route.page === 'database' ? open.find(({ handle }) => handle === route.handle) : undefined;

/** A new page begins at its top, names itself in the window's title, and takes the focus that its button had. */
function usePageChange(route: Route): void {
  const address = formatRoute(route);
  const name = useDatabases(({ open }) => {
    const database = databaseOf(route, open);
    return database && tellingName(database, open);
  });
  useEffect(() => {
    const main = document.getElementById('main');
    if (document.activeElement === document.body) main?.focus({ preventScroll: true });
    // Before it is painted, but in a task of its own: scrolling lays the whole page out.
    const frame = requestAnimationFrame(() => main?.scrollTo(0, 0));
    return () => cancelAnimationFrame(frame);
  }, [address]);
  useEffect(() => {
    document.title = [...(name === undefined ? [] : [name]), 'Phasewise'].join(' · ');
  }, [name]);
}

/** The host keeps the choice: the browser's own storage changes with the port. */
function useStoredColorScheme(): void {
  const stored = useSession((state) => state.colorScheme);
  const { setColorScheme } = useMantineColorScheme();
  useEffect(() => {
    if (stored !== null) setColorScheme(stored);
  }, [stored, setColorScheme]);
}
