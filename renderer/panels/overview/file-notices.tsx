import { Button } from '@mantine/core';
import { IconAlertTriangleFilled, IconInfoCircle, IconLock } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { DatabaseStatus } from '@shared/status.ts';
import { PathText } from '../../components/path-text.tsx';
import { showDialog } from '../../stores/dialogs.ts';
import { useDatabases } from '../../stores/databases.ts';
import { showRecovery, useRecovery } from '../../stores/recovery.ts';
import { isActive, useRuns } from '../../stores/runs.ts';
import { isNewer, unfinishedSentence } from './overview-words.ts';
import styles from './overview.module.css';

/** What is special about this file right now; nothing in the usual case. */
export function FileNotices({ handle, status }: { handle: string; status: DatabaseStatus }) {
  const samplePath = useDatabases((state) => state.samplePaths[handle]);
  const { file } = status;
  return (
    <>
      <Unfinished handle={handle} status={status} />
      {file.readOnlyReason && (
        <Notice tone="read-only" title={file.readOnlyReason.title}>
          You can look at everything. {file.readOnlyReason.message} {file.readOnlyReason.nextStep}{' '}
          <code>{file.readOnlyReason.code}</code>
          {isNewer(status) && (
            <>
              {' '}
              <Button variant="default" onClick={() => showDialog({ isVersionOpen: true })}>
                Version and updates…
              </Button>
            </>
          )}
        </Notice>
      )}
      {file.needsRecovery && (
        <Notice tone="attention" title="The last program was interrupted while it was writing.">
          SQLite undoes the unfinished write by itself when the file is next opened for writing. Nothing that was saved
          is lost.
        </Notice>
      )}
      {samplePath !== undefined && (
        <Notice tone="info" title="This is a sample: try everything.">
          It lies in <PathText path={samplePath} maxLength={70} />
        </Notice>
      )}
    </>
  );
}

/** What was interrupted, put off for now or left as it is. */
function Unfinished({ handle, status }: { handle: string; status: DatabaseStatus }) {
  const recovery = useRecovery((state) => state.byHandle[handle]?.recovery ?? null);
  const hasActiveRun = useRuns((state) => isActive(state.byHandle[handle]));
  if (recovery)
    return (
      <Notice tone="attention" title={recovery.what}>
        {recovery.where}{' '}
        <Button variant="default" onClick={() => showRecovery(handle)}>
          See what can be done
        </Button>
      </Notice>
    );
  if (status.unfinishedRun === null || isNewer(status) || hasActiveRun) return null;
  return (
    <Notice tone="info" title="An upgrade is not finished.">
      {unfinishedSentence(status)}
    </Notice>
  );
}

const icons = { attention: IconAlertTriangleFilled, 'read-only': IconLock, info: IconInfoCircle } as const;

function Notice({ tone, title, children }: { tone: keyof typeof icons; title: string; children: ReactNode }) {
  const Icon = icons[tone];
  return (
    <div role="note" aria-label={title} className={styles.notice} data-tone={tone}>
      <Icon size={17} aria-hidden />
      <div>
        <strong>{title}</strong> {children}
      </div>
    </div>
  );
}
