import { Button } from '@mantine/core';
import { IconCircleCheckFilled } from '@tabler/icons-react';
import { useState } from 'react';
import type { AppError } from '@shared/errors.ts';
import type { BackupRecord, RunReport, RunStep } from '@shared/run.ts';
import type { WholeReport } from '@shared/channels.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { BackupCard } from '../../components/backup-card.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { KeptNotice } from '../../components/kept-notice.tsx';
import { Page, PageHead } from '../../components/page.tsx';
import { upgradeDetail } from '../../route.ts';
import { revealBackup, useBackups } from '../../stores/backups.ts';
import { goTo } from '../../stores/route.ts';
import { useSession } from '../../stores/session.ts';
import { isNotice } from '../../words/errors.ts';
import { dateTime } from '../../words/times.ts';
import { RestoreDialog } from '../backups/restore-dialog.tsx';
import { RunSteps } from '../run/run-steps.tsx';
import { ResultEvidence } from './result-evidence.tsx';
import { SavedReport, SaveReport } from './save-report.tsx';
import {
  afterFailureLabel,
  backupsOfRun,
  goalAhead,
  hasRemoved,
  isStillAhead,
  keptNow,
  type KeptNow,
  resultHeadline,
  stillNoted,
  verifiedStatement,
  whatNext,
  whichBackup,
  wholeWords,
} from './result-words.ts';
import { supersededBy, supersededHeadline, supersededWords } from './superseded.ts';
import { useListed } from './use-listed.ts';
import styles from './result.module.css';

interface ResultProps {
  readonly handle: string;
  readonly status: DatabaseStatus;
  /** null when the run ended before there was anything to report. */
  readonly report: WholeReport | null;
  readonly error: AppError | null;
  readonly backup?: BackupRecord | null;
  /** Where it stopped; shown when it did not finish. */
  readonly steps?: readonly RunStep[];
  readonly isPast?: boolean;
}

/** What a run achieved: a headline to read aloud, what is proved, what to do next, then the evidence. */
export function ResultPanel({ handle, status, report, error, backup = null, steps = [], isPast = false }: ResultProps) {
  const [restoring, setRestoring] = useState<BackupRecord | null>(null);
  const listed = useListed(handle);
  const restores = useBackups((state) => state.byHandle[handle]?.list?.restores);
  const kept = backupsOfRun(report, backup);
  const verified = report === null ? null : verifiedStatement(report, listed);
  const whole = report === null ? null : wholeWords(report);
  const superseded = report === null ? null : supersededBy(report, status, restores ?? []);
  const headline = resultHeadline(report, error);
  const isBelowGoal = report !== null && report.ok && report.toPhase < status.defaultTarget;
  const goesOn = isBelowGoal && !isPast && !superseded && status.pending.length > 0;
  return (
    <Page label="Result">
      <PageHead
        title={superseded && report ? supersededHeadline(superseded, report) : headline}
        actions={
          <>
            {report && <SaveReport handle={handle} report={report} />}
            {(!error || superseded) && <NextPage handle={handle} status={status} goesOn={goesOn} />}
          </>
        }
      >
        {isPast && report && <p className="muted">Report of {dateTime(report.startedAt)}</p>}
        {superseded && (
          <p role="note">
            {supersededWords(superseded)} <span className="muted">{headline}</span>
          </p>
        )}
        {whole !== null && <p className="muted">{whole}</p>}
        {verified !== null && !superseded && (
          <p className={styles.verified}>
            <IconCircleCheckFilled size={18} aria-hidden />
            {verified}
          </p>
        )}
      </PageHead>
      <KeptNotice keptIn={report?.keptIn} earlier={report?.earlierKeptIn} />
      {report && <SavedReport handle={handle} report={report} />}
      {error && !superseded && (
        <ErrorNotice
          error={error}
          subject={status.file.name}
          actions={
            <AfterFailure
              handle={handle}
              status={status}
              report={report}
              label={afterFailureLabel(error, kept.length > 0 || status.unfinishedRun !== null)}
            />
          }
        />
      )}
      {report?.ok && !isPast && !superseded && (
        <section aria-label="What next" className={styles.next}>
          <h2>What next</h2>
          <ol>
            {whatNext(
              report,
              hasRemoved(report, status),
              listed,
              stillNoted(report, status),
              goalAhead(report, status),
            ).map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ol>
        </section>
      )}
      {kept.map((each) => (
        <Kept
          key={each.path}
          handle={handle}
          now={keptNow(each, listed)}
          what={report && whichBackup(report, each)}
          onRestore={setRestoring}
        />
      ))}
      {error && !superseded && steps.length > 0 && (
        <RunSteps steps={steps} phases={status.phases} isOver isAsked={isNotice(error)} />
      )}
      {report && <ResultEvidence handle={handle} report={report} actsOn={isPast || superseded ? null : status} />}
      <RestoreDialog
        handle={handle}
        fileName={status.file.name}
        backup={restoring}
        onClose={() => setRestoring(null)}
      />
    </Page>
  );
}

interface KeptProps {
  readonly handle: string;
  readonly now: KeptNow;
  readonly what: string | null;
  readonly onRestore: (backup: BackupRecord) => void;
}

/** A backup of the run, and the way back to it while it is good. */
function Kept({ handle, now: { backup, mark }, what, onRestore }: KeptProps) {
  const canReveal = useSession((state) => state.info?.canRevealFiles ?? false);
  return (
    <BackupCard
      backup={backup}
      mark={mark}
      what={what}
      onReveal={canReveal ? () => void revealBackup(handle, backup.id) : undefined}
      extra={
        <Button variant="default" disabled={backup.state !== 'verified'} onClick={() => onRestore(backup)}>
          Restore…
        </Button>
      }
    />
  );
}

/** After phase 0 the way goes on; after the goal, or from history, back to what the file is now. */
function NextPage({ handle, status, goesOn }: { handle: string; status: DatabaseStatus; goesOn: boolean }) {
  return (
    <>
      <Button size="sm" variant={goesOn ? 'default' : 'filled'} onClick={() => goTo(handle, 'overview')}>
        Back to the overview
      </Button>
      {goesOn && (
        <Button size="sm" onClick={() => goTo(handle, 'phases', upgradeDetail(status.defaultTarget))}>
          Upgrade to phase {status.defaultTarget}…
        </Button>
      )}
    </>
  );
}

/** Continuing is the obvious next step; it goes on from the last completed step. */
function AfterFailure({
  handle,
  status,
  report,
  label,
}: {
  handle: string;
  status: DatabaseStatus;
  report: RunReport | null;
  label: string;
}) {
  const toPhase = report?.toPhase ?? status.unfinishedRun?.toPhase ?? status.defaultTarget;
  if (!isStillAhead(toPhase, status))
    return <Button onClick={() => goTo(handle, 'overview')}>Back to the overview</Button>;
  return <Button onClick={() => goTo(handle, 'phases', upgradeDetail(toPhase))}>{label}</Button>;
}
