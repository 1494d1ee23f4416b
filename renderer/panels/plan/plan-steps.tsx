import type { Plan } from '@shared/run.ts';
import type { PhaseStatus } from '@shared/status.ts';
import { Section } from '../../components/section.tsx';
import { counted } from '../../words/numbers.ts';
import { stepNote } from './plan-words.ts';
import styles from './plan.module.css';

/** Step by step in plain sentences: what is added, moved, removed. */
export function PlanSteps({ plan, phases }: { plan: Plan; phases: readonly PhaseStatus[] }) {
  const numbers = [...new Set(plan.steps.map(({ phase }) => phase))];
  return (
    <Section
      title="What will happen"
      note={plan.steps.length === 0 ? 'no migration is needed' : counted(plan.steps.length, 'migration')}
    >
      <p className={styles.first}>
        <strong>The backup comes first.</strong> It is copied, restored to a scratch file and checked. Only then is
        anything changed; if it cannot be proved, nothing starts.
      </p>
      {numbers.map((number) => (
        <div key={number}>
          <h3 className={styles.phaseName}>
            Phase {number} · {phases.find((phase) => phase.number === number)?.name ?? ''}
          </h3>
          <ol className={styles.steps}>
            {plan.steps
              .filter(({ phase }) => phase === number)
              .map((step) => (
                <li key={step.migrationId} className={styles.step}>
                  <p>
                    <strong>{step.title}</strong> <span className="muted">{stepNote(step)}</span>
                  </p>
                  <ul className={styles.what}>
                    {step.what.map((words) => (
                      <li key={words}>{words}</li>
                    ))}
                  </ul>
                  <code className={styles.id}>{step.migrationId}</code>
                </li>
              ))}
          </ol>
        </div>
      ))}
      <p className={styles.last}>
        <strong>At the end</strong> a fresh process opens the file and repeats every check, and compares what must not
        have changed with the backup. Only then is it called done.
      </p>
    </Section>
  );
}
