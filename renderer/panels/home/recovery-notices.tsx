import { Button } from '@mantine/core';
import { IconAlertTriangleFilled } from '@tabler/icons-react';
import { useNow } from '../../components/use-now.ts';
import { openRecent, useDatabases } from '../../stores/databases.ts';
import { useRecovery } from '../../stores/recovery.ts';
import { middleEllipsis } from '../../words/text.ts';
import { ago } from '../../words/times.ts';
import styles from './home-panel.module.css';

/** What was interrupted, one line per database, above everything else. Nothing was opened to learn it. */
export function RecoveryNotices() {
  const notices = useRecovery((state) => state.notices);
  const isBusy = useDatabases((state) => state.opening !== null);
  const now = useNow(30_000);
  if (notices === null || notices.length === 0) return null;
  return (
    <section aria-label="Interrupted">
      <ul className={styles.interrupted}>
        {notices.map(({ recentId, name, folder, what, lastSignAt }, index) => (
          <li key={recentId}>
            <IconAlertTriangleFilled size={20} aria-hidden />
            <div>
              <strong>{name}</strong>{' '}
              <span className={styles.folder} title={folder}>
                {middleEllipsis(folder, 60)}
              </span>
              <p>
                {what} <span className="muted">Last sign of it {ago(lastSignAt, now)}.</span>
              </p>
            </div>
            <Button
              size="sm"
              variant={index === 0 ? 'filled' : 'default'}
              disabled={isBusy}
              aria-label={`See what can be done about ${name}`}
              onClick={() => void openRecent(recentId, name)}
            >
              See what can be done
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
