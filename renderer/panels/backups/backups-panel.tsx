import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconFolderOpen } from '@tabler/icons-react';
import { Fragment, useEffect, useRef, useState } from 'react';
import type { AppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { EmptyState, Page, PageHead, PageSkeleton } from '../../components/page.tsx';
import { PathText } from '../../components/path-text.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import {
  createBackup,
  loadBackups,
  revealFolder,
  undoRestore,
  useBackups,
  type BackupWork,
  type Undo,
} from '../../stores/backups.ts';
import { isFileGone, useDatabases } from '../../stores/databases.ts';
import { refresh } from '../../stores/events.ts';
import { noteRestored } from '../../stores/recovery.ts';
import { isActive, useRuns } from '../../stores/runs.ts';
import { useSession } from '../../stores/session.ts';
import { isWorkedOn, useWorks } from '../../stores/works.ts';
import { InterruptedNotice } from '../recovery/interrupted-notice.tsx';
import type { Wish } from './backup-item.tsx';
import { BackupList } from './backup-list.tsx';
import { backupsTitle, brokenWords, firstInFolders, followingOf, goneTitle, goneWords } from './backups-words.ts';
import { KeptFiles } from './kept-files.tsx';
import { ReadingProgress } from './reading-progress.tsx';
import { RemoveDialog } from './remove-dialog.tsx';
import { RestoreDialog } from './restore-dialog.tsx';
import { TidyDialog } from './tidy-dialog.tsx';
import { UnusableFiles } from './unusable-files.tsx';
import { WorkProgress } from './work-progress.tsx';
import styles from './backups.module.css';

interface BackupsPanelProps {
  readonly handle: string;
  readonly fileName: string;
  /** The one that was asked for. */
  readonly backupId?: string | null;
}

/** why: undoing a restore at one click was refused; null = it was asked for. */
interface Restoring {
  readonly backup: BackupRecord;
  readonly why: AppError | null;
}

/** Every backup of this database in time order. Works without a status: a damaged file is when one needs it. */
export function BackupsPanel({ handle, fileName, backupId = null }: BackupsPanelProps) {
  const view = useBackups((state) => state.byHandle[handle]);
  const canReveal = useSession((state) => state.info?.canRevealFiles ?? false);
  const hasActiveRun = useRuns((state) => isActive(state.byHandle[handle]));
  const isUnderWay = useWorks((state) => isWorkedOn(state, handle));
  const isGone = useDatabases((state) => isFileGone(state, handle));
  const [restoring, setRestoring] = useState<Restoring | null>(null);
  const [removing, setRemoving] = useState<BackupRecord | null>(null);
  const [wish, setWish] = useState<Wish | null>(backupId === null ? null : { backupId });
  const [isTidying, setTidying] = useState(false);
  const outcome = useRef<HTMLDivElement>(null);
  useEffect(() => void loadBackups(handle), [handle]);
  if (!view?.list && view?.listError) {
    return (
      <Page label="Backups">
        <ErrorNotice
          level={1}
          error={view.listError}
          subject={fileName}
          actions={<Button onClick={() => void loadBackups(handle)}>Try again</Button>}
        />
      </Page>
    );
  }
  if (!view?.list) return <PageSkeleton words="Looking for backups…" />;
  const { folder, backups, unusable } = view.list;
  const { undo: offered } = view;
  // The host also tells of what another tab began, or this one before it was loaded again.
  const busyNow = view.busy?.what ?? (isUnderWay ? 'any' : null);
  const isBusy = busyNow !== null || hasActiveRun;
  // What those do and why it failed is told in the dialog that asked for it.
  const isAskedElsewhere = restoring !== null || removing !== null || isTidying;
  const broken = brokenWords(backups, isGone);
  const undo = async (what: Undo): Promise<void> => {
    outcome.current?.focus(); // the button goes away
    const error = await undoRestore(handle, what, fileName);
    if (error === null) noteRestored(handle);
    // Something has been done in the file since: a person has to say that this may go, too.
    else if (error.code === 'E_STATE_CHANGED' && what.by === 'rows') setRestoring({ backup: what.backup, why: error });
  };
  const goOnAfter = (removedId: string): void => {
    const following = followingOf(backups, removedId);
    setWish(following === null ? null : { backupId: following });
    if (following === null) outcome.current?.focus();
  };
  return (
    <Page label="Backups">
      <PageHead
        title={isGone ? goneTitle(fileName, view.list) : backupsTitle(view.list)}
        actions={
          isGone ? (
            <Button size="sm" variant="default" disabled={isBusy} onClick={() => void refresh(handle)}>
              Look again
            </Button>
          ) : (
            <>
              {backups.length > 1 && (
                <Button size="sm" variant="default" disabled={isBusy} onClick={() => setTidying(true)}>
                  Tidy up…
                </Button>
              )}
              <Button size="sm" disabled={isBusy} onClick={() => void createBackup(handle)}>
                {view.busy?.what === 'creating' ? 'Backing up…' : 'Back up now'}
              </Button>
            </>
          )
        }
      >
        <p>
          {isGone
            ? goneWords(fileName, backups)
            : 'A backup counts only after it was restored to a scratch file and checked. Restoring one backs up what it replaces first.'}
        </p>
        <div className={styles.folder}>
          <Folders
            handle={handle}
            own={firstInFolders(backups)}
            usual={folder}
            isGone={isGone}
            canReveal={canReveal}
            isUsualThere={unusable.some(({ path }) => isWithin(path, folder))}
          />
        </div>
      </PageHead>
      {view.error && !isAskedElsewhere && <ErrorNotice error={view.error} subject={fileName} />}
      {view.listError && <ErrorNotice error={view.listError} subject={fileName} />}
      {broken && (
        <p role="alert" className={styles.broken}>
          <StateMark mark={{ tone: 'blocked', word: broken }} wraps />
        </p>
      )}
      <div ref={outcome} tabIndex={-1}>
        {busyNow === 'checking' && !isUnderWay ? (
          <ReadingProgress handle={handle} reading="backup:verify" words={`${busyWords.checking}…`} />
        ) : busyNow && !isAskedElsewhere ? (
          <WorkProgress handle={handle} fileName={fileName} words={busyWords[busyNow]} />
        ) : (
          <div className={styles.said}>
            <p role="status">{view.said ?? ''}</p>
            {offered && (
              <Button variant="default" disabled={isBusy} onClick={() => void undo(offered)}>
                Undo this restore
              </Button>
            )}
          </div>
        )}
      </div>
      {busyNow === null && <InterruptedNotice handle={handle} />}
      <UnusableFiles files={unusable} />
      <KeptFiles handle={handle} fileName={fileName} list={view.list} isBusy={isBusy} />
      {backups.length === 0 ? (
        !isGone && (
          <EmptyState title="Make one now, or let the upgrade make it: it always does before it changes anything." />
        )
      ) : (
        <BackupList
          handle={handle}
          fileName={fileName}
          backups={backups}
          backupId={backupId}
          wish={wish}
          checkingId={view.busy?.what === 'checking' ? view.busy.backupId : null}
          undoneBy={view.list.undoneBy}
          isGone={isGone}
          isBusy={isBusy}
          onWish={setWish}
          onRestore={(backup) => setRestoring({ backup, why: null })}
          onRemove={setRemoving}
          onUndo={(backup) => void undo({ by: 'rows', backup })}
        />
      )}
      <RemoveDialog
        handle={handle}
        fileName={fileName}
        backup={removing}
        onClose={() => setRemoving(null)}
        onRemoved={goOnAfter}
      />
      <TidyDialog
        handle={handle}
        fileName={fileName}
        isOpen={isTidying}
        onClose={() => setTidying(false)}
        onTidied={() => outcome.current?.focus()}
      />
      <RestoreDialog
        handle={handle}
        fileName={fileName}
        backup={restoring?.backup ?? null}
        why={restoring?.why ?? null}
        onClose={() => setRestoring(null)}
      />
    </Page>
  );
}

/** What lies in a folder tells that it is there; what could not be looked into may be a folder anywhere. */
const isWithin = (file: string, folder: string): boolean =>
  file.startsWith(folder) && /^[/\\]/.test(file.slice(folder.length));

interface FoldersProps {
  readonly handle: string;
  /** One of its own backups in each of their folders. */
  readonly own: readonly BackupRecord[];
  readonly usual: string;
  readonly isGone: boolean;
  readonly canReveal: boolean;
  readonly isUsualThere: boolean;
}

/** Where its own backups lie, each folder with its button; what is not there yet is not said to be. */
function Folders({ handle, own, usual, isGone, canReveal, isUsualThere }: FoldersProps) {
  const none = isGone ? 'They are looked for in' : 'They will be kept in';
  const folders = own.map(({ folder, id }) => ({ folder, backupId: id as string | null }));
  return (
    <>
      <span className="muted">{own.length === 0 ? none : 'They are kept in'}</span>
      {(own.length === 0 ? [{ folder: usual, backupId: null }] : folders).map(({ folder, backupId }) => (
        <Fragment key={folder}>
          <PathText path={folder} maxLength={70} />
          {canReveal && (backupId !== null || isUsualThere) && (
            <Tooltip label="Show in folder">
              <ActionIcon
                aria-label={own.length > 1 ? `Show the backup folder ${folder}` : 'Show the backup folder'}
                onClick={() => void revealFolder(handle, backupId)}
              >
                <IconFolderOpen size={16} aria-hidden />
              </ActionIcon>
            </Tooltip>
          )}
        </Fragment>
      ))}
    </>
  );
}

/** Until the host says more. */
const busyWords: Readonly<Record<BackupWork | 'any', string>> = {
  creating: 'Copying, then restoring the copy to a scratch file to prove it',
  checking: 'Reading the whole backup again',
  restoring: 'Backing up what will be replaced, then putting the backup back',
  removing: 'Making sure that another backup is good',
  tidying: 'Reading the backups that stay again',
  undoing: 'Putting the old files back',
  any: 'Working',
};
