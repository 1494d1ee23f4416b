import { Button } from '@mantine/core';
import { useState } from 'react';
import { appError, type AppError } from '@shared/errors.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Page, PageHead, PageSkeleton } from '../../components/page.tsx';
import { goOnTo, goTo } from '../../stores/route.ts';
import { isActive, startRun, useRuns } from '../../stores/runs.ts';
import { GatingSection } from './gating-section.tsx';
import { PlanActions } from './plan-actions.tsx';
import { PlanFacts } from './plan-facts.tsx';
import { PlanSteps } from './plan-steps.tsx';
import { isNothingLeft, planSummary, planTitle, stopWords } from './plan-words.ts';
import { Preflight } from './preflight.tsx';
import { RemovalDialog } from './removal-dialog.tsx';
import { RemovalSection } from './removal-section.tsx';
import { SourceSection } from './source-section.tsx';
import { usePlan } from './use-plan.ts';
import styles from './plan.module.css';

interface PlanProps {
  readonly handle: string;
  readonly status: DatabaseStatus;
  readonly toPhase: number;
}

/** What would be done, before anything is done: what happens, what it costs, what stands in the way. */
export function PlanPanel({ handle, status, toPhase }: PlanProps) {
  const { plan, error: planError, again: makeAgain, withSource, isFresh } = usePlan(handle, toPhase, status.checkedAt);
  const [refused, setRefused] = useState<AppError | null>(null);
  const [isStarting, setStarting] = useState(false);
  const [isConfirming, setConfirming] = useState(false);
  const hasActiveRun = useRuns((state) => isActive(state.byHandle[handle]));
  const back = (): void => goTo(handle, 'phases');
  const again = (): void => {
    setRefused(null);
    setConfirming(false);
    makeAgain();
  };
  const isReached = plan !== null && isNothingLeft(plan);
  const error = isReached
    ? appError('E_NOTHING_TO_DO', 'Everything of this plan has been done already.')
    : ((isConfirming ? null : refused) ?? planError);

  if (error) return <PlanRefused error={error} fileName={status.file.name} onAgain={again} onBack={back} />;
  if (!plan) return <PageSkeleton words="Working out what would be done. Nothing is changed." />;

  const start = async (confirmation: string | null): Promise<void> => {
    setStarting(true);
    const started = await startRun(handle, plan.toPhase, plan.fingerprint, confirmation);
    setStarting(false);
    if (started.ok) return goOnTo(handle, 'activity');
    setRefused(started.error);
    // A name that was mistyped is put right where it was typed; any other refusal is about the plan.
    if (started.error.code !== 'E_CONFIRMATION') setConfirming(false);
  };
  const preflight = <Preflight plan={plan} fileName={status.file.name} />;
  const stopsStart = plan.preflight.some(({ state }) => state === 'blocking');
  return (
    <Page label="Plan">
      <PageHead
        title={planTitle(plan, status)}
        actions={
          <PlanActions
            plan={plan}
            isStarting={isStarting}
            canStart={isFresh && !hasActiveRun}
            onStart={() => (plan.removesAnything ? setConfirming(true) : void start(null))}
            onAgain={again}
            onBack={back}
          />
        }
      >
        <p>
          {planSummary(plan)} {stopWords(plan)}
        </p>
      </PageHead>
      <div className={styles.columns}>
        <div className={styles.stack}>
          {stopsStart && preflight /* why it cannot be started must be in sight */}
          {plan.gating.length > 0 && <GatingSection handle={handle} gating={plan.gating} />}
          {plan.removesAnything && <RemovalSection plan={plan} status={status} />}
          {plan.source && (
            <SourceSection handle={handle} source={plan.source} fileName={status.file.name} onChange={withSource} />
          )}
          {!stopsStart && preflight}
          <PlanSteps plan={plan} phases={status.phases} />
        </div>
        <PlanFacts plan={plan} />
      </div>
      <RemovalDialog
        isOpen={isConfirming}
        plan={plan}
        status={status}
        isStarting={isStarting}
        error={isConfirming ? refused : null}
        onConfirm={(typed) => void start(typed)}
        onClose={() => {
          setRefused(null);
          setConfirming(false);
        }}
      />
    </Page>
  );
}

interface RefusedProps {
  readonly error: AppError;
  readonly fileName: string;
  readonly onAgain: () => void;
  readonly onBack: () => void;
}

function PlanRefused({ error, fileName, onAgain, onBack }: RefusedProps) {
  const isOver = error.code === 'E_NOTHING_TO_DO';
  return (
    <Page label="Plan">
      <ErrorNotice
        level={1}
        error={error}
        subject={fileName}
        actions={
          <>
            {!isOver && (
              <Button onClick={onAgain}>{error.code === 'E_STATE_CHANGED' ? 'Look again' : 'Try again'}</Button>
            )}
            <Button variant={isOver ? 'filled' : 'default'} onClick={onBack}>
              Back to the phases
            </Button>
          </>
        }
      />
    </Page>
  );
}
