import { StateMark } from '../../components/state-mark.tsx';
import { tabs, type Tab } from '../../route.ts';
import { formatRoute } from '../../route.ts';
import { useRoute } from '../../stores/route.ts';
import { activeOf, useRuns } from '../../stores/runs.ts';
import { isAway, useSession } from '../../stores/session.ts';
import { runMarkNow } from '../../words/states.ts';
import styles from './tabs.module.css';

const titles: Record<Tab, string> = {
  overview: 'Overview',
  phases: 'Phases',
  data: 'Data',
  activity: 'Activity',
  backups: 'Backups',
};

/** The pages of one database. Links, because each has an address. */
export function Tabs() {
  const route = useRoute((state) => state.route);
  const run = useRuns((state) => (route.page === 'database' ? activeOf(state.byHandle[route.handle]) : null));
  const isLost = useSession(isAway);
  if (route.page !== 'database') return null;
  return (
    <nav className={styles.tabs} aria-label="Pages of this database">
      {tabs.map((tab, index) => (
        <a
          key={tab}
          href={formatRoute({ ...route, tab, detail: null })}
          aria-current={route.tab === tab ? 'page' : undefined}
          aria-keyshortcuts={`Alt+${index + 1}`}
          className={styles.tab}
        >
          {titles[tab]}
          {tab === 'activity' && run && <StateMark mark={runMarkNow(run.state, isLost)} quiet size={14} />}
        </a>
      ))}
    </nav>
  );
}
