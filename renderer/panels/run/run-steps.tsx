import type { RunStep } from '@shared/run.ts';
import type { PhaseStatus } from '@shared/status.ts';
import { Section } from '../../components/section.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { count, counted } from '../../words/numbers.ts';
import { stepMarks, type Mark } from '../../words/states.ts';
import { hasStoppedAt, stepRows, stepTime } from './run-words.ts';
import styles from './run.module.css';

/** Migration by migration: state, rows, time, issue rows. */
export function RunSteps({ steps, phases, atHand, isOver = false, isAsked = false }: StepsProps) {
  const applied = steps.filter(({ state }) => state === 'applied').length;
  const numbers = [...new Set(steps.map(({ phase }) => phase))];
  return (
    <Section title="Migrations" note={`${count(applied)} of ${count(steps.length)} applied`} flush>
      {numbers.map((number) => (
        <div key={number}>
          {numbers.length > 1 && (
            <h3 className={styles.phaseName}>
              Phase {number} · {phases.find((phase) => phase.number === number)?.name ?? ''}
            </h3>
          )}
          <ol>
            {steps
              .filter(({ phase }) => phase === number)
              .map((step) => (
                <Step
                  key={step.migrationId}
                  step={step}
                  halted={
                    isOver && hasStoppedAt(step, isAsked) ? stopped : step.state === 'running' ? atHand : undefined
                  }
                />
              ))}
          </ol>
        </div>
      ))}
    </Section>
  );
}

interface StepsProps {
  readonly steps: readonly RunStep[];
  readonly phases: readonly PhaseStatus[];
  /** Of the step under way, where the run does not move or nobody knows whether it does. */
  readonly atHand?: Mark | undefined;
  /** The run ended: a step that was running is where it stopped. */
  readonly isOver?: boolean;
  /** It ended because it was asked to: nothing failed. */
  readonly isAsked?: boolean;
}

const stopped: Mark = { tone: 'attention', word: 'stopped here' };

/** @param halted in place of its own state. */
function Step({ step, halted }: { step: RunStep; halted: Mark | undefined }) {
  return (
    <li className={styles.step} data-state={halted ? 'stopped' : step.state}>
      <StateMark mark={halted ?? stepMarks[step.state]} quiet />
      <span className={styles.stepTitle} title={`${step.title} (${step.migrationId})`}>
        {step.title} <code className="muted">{step.migrationId}</code>
      </span>
      <span className={styles.stepIssues}>{step.issueRows > 0 && counted(step.issueRows, 'issue row')}</span>
      <span className={styles.stepRows}>{stepRows(step)}</span>
      <span className={styles.stepTime}>{stepTime(step)}</span>
    </li>
  );
}
