import { Button } from '@mantine/core';
import { useState } from 'react';
import type { BackupRecord } from '@shared/run.ts';
import { useNow } from '../../components/use-now.ts';
import { useSession } from '../../stores/session.ts';
import { count } from '../../words/numbers.ts';
import { BackupItem, type Wish } from './backup-item.tsx';
import { advisedOf } from './backups-words.ts';
import styles from './backups.module.css';

interface ListProps {
  readonly handle: string;
  readonly fileName: string;
  /** Newest first. */
  readonly backups: readonly BackupRecord[];
  /** The one that the address asks for. */
  readonly backupId: string | null;
  /** Where the focus is to be. */
  readonly wish: Wish | null;
  /** The one that is being read again. */
  readonly checkingId: string | null;
  /** The one that undoes the last restore, and takes nothing else out of the file. */
  readonly undoneBy: string | null;
  readonly isGone: boolean;
  readonly isBusy: boolean;
  readonly onWish: (wish: Wish) => void;
  readonly onRestore: (backup: BackupRecord) => void;
  readonly onRemove: (backup: BackupRecord) => void;
  readonly onUndo: (backup: BackupRecord) => void;
}

/** Drawing thousands takes seconds, again whenever one of them changes. */
const SHOWN_AT_ONCE = 30;

/** The newest backups, whichever else is asked for or advised, and more of them on request. */
export function BackupList(props: ListProps) {
  const { handle, fileName, backups, backupId, wish, checkingId, undoneBy, isGone, isBusy, ...on } = props;
  const canReveal = useSession((state) => state.info?.canRevealFiles ?? false);
  const now = useNow(30_000);
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  const undoable = isGone ? null : undoneBy; // without the file there is nothing to undo it in
  const advised = isGone ? advisedOf(backups) : null;
  const isNamed = ({ id }: BackupRecord): boolean => id === backupId || id === wish?.backupId;
  const drawn = backups.filter((each, at) => at < shown || isNamed(each) || each === advised);
  const showMore = (): void => {
    const next = backups[shown];
    if (next) on.onWish({ backupId: next.id }); // reading goes on at the first of them
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
            wish={wish?.backupId === backup.id ? wish : null}
            isAdvised={backup === advised}
            isBusy={isBusy}
            isChecking={backup.id === checkingId}
            canReveal={canReveal}
            onRestore={() => on.onRestore(backup)}
            onRemove={() => on.onRemove(backup)}
            onUndo={backup.id === undoable ? () => on.onUndo(backup) : null}
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
