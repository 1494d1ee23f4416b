import { useCallback, useEffect, useState } from 'react';
import type { AppError } from '@shared/errors.ts';
import type { Plan, SourceCoverage } from '@shared/run.ts';
import { call } from '../../api.ts';
import { reportLost } from '../../stores/databases.ts';
import { isLost } from '../../words/errors.ts';

/**
 * Makes the plan when the page opens, again on request, and again for each newer status: another window or program may
 * have changed the database. The older plan stays on screen until then, but cannot be started.
 */
export function usePlan(handle: string, toPhase: number, checkedAt: string) {
  const [plan, setPlan] = useState<Plan | null>(null);
  const [error, setError] = useState<AppError | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [answered, setAnswered] = useState('');
  const question = JSON.stringify([handle, toPhase, checkedAt, attempt]);
  useEffect(() => {
    let isWanted = true;
    void call('plan:make', { handle, toPhase }).then((made) => {
      if (!isWanted) return; // the page moved on while the plan was made
      setPlan(made.ok ? made.value : null);
      setError(made.ok ? null : made.error);
      if (!made.ok && isLost(made.error)) reportLost(handle, made.error);
      setAnswered(question);
    });
    return () => {
      isWanted = false;
    };
  }, [handle, toPhase, checkedAt, attempt, question]);
  const again = (): void => {
    setPlan(null);
    setError(null);
    setAttempt(attempt + 1);
  };
  /** Another folder of files, or none: shown at once, and the plan is made anew for it. */
  const withSource = useCallback((source: SourceCoverage | null) => {
    setPlan((old) => (old === null || source === null ? old : { ...old, source }));
    setAttempt((number) => number + 1);
  }, []);
  return { plan, error, again, withSource, isFresh: answered === question };
}
