import { Button } from '@mantine/core';
import type { DatabaseStatus, PhaseStatus } from '@shared/status.ts';
import { CheckList } from '../../components/check-list.tsx';
import { Disclosure } from '../../components/disclosure.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Page, PageHead } from '../../components/page.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { upgradeDetail } from '../../route.ts';
import { useDatabases, look } from '../../stores/databases.ts';
import { goTo } from '../../stores/route.ts';
import { isActive, useRuns } from '../../stores/runs.ts';
import { checkMarks, phaseMarks } from '../../words/states.ts';
import { StopReading } from '../frame/stop-reading.tsx';
import { MigrationList } from './migration-list.tsx';
import {
  describeCheckpoint,
  describeCriteria,
  describeMigrations,
  mainPhase,
  offerLabel,
  offerOf,
  phasesIntro,
  shownCriteria,
  startsOpen,
  waitsFor,
} from './phases-words.ts';
import styles from './phases.module.css';

interface PhasesPanelProps {
  readonly handle: string;
  readonly status: DatabaseStatus;
  /** Id of the one that was asked for. */
  readonly migration?: string | null;
}

/** The plan's stages in order: where the file stands, what each holds, and the way to the next. */
export function PhasesPanel({ handle, status, migration = null }: PhasesPanelProps) {
  const hasActiveRun = useRuns((state) => isActive(state.byHandle[handle]));
  const main = mainPhase(status);
  const isChecking = useDatabases((state) => state.views[handle]?.busy === 'checking');
  const stopped = useDatabases((state) => state.views[handle]?.stopped ?? null);
  return (
    <Page label="Phases">
      <PageHead
        title="Phases"
        actions={
          <>
            {isChecking && <StopReading handle={handle} reading="database:check" size="sm" />}
            <Button size="sm" variant="default" disabled={isChecking} onClick={() => void look(handle, 'check')}>
              {isChecking ? 'Checking…' : 'Check every exit criterion'}
            </Button>
            {main && (
              <Button
                size="sm"
                disabled={hasActiveRun}
                onClick={() => goTo(handle, 'phases', upgradeDetail(main.number))}
              >
                {offerLabel(main, 'main')}
              </Button>
            )}
          </>
        }
      >
        <p>{phasesIntro(status)}</p>
      </PageHead>
      {stopped && <ErrorNotice error={stopped} subject={status.file.name} />}
      <ol className={styles.stepper}>
        {status.phases.map((phase) => (
          <Phase
            key={phase.number}
            handle={handle}
            phase={phase}
            status={status}
            canStart={!hasActiveRun}
            migration={migration}
          />
        ))}
      </ol>
    </Page>
  );
}

interface PhaseProps {
  readonly handle: string;
  readonly phase: PhaseStatus;
  readonly status: DatabaseStatus;
  readonly canStart: boolean;
  readonly migration: string | null;
}

function Phase({ handle, phase, status, canStart, migration }: PhaseProps) {
  const mark = phaseMarks[phase.state];
  const offer = offerOf(phase, status);
  const checkpoint = describeCheckpoint(phase, status);
  const waits = waitsFor(phase, status);
  const isOpen = startsOpen(phase, offer) || phase.migrations.some(({ id }) => id === migration);
  return (
    <li
      className={styles.phase}
      data-state={phase.state}
      aria-label={`Phase ${phase.number}, ${phase.name}: ${mark.word}`}
    >
      <div className={styles.rail} aria-hidden>
        <span className={styles.number}>{phase.number}</span>
      </div>
      <div className={styles.content}>
        <div className={styles.top}>
          <div className={styles.words}>
            <h2 className={styles.name}>
              Phase {phase.number} · {phase.name}
            </h2>
            <p className="muted">{phase.scope}</p>
            <p className={styles.state}>
              <StateMark mark={mark} />
              {checkpoint !== null && <span className="muted">{checkpoint}</span>}
              {phase.removesAnything && phase.state !== 'done' && (
                <span className="muted">removes the older tables and columns</span>
              )}
            </p>
          </div>
          {waits !== null && <p className={styles.waits}>{waits}</p>}
          {offer === 'main' && <p className={styles.waits}>the goal of the upgrade</p>}
          {offer === 'step' && (
            <Button
              variant="default"
              disabled={!canStart}
              onClick={() => goTo(handle, 'phases', upgradeDetail(phase.number))}
            >
              {offerLabel(phase, offer)}
            </Button>
          )}
        </div>
        {phase.state !== 'unavailable' && (
          <>
            {phase.migrations.length === 0 ? (
              <p className={styles.none}>{describeMigrations(phase)}.</p>
            ) : (
              <Disclosure summary={describeMigrations(phase)} isOpen={isOpen}>
                <MigrationList migrations={phase.migrations} wanted={migration} />
              </Disclosure>
            )}
            {phase.exitCriteria.length > 0 && (
              <Disclosure summary={describeCriteria(phase)} isOpen={phase.state === 'attention'}>
                <Criteria phase={phase} />
              </Disclosure>
            )}
          </>
        )}
      </div>
    </li>
  );
}

function Criteria({ phase }: { phase: PhaseStatus }) {
  const shown = shownCriteria(phase);
  const marks = new Map(shown.map(({ check, mark }) => [check, mark]));
  return (
    <CheckList
      checks={shown.map(({ check }) => check)}
      label={`Exit criteria of phase ${phase.number}`}
      markOf={(check) => marks.get(check) ?? checkMarks[check.state]}
    />
  );
}
