import { Button, Group, Progress, Text } from '@mantine/core';
import {
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlugConnectedX,
  IconShieldCheckFilled,
} from '@tabler/icons-react';
import { useState } from 'react';
import type { RunSnapshot } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { BackupCard } from '../../components/backup-card.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Page, PageHead } from '../../components/page.tsx';
import { revealBackup } from '../../stores/backups.ts';
import { cancelRun, isStartedHere, pauseRun, resumeRun, useRuns } from '../../stores/runs.ts';
import { useSession } from '../../stores/session.ts';
import { percent } from '../../words/numbers.ts';
import { runMarkNow } from '../../words/states.ts';
import { useNow } from '../../components/use-now.ts';
import { RunSteps } from './run-steps.tsx';
import {
  canCancel,
  canPause,
  describeNow,
  lastKnown,
  NOT_CONNECTED,
  progressOf,
  quietWords,
  runTitle,
  safeToStopWords,
  stepsStood,
  SHARED_RUN,
} from './run-words.ts';
import { SpaceNotice } from './space-notice.tsx';
import styles from './run.module.css';

/** A run under way: what is happening in words, how far it is, and the way to stop. */
export function RunPanel({ handle, run, status }: { handle: string; run: RunSnapshot; status: DatabaseStatus }) {
  const refused = useRuns((state) => state.refused[handle]);
  const canReveal = useSession((state) => state.info?.canRevealFiles ?? false);
  const isConnected = useSession((state) => state.connection === 'open');
  const phaseName = status.phases.find(({ number }) => number === run.toPhase)?.name ?? null;
  return (
    <Page label="Run">
      <PageHead
        title={runTitle(run, phaseName)}
        actions={
          run.kind !== 'upgrade' || run.attention !== null ? undefined : (
            <Controls handle={handle} run={run} isConnected={isConnected} />
          )
        }
      >
        <p className={styles.now}>{isConnected ? describeNow(run) : lastKnown(run)}</p>
      </PageHead>
      {run.kind === 'upgrade' && !isStartedHere(run) && <p className="muted">{SHARED_RUN}</p>}
      {run.attention && <SpaceNotice handle={handle} attention={run.attention} isConnected={isConnected} />}
      <Bar run={run} isConnected={isConnected} />
      {isConnected && <Quiet run={run} />}
      {refused && <ErrorNotice error={refused} subject={status.file.name} />}
      {run.backup && (
        <BackupCard
          backup={run.backup}
          onReveal={canReveal ? () => void revealBackup(handle, run.backup?.id ?? null) : undefined}
        />
      )}
      {run.steps.length > 0 && (
        <RunSteps
          steps={run.steps}
          phases={status.phases}
          atHand={run.state === 'paused' || !isConnected ? runMarkNow(run.state, !isConnected) : undefined}
        />
      )}
    </Page>
  );
}

function Quiet({ run }: { run: RunSnapshot }) {
  const words = quietWords(run, useNow(10_000));
  return words === null ? null : <p className={styles.quiet}>{words}</p>;
}

function Bar({ run, isConnected }: { run: RunSnapshot; isConnected: boolean }) {
  const progress = progressOf(run);
  const isVerifying = run.state === 'verifying';
  // Rows of one step that are all done would look like the end to who cannot see what follows.
  const stood = !isConnected || (progress === null && !isVerifying) ? stepsStood(run) : null;
  const done =
    stood?.percent ?? (isVerifying ? 100 : progress === null ? 0 : percent(progress.rowsDone, progress.rowsTotal));
  return (
    <div className={styles.progress}>
      <div className={styles.barLine}>
        <Progress.Root size={14} className={styles.bar} data-waiting={progress === null && isConnected}>
          <Progress.Section
            value={done}
            striped={isVerifying}
            animated={isVerifying && isConnected}
            {...(isConnected ? {} : { color: 'gray' })}
            aria-label={stood ? 'Steps done' : 'Rows done'}
            aria-valuetext={stood?.words ?? describeNow(run)}
          />
        </Progress.Root>
        <span className={styles.percent}>{stood?.words ?? (progress === null ? '' : `${done} %`)}</span>
      </div>
      <p className={styles.safe} data-safe={isConnected}>
        {isConnected ? <IconShieldCheckFilled size={16} aria-hidden /> : <IconPlugConnectedX size={16} aria-hidden />}
        {isConnected ? safeToStopWords(run) : NOT_CONNECTED}
      </p>
    </div>
  );
}

interface ControlsProps {
  readonly handle: string;
  readonly run: RunSnapshot;
  /** Nobody hears a button otherwise. */
  readonly isConnected: boolean;
}

function Controls({ handle, run, isConnected }: ControlsProps) {
  const [isAsking, setAsking] = useState(false);
  const isPaused = run.state === 'paused';
  return (
    <>
      {run.state === 'verifying' ? null : isPaused ? (
        <Button
          size="sm"
          leftSection={<IconPlayerPlay size={15} aria-hidden />}
          disabled={!isConnected}
          onClick={() => void resumeRun(handle)}
        >
          Resume
        </Button>
      ) : (
        <Button
          size="sm"
          variant="default"
          leftSection={<IconPlayerPause size={15} aria-hidden />}
          disabled={!isConnected || !canPause(run)}
          onClick={() => void pauseRun(handle)}
        >
          {run.state === 'pausing' ? 'Pausing…' : 'Pause'}
        </Button>
      )}
      <Button
        size="sm"
        variant="default"
        leftSection={<IconPlayerStop size={15} aria-hidden />}
        disabled={!isConnected || !canCancel(run)}
        onClick={() => setAsking(true)}
      >
        {run.state === 'cancelling' ? 'Stopping…' : 'Stop safely'}
      </Button>
      <Dialog
        isOpen={isAsking && isConnected && canCancel(run)}
        onClose={() => setAsking(false)}
        title="Stop this upgrade?"
      >
        <Text size="sm">
          It stops after the rows in hand. Every finished step is kept, the file stays usable, and you can continue
          later from the same place. The verified backup stays where it is.
        </Text>
        <Group justify="flex-end" mt="md">
          <Button
            variant="default"
            onClick={() => {
              setAsking(false);
              void cancelRun(handle);
            }}
          >
            Stop safely
          </Button>
          <Button data-autofocus onClick={() => setAsking(false)}>
            Keep running
          </Button>
        </Group>
      </Dialog>
    </>
  );
}
