import { Button, Group } from '@mantine/core';
import { ErrorNotice } from '../../../components/error-notice.tsx';
import { PathText } from '../../../components/path-text.tsx';
import { WorkBar } from '../../../components/work-bar.tsx';
import { forgetExport, revealExport, stopExport, type ExportView } from '../../../stores/exports.ts';
import { useSession } from '../../../stores/session.ts';
import { doneWords, progressWords } from './export-words.ts';
import styles from './export.module.css';

interface ExportOutcomeProps {
  readonly handle: string;
  readonly view: ExportView;
  readonly onClose: () => void;
}

/** How far an export is, and how it ended. */
export function ExportOutcome({ handle, view, onClose }: ExportOutcomeProps) {
  const canReveal = useSession((state) => state.info?.canRevealFiles ?? false);
  if (view.state === 'running')
    return (
      <div className={styles.outcome}>
        <WorkBar
          words={progressWords(view.table, view.rows, view.bytes)}
          done={view.rows || null}
          total={view.expected}
        />
        <p className="muted">The file appears under its name when it is whole. The database is only read.</p>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => stopExport(handle)}>
            Stop
          </Button>
          <Button data-autofocus onClick={onClose}>
            Go on in the background
          </Button>
        </Group>
      </div>
    );
  if (view.state === 'failed')
    return (
      <ErrorNotice
        error={view.error}
        actions={
          <Button data-autofocus onClick={() => forgetExport(handle)}>
            Back to the choices
          </Button>
        }
      />
    );
  return (
    <div className={styles.outcome}>
      <p role="status">{doneWords(view.table, view.rows, view.bytes)}</p>
      <PathText path={view.path} maxLength={60} />
      <Group justify="flex-end">
        {canReveal && (
          <Button variant="default" onClick={() => revealExport(handle)}>
            Show in folder
          </Button>
        )}
        <Button data-autofocus onClick={onClose}>
          Done
        </Button>
      </Group>
    </div>
  );
}
