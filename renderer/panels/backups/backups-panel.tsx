import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconFolderOpen } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { BackupRecord } from '@shared/run.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { EmptyState, Page, PageHead, PageSkeleton } from '../../components/page.tsx';
import { PathText } from '../../components/path-text.tsx';
import { createBackup, loadBackups, revealBackup, useBackups } from '../../stores/backups.ts';
import { isActive, useRuns } from '../../stores/runs.ts';
import { useSession } from '../../stores/session.ts';
import { counted } from '../../words/numbers.ts';
import { BackupItem } from './backup-item.tsx';
import { newestFirst } from './backups-words.ts';
import { RestoreDialog } from './restore-dialog.tsx';
import styles from './backups.module.css';

/** Every backup of this database in time order. Works without a status: a damaged file is when one needs it. */
export function BackupsPanel({ handle, fileName }: { handle: string; fileName: string }) {
  const view = useBackups((state) => state.byHandle[handle]);
  const canReveal = useSession((state) => state.info?.canRevealFiles ?? false);
  const hasActiveRun = useRuns((state) => isActive(state.byHandle[handle]));
  const [restoring, setRestoring] = useState<BackupRecord | null>(null);
  useEffect(() => void loadBackups(handle), [handle]);
  if (!view?.list && view?.error) {
    return (
      <Page label="Backups">
        <ErrorNotice
          level={1}
          error={view.error}
          subject={fileName}
          actions={<Button onClick={() => void loadBackups(handle)}>Try again</Button>}
        />
      </Page>
    );
  }
  if (!view?.list) return <PageSkeleton words="Looking for backups…" />;
  const { folder, backups } = view.list;
  const isBusy = view.busy !== null || hasActiveRun;
  return (
    <Page label="Backups">
      <PageHead
        title={backups.length === 0 ? 'No backup yet' : counted(backups.length, 'backup')}
        actions={
          <Button size="sm" disabled={isBusy} onClick={() => void createBackup(handle)}>
            {view.busy?.what === 'creating' ? 'Backing up…' : 'Back up now'}
          </Button>
        }
      >
        <p>
          A backup counts only after it was restored to a scratch file and checked. Restoring one backs up what it
          replaces first.
        </p>
        <div className={styles.folder}>
          <span className="muted">They lie in</span> <PathText path={folder} maxLength={70} />
          {canReveal && (
            <Tooltip label="Show in folder">
              <ActionIcon aria-label="Show the backup folder" onClick={() => void revealBackup(handle, null)}>
                <IconFolderOpen size={16} aria-hidden />
              </ActionIcon>
            </Tooltip>
          )}
        </div>
      </PageHead>
      {view.error && <ErrorNotice error={view.error} subject={fileName} />}
      <p role="status" className={styles.said}>
        {busyWords(view.busy?.what ?? null) ?? view.said ?? ''}
      </p>
      {backups.length === 0 ? (
        <EmptyState title="Make one now, or let the upgrade make it: it always does before it changes anything." />
      ) : (
        <ol className={styles.list} aria-label="Backups, newest first">
          {newestFirst(backups).map((backup) => (
            <BackupItem
              key={backup.id}
              handle={handle}
              backup={backup}
              isBusy={isBusy}
              isChecking={view.busy?.what === 'checking' && view.busy.backupId === backup.id}
              canReveal={canReveal}
              onRestore={() => setRestoring(backup)}
            />
          ))}
        </ol>
      )}
      <RestoreDialog handle={handle} fileName={fileName} backup={restoring} onClose={() => setRestoring(null)} />
    </Page>
  );
}

function busyWords(what: 'creating' | 'checking' | 'restoring' | null): string | null {
  if (what === 'creating') return 'Copying, then restoring the copy to a scratch file to prove it…';
  if (what === 'checking') return 'Reading the whole backup again…';
  return what === 'restoring' ? 'Backing up what will be replaced, then putting the backup back…' : null;
}
