import { Button } from '@mantine/core';
import { StateMark } from '../../components/state-mark.tsx';
import { useNow } from '../../components/use-now.ts';
import { createBackup, useBackups } from '../../stores/backups.ts';
import { goTo } from '../../stores/route.ts';
import { bytes } from '../../words/numbers.ts';
import { ago } from '../../words/times.ts';
import { lastVerified } from './overview-words.ts';
import styles from './overview.module.css';

/** Last verified backup, or none yet and a button that changes that. */
export function BackupStrip({ handle, canBackUp }: { handle: string; canBackUp: boolean }) {
  const view = useBackups((state) => state.byHandle[handle]);
  const now = useNow(15_000);
  const error = view?.error ?? view?.listError;
  const isCreating = view?.busy?.what === 'creating';
  const last = lastVerified(view?.list?.backups ?? []);
  return (
    <div className={styles.strip} role="group" aria-label="Backup">
      {last ? (
        <span>
          <StateMark mark={{ tone: 'done', word: `Last verified backup: ${ago(last.createdAt, now)}` }} />
          <span className="muted">
            {' '}
            · {last.reason} · {bytes(last.sizeBytes)}
          </span>
        </span>
      ) : (
        <StateMark
          mark={{ tone: 'idle', word: view?.list ? 'Last verified backup: none yet' : 'Looking for backups…' }}
        />
      )}
      <span role="status" className="muted">
        {isCreating ? 'Copying, then restoring the copy to a scratch file to prove it…' : (view?.said ?? '')}
      </span>
      {error && (
        <span role="alert" className={styles.stripError}>
          {error.title} <code>{error.code}</code>
        </span>
      )}
      <div className={styles.stripActions}>
        {(view?.list?.backups.length ?? 0) > 0 && (
          <Button variant="subtle" onClick={() => goTo(handle, 'backups')}>
            See backups
          </Button>
        )}
        <Button
          variant="default"
          disabled={!canBackUp || (view?.busy ?? null) !== null}
          onClick={() => void createBackup(handle)}
        >
          {isCreating ? 'Backing up…' : 'Back up now'}
        </Button>
      </div>
    </div>
  );
}
