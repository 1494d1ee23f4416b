import { IconPlugConnectedX } from '@tabler/icons-react';
import { useRoute } from '../../stores/route.ts';
import { isAway, useSession } from '../../stores/session.ts';
import styles from './connection-banner.module.css';

/** Calm words while the host does not answer; the window goes on trying by itself. */
export function ConnectionBanner() {
  const isLost = useSession(isAway);
  const isRefused = useSession((state) => state.connection === 'refused');
  const wasThere = useSession((state) => state.hasConnected);
  const isHome = useRoute(({ route }) => route.page === 'home');
  const notice = useSession((state) => state.info?.notice ?? null);
  if (isLost) {
    return (
      <div className={styles.banner} role="alert" data-tone="lost">
        <IconPlugConnectedX size={16} aria-hidden />
        <span>
          {isRefused ? (
            <>
              <strong>Phasewise runs, but this tab was not opened by its address.</strong> Use the other tab, or the
              address with #token= that it printed.
            </>
          ) : wasThere ? (
            <>
              <strong>The connection to Phasewise was lost.</strong> Nothing is lost: a run under way goes on, or can be
              continued. Trying to connect again… If Phasewise was closed, start it again and open the page that it
              shows.
            </>
          ) : (
            <>
              <strong>Phasewise does not answer here.</strong> Start it and open the address that it shows; each start
              has its own.
            </>
          )}{' '}
          <code>E_DISCONNECTED</code>
        </span>
      </div>
    );
  }
  if (notice === null || !isHome) return null;
  return (
    <aside className={styles.banner} aria-label="About this window">
      <span>{notice}</span>
    </aside>
  );
}
