import { Button } from '@mantine/core';
import type { BackupRecord } from '@shared/run.ts';
import { CheckList } from '../../components/check-list.tsx';
import { Disclosure } from '../../components/disclosure.tsx';
import { Facts } from '../../components/facts.tsx';
import { PathText } from '../../components/path-text.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { useWanted } from '../../components/use-wanted.ts';
import { revealBackup, verifyBackup } from '../../stores/backups.ts';
import { bytes, count } from '../../words/numbers.ts';
import { dateTime } from '../../words/times.ts';
import { backupMark } from '../../words/states.ts';
import { upperFirst } from '../../words/text.ts';
import { describePhase, describeProof, originWords } from './backups-words.ts';
import styles from './backups.module.css';

/** The backup that was asked for last, by the address or otherwise; another wish for the same one is another object. */
export interface Wish {
  readonly backupId: string;
}

interface ItemProps {
  readonly handle: string;
  readonly fileName: string;
  readonly backup: BackupRecord;
  readonly now: number;
  /** Shown first: it was asked for. null = it was not. */
  readonly wish: Wish | null;
  /** The one obvious next step is to restore it. */
  readonly isAdvised: boolean;
  readonly isBusy: boolean;
  readonly isChecking: boolean;
  readonly canReveal: boolean;
  readonly onRestore: () => void;
  readonly onRemove: () => void;
  /** Only for the backup that undoes the last restore. */
  readonly onUndo: (() => void) | null;
}

/** One backup: when, why, what is in it, and the proof. */
export function BackupItem(props: ItemProps) {
  const { handle, fileName, backup, now, wish, isAdvised, isBusy, isChecking, canReveal } = props;
  const { onRestore, onRemove, onUndo } = props;
  const item = useWanted<HTMLLIElement>(wish);
  const mark = backupMark(backup);
  const when = dateTime(backup.createdAt);
  const origin = originWords(backup, fileName);
  /** A list of buttons, as screen readers have it, tells them apart by their names alone; the word that is seen comes first. */
  const named = (word: string): string => `${word} backup of ${when}, ${backup.reason}`;
  return (
    <li ref={item} tabIndex={-1} className={styles.item} data-tone={mark.tone} aria-label={`Backup of ${when}`}>
      <div className={styles.top}>
        <div className={styles.words}>
          <h2 className={styles.when}>
            {when} <span className={styles.why}>{upperFirst(backup.reason)}</span>
          </h2>
          <p className={styles.line}>
            <StateMark mark={mark} />
            <span className="muted">{describeProof(backup, now)}</span>
          </p>
          <p className="muted">
            {backup.variantTitle}, {describePhase(backup)} · {bytes(backup.sizeBytes)}
          </p>
          {origin && (
            <p className={styles.line}>
              <span>{upperFirst(origin)}. It is kept in</span>
              <PathText path={backup.folder} maxLength={60} />
            </p>
          )}
        </div>
        <div className={styles.actions}>
          <Button
            variant="default"
            aria-label={named(isChecking ? 'Checking…' : 'Check again')}
            disabled={isBusy || backup.state === 'missing'}
            onClick={() => void verifyBackup(handle, backup.id)}
          >
            {isChecking ? 'Checking…' : 'Check again'}
          </Button>
          {canReveal && (
            <Button
              variant="default"
              aria-label={named('Show in folder')}
              disabled={backup.state === 'missing'}
              onClick={() => void revealBackup(handle, backup.id)}
            >
              Show in folder
            </Button>
          )}
          {onUndo ? (
            <Button variant="default" disabled={isBusy} onClick={onUndo}>
              Undo this restore
            </Button>
          ) : (
            <Button
              variant={isAdvised ? 'filled' : 'default'}
              aria-label={named('Restore…')}
              disabled={isBusy || backup.state !== 'verified'}
              onClick={onRestore}
            >
              Restore…
            </Button>
          )}
        </div>
      </div>
      {backup.lastCheck?.error && (
        <p role="alert" className={styles.broken}>
          {backup.lastCheck.error.message} {backup.lastCheck.error.nextStep} <code>{backup.lastCheck.error.code}</code>
        </p>
      )}
      <Disclosure
        isLate
        summary={<span aria-label={`Show the evidence for the backup of ${when}`}>Show the evidence</span>}
        openSummary={<span aria-label={`Hide the evidence for the backup of ${when}`}>Hide the evidence</span>}
      >
        <Facts
          facts={[
            { label: 'File', value: <PathText path={backup.path} maxLength={80} /> },
            { label: 'SHA-256', value: <PathText path={backup.sha256} maxLength={70} what="SHA-256" /> },
            { label: 'Pages', value: count(backup.pages) },
            { label: 'Made of', value: <PathText path={backup.databasePath} maxLength={80} /> },
            ...(backup.runId === null ? [] : [{ label: 'Run', value: <code>{backup.runId}</code> }]),
          ]}
        />
        <CheckList checks={backup.checks} label={`Checks of the backup of ${when}`} />
        <div className={styles.buttons}>
          <Button variant="outline" color="stop" disabled={isBusy} onClick={onRemove}>
            Delete this backup…
          </Button>
        </div>
      </Disclosure>
    </li>
  );
}
