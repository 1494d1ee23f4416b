import type { MigrationStatus } from '@shared/status.ts';
import { useWanted } from '../../components/use-wanted.ts';
import { StateMark } from '../../components/state-mark.tsx';
import { duration } from '../../words/numbers.ts';
import { dateTime } from '../../words/times.ts';
import { migrationMarks } from '../../words/states.ts';
import styles from './phases.module.css';

interface MigrationListProps {
  readonly migrations: readonly MigrationStatus[];
  /** Id of the one that was asked for. */
  readonly wanted: string | null;
}

/** The migrations of a phase, each with its state and, where something is missing, what. */
export function MigrationList({ migrations, wanted }: MigrationListProps) {
  return (
    <ul className={styles.migrations}>
      {migrations.map((migration) => (
        <Migration key={migration.id} migration={migration} isWanted={migration.id === wanted} />
      ))}
    </ul>
  );
}

function Migration({ migration, isWanted }: { migration: MigrationStatus; isWanted: boolean }) {
  const item = useWanted<HTMLLIElement>(isWanted);
  return (
    <li ref={item} tabIndex={-1} className={styles.migration}>
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
  );
}

function whenWords({ state, appliedAt, durationMs }: MigrationStatus): string {
  if (appliedAt === null) return migrationMarks[state].word;
  return durationMs === null ? dateTime(appliedAt) : `${dateTime(appliedAt)}, ${duration(durationMs)}`;
}
