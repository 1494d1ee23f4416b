import type { MigrationStatus } from '@shared/status.ts';
import { StateMark } from '../../components/state-mark.tsx';
import { duration } from '../../words/numbers.ts';
import { dateTime } from '../../words/times.ts';
import { migrationMarks } from '../../words/states.ts';
import styles from './phases.module.css';

/** The migrations of a phase, each with its state and, where something is missing, what. */
export function MigrationList({ migrations }: { migrations: readonly MigrationStatus[] }) {
  return (
    <ul className={styles.migrations}>
      {migrations.map((migration) => (
        <li key={migration.id} className={styles.migration}>
          <StateMark mark={migrationMarks[migration.state]} quiet />
          <div className={styles.migrationWords}>
            <span>{migration.title}</span> <code className="muted">{migration.id}</code>
            {migration.findings.length > 0 && migration.state !== 'pending' && (
              <ul className={styles.findings}>
                {migration.findings.map((finding) => (
                  <li key={finding}>{finding}</li>
                ))}
              </ul>
            )}
          </div>
          <span className={styles.when}>{whenWords(migration)}</span>
        </li>
      ))}
    </ul>
  );
}

function whenWords({ state, appliedAt, durationMs }: MigrationStatus): string {
  if (appliedAt === null) return migrationMarks[state].word;
  return durationMs === null ? dateTime(appliedAt) : `${dateTime(appliedAt)}, ${duration(durationMs)}`;
}
