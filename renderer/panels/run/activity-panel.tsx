import { Button } from '@mantine/core';
import { useEffect } from 'react';
import type { RunSnapshot } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { BackupCard } from '../../components/backup-card.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { EmptyState, Page, PageHead, PageSkeleton } from '../../components/page.tsx';
import { INGEST_DETAIL, issuesDetail, upgradeDetail } from '../../route.ts';
import { goTo } from '../../stores/route.ts';
import { useRecovery } from '../../stores/recovery.ts';
import { activeOf, loadHistory, useRuns } from '../../stores/runs.ts';
import { isWorkedOn, useWorks } from '../../stores/works.ts';
import { WorkProgress } from '../backups/work-progress.tsx';
import { InterruptedNotice } from '../recovery/interrupted-notice.tsx';
import { CheckedRun } from '../result/checked-run.tsx';
import { ResultPanel } from '../result/result-panel.tsx';
import { RunAnnouncer } from './run-announcer.tsx';
import { RunHistory } from './run-history.tsx';
import { RunPanel } from './run-panel.tsx';
import { newerThan, overWords } from './run-words.ts';

interface ActivityProps {
  readonly handle: string;
  readonly status: DatabaseStatus;
  /** Run id of a report of the past; null = now. */
  readonly reportId: string | null;
}

/** What runs now, or what the last run achieved; below, every run before it. */
export function ActivityPanel({ handle, status, reportId }: ActivityProps) {
  const run = useRuns((state) => state.byHandle[handle]);
  useEffect(() => void loadHistory(handle), [handle]);
  if (reportId !== null) return <PastRun handle={handle} status={status} reportId={reportId} />;
  if (run === undefined) return <PageSkeleton words="Looking for a run…" />;
  const active = activeOf(run);
  return (
    <>
      {run && <RunAnnouncer key={run.runId} run={run} />}
      {active ? (
        <RunPanel handle={handle} run={active} status={status} />
      ) : (
        <LastRun handle={handle} run={run} status={status} />
      )}
    </>
  );
}

function LastRun({ handle, run, status }: { handle: string; run: RunSnapshot | null; status: DatabaseStatus }) {
  const history = useRuns((state) => state.history[handle]);
  const newer = newerThan(run, history ?? []);
  useEffect(() => {
    document.getElementById('main')?.scrollTo(0, 0); // the headline is what was waited for
  }, []);
  return (
    <>
      {newer ? (
        <ResultPanel key={newer.runId} handle={handle} status={status} report={newer} error={newer.error ?? null} />
      ) : run?.kind === 'upgrade' ? (
        <ResultPanel
          handle={handle}
          status={status}
          report={run.report}
          error={run.error ?? run.report?.error ?? null}
          backup={run.backup}
          steps={run.steps}
        />
      ) : run ? (
        <OtherWork handle={handle} status={status} run={run} />
      ) : (
        <NoRun handle={handle} status={status} />
      )}
      <RunHistory handle={handle} status={status} history={history} except={newer?.runId ?? run?.runId ?? null} />
    </>
  );
}

/** What ended last was no upgrade: its own page has the details. */
function OtherWork({ handle, status, run }: { handle: string; status: DatabaseStatus; run: RunSnapshot }) {
  const details = run.kind === 'ingest' ? INGEST_DETAIL : run.kind === 'retry' ? issuesDetail() : null;
  return (
    <Page label="Activity">
      <PageHead
        title={overWords(run)}
        actions={
          <Button size="sm" onClick={() => goTo(handle, details === null ? 'backups' : 'overview', details)}>
            {details === null ? 'See backups' : 'See the details'}
          </Button>
        }
      />
      {run.error && <ErrorNotice error={run.error} subject={status.file.name} />}
      {run.backup && <BackupCard backup={run.backup} />}
    </Page>
  );
}

function NoRun({ handle, status }: { handle: string; status: DatabaseStatus }) {
  const isAsked = useRecovery((state) => (state.byHandle[handle]?.recovery ?? null) !== null);
  const isBusy = useWorks((state) => isWorkedOn(state, handle));
  if (isBusy) {
    return (
      <Page label="Activity">
        <PageHead title="Activity" />
        <WorkProgress handle={handle} fileName={status.file.name} words="Working" />
      </Page>
    );
  }
  return (
    <Page label="Activity">
      <PageHead title="Activity" />
      <InterruptedNotice handle={handle} />
      <EmptyState title="Nothing is running on this database.">
        <p>Upgrades appear here while they run, with their result and report afterwards.</p>
        {status.pending.length > 0 && !isAsked && (
          <Button onClick={() => goTo(handle, 'phases', upgradeDetail(status.defaultTarget))}>Plan the upgrade</Button>
        )}
      </EmptyState>
    </Page>
  );
}

function PastRun({ handle, status, reportId }: { handle: string; status: DatabaseStatus; reportId: string }) {
  const history = useRuns((state) => state.history[handle]);
  const checked = useRecovery((state) => state.checked[handle]);
  const report = history?.find(({ runId }) => runId === reportId);
  if (!history) return <PageSkeleton words="Looking for that run…" />;
  if (!report && checked?.runId === reportId) return <CheckedRun handle={handle} checked={checked} />;
  if (!report) return <NoSuchRun handle={handle} />;
  return <ResultPanel handle={handle} status={status} report={report} error={report.error ?? null} isPast />;
}

function NoSuchRun({ handle }: { handle: string }) {
  return (
    <Page label="Activity">
      <EmptyState title="This run is not in the journal of this database.">
        <p>One that was begun under another name of the file, or on another computer, has its report there.</p>
        <Button onClick={() => goTo(handle, 'activity')}>Back to the activity</Button>
      </EmptyState>
    </Page>
  );
}
