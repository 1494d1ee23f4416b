import { Button } from '@mantine/core';
import type { DatabaseStatus } from '@shared/status.ts';
import { Notice } from '../../components/notice.tsx';
import { PathText } from '../../components/path-text.tsx';
import { showDialog } from '../../stores/dialogs.ts';
import { look, useDatabases } from '../../stores/databases.ts';
import { useRecovery } from '../../stores/recovery.ts';
import { isActive, useRuns } from '../../stores/runs.ts';
import { sentence } from '../../words/text.ts';
import { InterruptedNotice } from '../recovery/interrupted-notice.tsx';
import { isNewer, unfinishedSentence } from './overview-words.ts';

/** What is special about this file right now; nothing in the usual case. */
export function FileNotices({ handle, status }: { handle: string; status: DatabaseStatus }) {
  const samplePath = useDatabases((state) => state.samplePaths[handle]);
  const { file } = status;
  return (
    <>
      <Unfinished handle={handle} status={status} />
      {file.readOnlyReason && (
        <Notice tone="read-only" title={file.readOnlyReason.title}>
          You can look at everything. {sentence(file.readOnlyReason.message)} {file.readOnlyReason.nextStep}{' '}
          <code>{file.readOnlyReason.code}</code>{' '}
          {isNewer(status) ? (
            <Button variant="default" onClick={() => showDialog({ isVersionOpen: true })}>
              Version and updates…
            </Button>
          ) : (
            <Button variant="default" onClick={() => void look(handle)}>
              Try again
            </Button>
          )}
        </Notice>
      )}
      {file.needsRecovery && (
        <Notice tone="attention" title="The last program was interrupted while it was writing.">
          SQLite undoes the unfinished write by itself when the file is next opened for writing. Where it cannot undo
          all of it, Phasewise keeps file and journal as they were found and says where.
        </Notice>
      )}
      {samplePath !== undefined && (
        <Notice tone="info" title="This is a sample: try everything.">
          It is kept in <PathText path={samplePath} maxLength={70} />
        </Notice>
      )}
    </>
  );
}

/** What was interrupted, put off for now or left as it is. */
function Unfinished({ handle, status }: { handle: string; status: DatabaseStatus }) {
  const isAsked = useRecovery((state) => (state.byHandle[handle]?.recovery ?? null) !== null);
  const hasActiveRun = useRuns((state) => isActive(state.byHandle[handle]));
  if (isAsked) return <InterruptedNotice handle={handle} />;
  if (status.unfinishedRun === null || isNewer(status) || hasActiveRun) return null;
  return (
    <Notice tone="info" title="An upgrade is not finished.">
      {unfinishedSentence(status)}
    </Notice>
  );
}
