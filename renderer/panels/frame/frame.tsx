import type { ReactNode } from 'react';
import { DropZone } from '../../components/drop-zone.tsx';
import { dropFile } from '../../stores/databases.ts';
import { useRoute } from '../../stores/route.ts';
import { useSession } from '../../stores/session.ts';
import { ConnectionBanner } from './connection-banner.tsx';
import { DatabaseList } from './database-list.tsx';
import { Dialogs } from './dialogs.tsx';
import { Header } from './header.tsx';
import { StatusBar } from './status-bar.tsx';
import { Tabs } from './tabs.tsx';
import { TroubleBanner } from './trouble-banner.tsx';
import styles from './frame.module.css';

/** Header, list of open databases, tabs, page, status bar; and the dialogs that any page may open. */
export function Frame({ children }: { children: ReactNode }) {
  const isDatabase = useRoute(({ route }) => route.page === 'database');
  const door = useSession((state) => state.info?.door);
  return (
    <div className={styles.frame}>
      <a href="#main" className={styles.skip} onClick={focusMain}>
        Skip to the page
      </a>
      <Header />
      <DatabaseList />
      <div className={styles.center}>
        <ConnectionBanner />
        <TroubleBanner />
        {isDatabase && <Tabs />}
        <main id="main" tabIndex={-1} className={styles.main}>
          {children}
        </main>
      </div>
      <StatusBar />
      <DropZone
        text={
          door === 'electron'
            ? 'Drop the database to look at it. Nothing is changed.'
            : 'Nothing is uploaded when you drop a file.'
        }
        onDrop={drop}
      />
      <Dialogs />
    </div>
  );
}

const drop = (file: File): void => void dropFile(file);

/** Not by the address: the hash belongs to the pages. */
function focusMain(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
