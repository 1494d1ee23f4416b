import { Button } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { useEffect } from 'react';
import type { DatabaseStatus } from '@shared/status.ts';
import { Page, PageHead } from '../../components/page.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { useDatabases } from '../../stores/databases.ts';
import { loadBackups } from '../../stores/backups.ts';
import { goTo } from '../../stores/route.ts';
import { isActive, useRuns } from '../../stores/runs.ts';
import { upgradeDetail } from '../../route.ts';
import { healthMarks } from '../../words/states.ts';
import { EvidenceSection } from './evidence-section.tsx';
import { FileNotices } from './file-notices.tsx';
import { BackupStrip } from './backup-strip.tsx';
import { MoreStrips } from './more-strips.tsx';
import { headline, highlightWords, nextStep, scoreTiles, stateOfThings } from './overview-words.ts';
import { TableMatrix } from './table-matrix.tsx';
import styles from './overview.module.css';

/** "What is this file?": words first, then the counts, then every table, then the proof. */
export function OverviewPanel({ handle, status }: { handle: string; status: DatabaseStatus }) {
  const hasActiveRun = useRuns((state) => isActive(state.byHandle[handle]));
  useEffect(() => void loadBackups(handle), [handle]);
  return (
    <Page label="Overview">
      <PageHead
        title={headline(status)}
        actions={<NextButton handle={handle} status={status} hasActiveRun={hasActiveRun} />}
      >
        <p className={styles.health}>
          <StateMark mark={healthMarks[status.health.state]} quiet size={18} />
          <span>
            {stateOfThings(status)} {!hasActiveRun && 'Nothing has been changed by looking.'}
          </span>
        </p>
        {status.variant.description !== '' && <p className="muted">{status.variant.description}</p>}
        <p className={styles.highlights}>{highlightWords(status).join(' · ')}</p>
      </PageHead>
      <FileNotices handle={handle} status={status} />
      <ScoreTiles status={status} />
      <div>
        <BackupStrip handle={handle} canBackUp={!hasActiveRun} />
        <MoreStrips handle={handle} status={status} hasActiveRun={hasActiveRun} />
      </div>
      <TableMatrix handle={handle} tables={status.tables} />
      <EvidenceSection handle={handle} status={status} />
    </Page>
  );
}

function NextButton({
  handle,
  status,
  hasActiveRun,
}: {
  handle: string;
  status: DatabaseStatus;
  hasActiveRun: boolean;
}) {
  const next = nextStep(status, hasActiveRun);
  const isBusy = useDatabases((state) => state.views[handle]?.busy === 'checking');
  const go = (): void => {
    if (next.kind === 'watch') goTo(handle, 'activity');
    else if (next.kind === 'look') goTo(handle, 'phases');
    else goTo(handle, 'phases', upgradeDetail(next.toPhase));
  };
  return (
    <Button size="sm" rightSection={<IconArrowRight size={16} aria-hidden />} onClick={go} disabled={isBusy}>
      {next.label}
    </Button>
  );
}

function ScoreTiles({ status }: { status: DatabaseStatus }) {
  return (
    <ul className={styles.tiles} aria-label="Score card">
      {scoreTiles(status).map(({ value, label, tone }) => (
        <li key={label} className={styles.tile} data-tone={tone}>
          <span className={styles.tileValue}>{value}</span>
          <span className={styles.tileLabel}>{label}</span>
        </li>
      ))}
    </ul>
  );
}
