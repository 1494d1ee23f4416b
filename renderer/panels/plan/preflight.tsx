import type { Plan } from '@shared/run.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Section } from '../../components/section.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { errorForSupport } from '../../words/errors.ts';
import { preflightMarks } from '../../words/states.ts';
import { preflightNote, sortFindings } from './plan-words.ts';
import styles from './plan.module.css';

/** What was looked at before the start; what stands in the way comes first, with what to do about it. */
export function Preflight({ plan, fileName }: { plan: Pick<Plan, 'preflight' | 'gating'>; fileName: string }) {
  const { preflight: findings, gating } = plan;
  return (
    <Section title="Before the start" note={preflightNote(findings, gating.length > 0)}>
      <ul>
        {sortFindings(findings).map((finding) => (
          <li key={finding.id} className={styles.finding} data-state={finding.state}>
            <StateMark mark={preflightMarks[finding.state]} quiet />
            <div>
              <strong>{finding.title}</strong> <span className="muted">{finding.detail}</span>
              {finding.error && (
                <p>
                  {finding.error.safety} {finding.error.nextStep} <code>{finding.error.code}</code>
                  <CopyButton label="Copy details for support" text={errorForSupport(finding.error, fileName)} />
                </p>
              )}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
