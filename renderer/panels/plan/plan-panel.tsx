import { Button } from '@mantine/core';
import { useState } from 'react';
import { appError, type AppError } from '@shared/errors.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Page, PageHead, PageSkeleton } from '../../components/page.tsx';
import { goTo } from '../../stores/route.ts';
import { isActive, startRun, useRuns } from '../../stores/runs.ts';
import { PlanFacts } from './plan-facts.tsx';
import { PlanSteps } from './plan-steps.tsx';
import { Preflight } from './preflight.tsx';
import { isBlocked, isNothingLeft, planSummary, planTitle } from './plan-words.ts';
import { usePlan } from './use-plan.ts';
import styles from './plan.module.css';

/** What would be done, before anything is done: what happens, what it costs, what stands in the way. */
export function PlanPanel({ handle, status, toPhase }: { handle: string; status: DatabaseStatus; toPhase: number }) {
  const { plan, error: planError, again: makeAgain } = usePlan(handle, toPhase, status.checkedAt);
  const [refused, setRefused] = useState<AppError | null>(null);
  const [isStarting, setStarting] = useState(false);
  const hasActiveRun = useRuns((state) => isActive(state.byHandle[handle]));
  const back = (): void => goTo(handle, 'phases');
  const again = (): void => {
    setRefused(null);
    makeAgain();
  };
  const isReached = plan !== null && isNothingLeft(plan);
  const error = isReached
    ? appError('E_NOTHING_TO_DO', 'Everything of this plan has been done already.')
    : (refused ?? planError);

  if (error) {
    return (
      <Page label="Plan">
        <ErrorNotice
          level={1}
          error={error}
          subject={status.file.name}
          actions={
            <>
              {error.code !== 'E_NOTHING_TO_DO' && (
                <Button onClick={again}>{error.code === 'E_STATE_CHANGED' ? 'Look again' : 'Try again'}</Button>
              )}
              <Button variant={error.code === 'E_NOTHING_TO_DO' ? 'filled' : 'default'} onClick={back}>
                Back to the phases
              </Button>
            </>
          }
        />
      </Page>
    );
  }
  if (!plan) return <PageSkeleton words="Working out what would be done. Nothing is changed." />;

  const start = async (): Promise<void> => {
    setStarting(true);
    const started = await startRun(handle, plan.toPhase, plan.fingerprint);
    setStarting(false);
    if (started.ok) goTo(handle, 'activity');
    else setRefused(started.error);
  };
  return (
    <Page label="Plan">
      <PageHead
        title={planTitle(plan, status)}
        actions={
          <>
            <Button size="sm" variant="default" onClick={back}>
              Cancel
            </Button>
            {isBlocked(plan) ? (
              <Button size="sm" onClick={again}>
                Check again
              </Button>
            ) : (
              <Button size="sm" disabled={isStarting || hasActiveRun} onClick={() => void start()}>
                {isStarting ? 'Starting…' : 'Start upgrade'}
              </Button>
            )}
          </>
        }
      >
        <p>{planSummary(plan)} You can stop at any moment.</p>
      </PageHead>
      <div className={styles.columns}>
        <div className={styles.stack}>
          <Preflight findings={plan.preflight} fileName={status.file.name} />
          <PlanSteps plan={plan} phases={status.phases} />
        </div>
        <PlanFacts plan={plan} />
      </div>
    </Page>
  );
}
