import { useBackups } from '../../stores/backups.ts';
import { useNow } from '../../components/use-now.ts';
import { pageAddress, type Tab } from '../../route.ts';
import { useDatabases } from '../../stores/databases.ts';
import { useRoute } from '../../stores/route.ts';
import { isActive, useRuns } from '../../stores/runs.ts';
import { isAway, useSession } from '../../stores/session.ts';
import { supersededBy } from '../result/superseded.ts';
import { ago } from '../../words/times.ts';
import { describeFile, describeRunState, unshownWords } from './status-words.ts';
import styles from './status-bar.module.css';

/** Small facts for the phone call with support: size, age of what is shown, run, page address. */
export function StatusBar() {
  const route = useRoute((state) => state.route);
  const version = useSession((state) => state.info?.version);
  return (
    <footer className={styles.bar}>
      {route.page === 'database' ? (
        <DatabaseFacts handle={route.handle} tab={route.tab} />
      ) : (
        <span>No database shown</span>
      )}
      <span className={styles.right}>{version === undefined ? 'Phasewise' : `Phasewise ${version}`}</span>
      <span className={styles.address} title="Address of this page, for support">
        {pageAddress(route)}
      </span>
    </footer>
  );
}

function DatabaseFacts({ handle, tab }: { handle: string; tab: Tab }) {
  const view = useDatabases((state) => state.views[handle]);
  const run = useRuns((state) => state.byHandle[handle] ?? null);
  const isConnected = !useSession(isAway);
  const restores = useBackups((state) => state.byHandle[handle]?.list?.restores);
  const now = useNow(5_000);
  const status = view?.status;
  const superseded = run?.report && status ? supersededBy(run.report, status, restores ?? []) : null;
  const words = view?.busy === 'checking' ? 'checking all data…' : view?.busy === 'looking' ? 'looking…' : null;
  return (
    <>
      {status && <span>{describeFile(status.file)}</span>}
      <span>
        {words ??
          (status
            ? `checked ${ago(status.checkedAt, now)}`
            : view?.error
              ? unshownWords(view.error, tab)
              : 'not looked at yet')}
      </span>
      <span>{isConnected ? describeRunState(run, isActive(run), superseded) : 'not connected'}</span>
    </>
  );
}
