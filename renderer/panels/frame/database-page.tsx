import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { appError, type AppError } from '@shared/errors.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Page, PageSkeleton } from '../../components/page.tsx';
import { INGEST_DETAIL, issuesPage, migrationOf, targetPhase, type Route } from '../../route.ts';
import { loadBackups, useBackups } from '../../stores/backups.ts';
import { chooseDatabase, closeDatabase, useDatabases } from '../../stores/databases.ts';
import { refresh } from '../../stores/events.ts';
import { showDialog } from '../../stores/dialogs.ts';
import { goHome, goTo } from '../../stores/route.ts';
import { isAwaited, loadRecovery, shownRecovery, useRecovery } from '../../stores/recovery.ts';
import { isOutdatedBy, useRuns } from '../../stores/runs.ts';
import { useSession } from '../../stores/session.ts';
import {
  canShowRows,
  hidesRows,
  isLost,
  mayNeedAnotherFile,
  needsAnotherFile,
  needsBackup,
} from '../../words/errors.ts';
import { StopLine } from './stop-reading.tsx';
import {
  ActivityPanel,
  BackupsPanel,
  DataPanel,
  IngestPanel,
  IssuesPanel,
  OverviewPanel,
  PhasesPanel,
  PlanPanel,
  RecoveryPanel,
} from './pages.ts';
import styles from './frame.module.css';

type DatabaseRoute = Extract<Route, { page: 'database' }>;

/** Gets what is known about the database, or says why it cannot be shown. */
export function DatabasePage({ route }: { route: DatabaseRoute }) {
  const { handle } = route;
  const view = useDatabases((state) => state.views[handle]);
  const isOpen = useDatabases((state) => !state.isListed || state.open.some((database) => database.handle === handle));
  const name = useDatabases((state) => state.open.find((database) => database.handle === handle)?.name ?? '');
  const isConnected = useSession((state) => state.connection === 'open');
  const run = useRuns((state) => state.byHandle[handle]);
  const runError = run?.error?.code;
  const unfinished = useRecovery((state) => state.byHandle[handle]);
  const status = view?.status;
  useEffect(() => {
    if (isConnected && isOpen && useDatabases.getState().views[handle] === undefined) void refresh(handle);
  }, [handle, isConnected, isOpen]);

  if (!isOpen) return <Gone />;
  const recovery = shownRecovery(unfinished, run);
  if (recovery) return <RecoveryPanel handle={handle} fileName={name} recovery={recovery} />;
  if (
    isAwaited(unfinished, route.tab === 'data') &&
    view !== undefined &&
    (view.status !== null || view.error !== null)
  )
    return <Awaited handle={handle} looking={unfinished?.looking ?? null} />;
  // Rows can be looked at whatever kind of database it is, and while its status is still on the way. A notice above them
  // comes and goes without moving them to another place of the tree, where they would begin anew.
  const isHidden = view?.error && hidesRows(view.error);
  const unknown = unfinished?.unknown && (
    <Unknown handle={handle} error={unfinished.unknown} looking={unfinished.looking} />
  );
  if (route.tab === 'data' && !isHidden)
    return (
      <div className={styles.noticed}>
        {unknown}
        <div>
          <DataPanel handle={handle} table={route.detail} />
        </div>
      </div>
    );
  // They need no status, and stay as they are when one comes: a dialog of theirs may have asked for it.
  if (route.tab === 'backups' && view && (status || view.error))
    return (
      <>
        {status && view.error ? <Died handle={handle} /> : unknown}
        <BackupsPanel handle={handle} fileName={status?.file.name ?? name} backupId={route.detail} />
      </>
    );
  if (!status) {
    if (view?.error) return <StatusRefused handle={handle} />;
    return <PageSkeleton words="Looking at the database. Nothing is changed by looking." />;
  }
  // They would tell of the file as it was before the run, and offer that run once more.
  const isOld = (route.tab === 'overview' || route.tab === 'phases') && view.error === null;
  if (isOld && isOutdatedBy(run, view))
    return <PageSkeleton words="Looking at what the run has left. Nothing is changed by looking." />;
  const target = targetPhase(route.detail);
  // The page of a run that failed with its engine says so itself.
  const isToldByRun = route.tab === 'activity' && runError === view.error?.code;
  return (
    <>
      {view.error && !isToldByRun && <Died handle={handle} />}
      {!view.error && unknown}
      {route.tab === 'overview' && <OverviewPages handle={handle} status={status} detail={route.detail} />}
      {route.tab === 'phases' && target === null && (
        <PhasesPanel handle={handle} status={status} migration={migrationOf(route.detail)} />
      )}
      {route.tab === 'phases' && target !== null && (
        <PlanPanel key={target} handle={handle} status={status} toPhase={target} />
      )}
      {route.tab === 'activity' && <ActivityPanel handle={handle} status={status} reportId={route.detail} />}
    </>
  );
}

/** Looking at a small file is over before anybody could stop it, ms. */
const LONG_MS = 1_000;

/** Nothing is shown before it is known what was interrupted; a large file is read for minutes, unless somebody stops that. */
function Awaited({ handle, looking }: { handle: string; looking: string | null }) {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), LONG_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <PageSkeleton words={lookingWords(looking)}>
      {(isLong || looking !== null) && <StopLine handle={handle} reading="recovery:get" />}
    </PageSkeleton>
  );
}

const lookingWords = (looking: string | null): string =>
  looking === null
    ? 'Looking whether anything was interrupted. Nothing is changed by looking.'
    : `${looking}, to see what the interruption has left. Nothing is changed by looking.`;

interface OverviewProps {
  readonly handle: string;
  readonly status: DatabaseStatus;
  readonly detail: string | null;
}

/** The overview and the pages that one goes to from it. */
function OverviewPages({ handle, status, detail }: OverviewProps) {
  const issues = issuesPage(detail);
  if (issues) return <IssuesPanel handle={handle} status={status} reason={issues.reason} />;
  if (detail === INGEST_DETAIL) return <IngestPanel handle={handle} status={status} />;
  return <OverviewPanel handle={handle} status={status} />;
}

function StatusRefused({ handle }: { handle: string }) {
  const error = useDatabases((state) => state.views[handle]?.error);
  const name = useDatabases((state) => state.open.find((database) => database.handle === handle)?.name);
  const isBackedUp = useBackups((state) =>
    (state.byHandle[handle]?.list?.backups ?? []).some((backup) => backup.state === 'verified'),
  );
  const isFileLost = error ? isLost(error) : false;
  useEffect(() => {
    if (isFileLost) void loadBackups(handle); // there may be one: then it is the way on
  }, [handle, isFileLost]);
  if (!error) return null;
  const first =
    isFileLost && (isBackedUp || needsBackup(error)) ? 'backups' : needsAnotherFile(error) ? 'another' : 'retry';
  return (
    <Page label="This database cannot be shown">
      <ErrorNotice
        level={1}
        error={error}
        subject={name}
        actions={
          <>
            {first === 'backups' && <BackupsButton handle={handle} isFirst />}
            {first === 'another' && <AnotherButton isFirst />}
            <Button variant={first === 'retry' ? 'filled' : 'default'} onClick={() => void refresh(handle)}>
              Try again
            </Button>
            {first !== 'backups' && <BackupsButton handle={handle} />}
            {first !== 'another' && mayNeedAnotherFile(error) && <AnotherButton />}
            {canShowRows(error) && (
              <Button variant="default" onClick={() => goTo(handle, 'data')}>
                Look at the data
              </Button>
            )}
            {error.code === 'E_NEWER_SCHEMA' && (
              <Button variant="default" onClick={() => showDialog({ isVersionOpen: true })}>
                Version and updates…
              </Button>
            )}
            <Button variant="default" onClick={() => void closeDatabase(handle)}>
              Close this database
            </Button>
          </>
        }
      />
    </Page>
  );
}

const BackupsButton = ({ handle, isFirst = false }: { handle: string; isFirst?: boolean }) => (
  <Button variant={isFirst ? 'filled' : 'default'} onClick={() => goTo(handle, 'backups')}>
    See its backups
  </Button>
);

const AnotherButton = ({ isFirst = false }: { isFirst?: boolean }) => (
  <Button variant={isFirst ? 'filled' : 'default'} onClick={() => void chooseDatabase()}>
    Open another file…
  </Button>
);

/** The last status stays readable below; this says why it may be old. */
function Died({ handle }: { handle: string }) {
  const error = useDatabases((state) => state.views[handle]?.error);
  return error ? <Notice handle={handle} error={error} onLook={() => void refresh(handle)} /> : null;
}

/** Before anything is begun here: what was interrupted would have to be answered first. It may take long to look again. */
const Unknown = ({ handle, error, looking }: { handle: string; error: AppError; looking: string | null }) =>
  looking === null ? (
    <Notice handle={handle} error={error} onLook={() => void loadRecovery(handle)} />
  ) : (
    <div style={{ padding: '14px 20px 0' }}>
      <p role="status">{lookingWords(looking)}</p>
      <StopLine handle={handle} reading="recovery:get" />
    </div>
  );

function Notice({ handle, error, onLook }: { handle: string; error: AppError; onLook: () => void }) {
  const name = useDatabases((state) => state.open.find((database) => database.handle === handle)?.name);
  return (
    <div style={{ padding: '14px 20px 0' }}>
      <ErrorNotice error={error} subject={name} actions={<Button onClick={onLook}>Look again</Button>} />
    </div>
  );
}

function Gone() {
  return (
    <Page label="Database not open">
      <ErrorNotice
        level={1}
        error={appError('E_UNKNOWN_HANDLE', 'This page belongs to a database that was closed.')}
        actions={<Button onClick={goHome}>Go to the start page</Button>}
      />
    </Page>
  );
}
