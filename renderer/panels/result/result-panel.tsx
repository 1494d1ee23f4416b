import { Button } from '@mantine/core';
import { IconCircleCheckFilled } from '@tabler/icons-react';
import { useState } from 'react';
import type { AppError } from '@shared/errors.ts';
import type { BackupRecord, RunReport, RunStep } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { BackupCard } from '../../components/backup-card.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Page, PageHead } from '../../components/page.tsx';
import { upgradeDetail } from '../../route.ts';
import { revealBackup } from '../../stores/backups.ts';
import { goTo } from '../../stores/route.ts';
import { useSession } from '../../stores/session.ts';
import { dateTime } from '../../words/times.ts';
import { RestoreDialog } from '../backups/restore-dialog.tsx';
import { RunSteps } from '../run/run-steps.tsx';
import { ResultEvidence } from './result-evidence.tsx';
import { SaveReport } from './save-report.tsx';
import { resultHeadline, verifiedStatement, whatNext } from './result-words.ts';
import styles from './result.module.css';

interface ResultProps {
  readonly handle: string;
  readonly status: DatabaseStatus;
  /** null when the run ended before there was anything to report. */
  readonly report: RunReport | null;
  readonly error: AppError | null;
  readonly backup?: BackupRecord | null;
  /** Where it stopped; shown when it did not finish. */
  readonly steps?: readonly RunStep[];
  readonly isPast?: boolean;
}

/** What a run achieved: a headline to read aloud, what is proved, what to do next, then the evidence. */
export function ResultPanel({ handle, status, report, error, backup = null, steps = [], isPast = false }: ResultProps) {
  const [isRestoring, setRestoring] = useState(false);
  const canReveal = useSession((state) => state.info?.canRevealFiles ?? false);
  const kept = report?.backup ?? backup;
  const verified = report === null ? null : verifiedStatement(report);
  return (
    <Page label="Result">
      <PageHead
        title={resultHeadline(report, error)}
        actions={
          <>
            {report && <SaveReport report={report} />}
            {!error && (
              <Button size="sm" onClick={() => goTo(handle, 'overview')}>
                Back to the overview
              </Button>
            )}
          </>
        }
      >
        {isPast && report && <p className="muted">Report of {dateTime(report.startedAt)}</p>}
        {verified !== null && (
          <p className={styles.verified}>
            <IconCircleCheckFilled size={18} aria-hidden />
            {verified}
          </p>
        )}
      </PageHead>
      {error && (
        <ErrorNotice
          error={error}
          subject={status.file.name}
          actions={<AfterFailure handle={handle} status={status} report={report} />}
        />
      )}
      {report?.ok && !isPast && (
        <section aria-label="What next" className={styles.next}>
          <h2>What next</h2>
          <ol>
            {whatNext(report).map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ol>
        </section>
      )}
      {kept && (
        <BackupCard
          backup={kept}
          onReveal={canReveal ? () => void revealBackup(handle, kept.id) : undefined}
          extra={
            <Button variant="default" onClick={() => setRestoring(true)}>
              Restore…
            </Button>
          }
        />
      )}
      {error && steps.length > 0 && <RunSteps steps={steps} phases={status.phases} isOver />}
      {report && <ResultEvidence handle={handle} report={report} />}
      <RestoreDialog
        handle={handle}
        fileName={status.file.name}
        backup={isRestoring ? kept : null}
        onClose={() => setRestoring(false)}
      />
    </Page>
  );
}

/** Continuing is the obvious next step; it goes on from the last completed step. */
function AfterFailure({
  handle,
  status,
  report,
}: {
  handle: string;
  status: DatabaseStatus;
  report: RunReport | null;
}) {
  const toPhase = report?.toPhase ?? status.unfinishedRun?.toPhase ?? status.defaultTarget;
  if (status.pending.length === 0)
    return <Button onClick={() => goTo(handle, 'overview')}>Back to the overview</Button>;
  return <Button onClick={() => goTo(handle, 'phases', upgradeDetail(toPhase))}>Continue the upgrade…</Button>;
}
