import { Button } from '@mantine/core';
import { useState } from 'react';
import type { BackupRecord } from '@shared/run.ts';
import { useNow } from '../../components/use-now.ts';
import { useSession } from '../../stores/session.ts';
import { count } from '../../words/numbers.ts';
import { BackupItem } from './backup-item.tsx';
import { advisedOf, undoOf } from './backups-words.ts';
import styles from './backups.module.css';

interface ListProps {
  readonly handle: string;
  readonly fileName: string;
  /** Newest first. */
  readonly backups: readonly BackupRecord[];
  /** The one that was asked for. */
  readonly backupId: string | null;
  /** Where the focus goes on after a deletion. */
  readonly followingId: string | null;
  /** The one that is being read again. */
  readonly checkingId: string | null;
  readonly isGone: boolean;
  readonly isBusy: boolean;
  readonly onRestore: (backup: BackupRecord) => void;
  readonly onRemove: (backup: BackupRecord) => void;
  readonly onUndo: (backup: BackupRecord) => void;
}

/** Drawing thousands takes seconds, again whenever one of them changes. */
const SHOWN_AT_ONCE = 30;

/** The newest backups, whichever else is asked for or advised, and more of them on request. */
export function BackupList(props: ListProps) {
  const { handle, fileName, backups, backupId, followingId, checkingId, isGone, isBusy, ...on } = props;
  const canReveal = useSession((state) => state.info?.canRevealFiles ?? false);
  const now = useNow(30_000);
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  /** The first of those that were shown on request: reading goes on there. */
  const [nextId, setNextId] = useState<string | null>(null);
  const undoable = isGone ? null : undoOf(backups); // without the file there is nothing to undo it in
  const advised = isGone ? advisedOf(backups) : null;
  const isNamed = ({ id }: BackupRecord): boolean => id === backupId || id === followingId;
  const drawn = backups.filter((each, at) => at < shown || isNamed(each) || each === advised);
  const showMore = (): void => {
    setNextId(backups[shown]?.id ?? null);
    setShown(shown + SHOWN_AT_ONCE);
  };
  return (
    <>
      <ol className={styles.list} aria-label="Backups, newest first">
        {drawn.map((backup) => (
          <BackupItem
            key={backup.id}
            handle={handle}
            fileName={fileName}
            backup={backup}
            now={now}
            isWanted={isNamed(backup) || backup.id === nextId}
            isAdvised={backup === advised}
            isBusy={isBusy}
            isChecking={backup.id === checkingId}
            canReveal={canReveal}
            onRestore={() => on.onRestore(backup)}
            onRemove={() => on.onRemove(backup)}
            onUndo={backup === undoable ? () => on.onUndo(backup) : null}
          />
        ))}
      </ol>
      {shown < backups.length && (
        <p className={styles.more}>
          <Button variant="default" onClick={showMore}>
            Show more
          </Button>
          <span className="muted">
            {count(drawn.length)} of {count(backups.length)} are shown
          </span>
        </p>
      )}
    </>
  );
}
