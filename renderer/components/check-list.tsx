import { IconChevronRight } from '@tabler/icons-react';
import type { CheckResult } from '@shared/status.ts';
import { checkMarks } from '../words/states.ts';
import { StateMark } from './state-mark.tsx';
import styles from './check-list.module.css';

/** Executable checks: mark and sentence first; a line opens to its proof (query, counts, keys). */
export function CheckList({ checks, label }: { checks: readonly CheckResult[]; label: string }) {
  return (
    <ul className={styles.list} aria-label={label}>
      {checks.map((check) => (
        <li key={check.id}>
          {check.evidence.length === 0 ? (
            <div className={styles.line}>{words(check)}</div>
          ) : (
            <WithEvidence check={check} />
          )}
        </li>
      ))}
    </ul>
  );
}

function WithEvidence({ check }: { check: CheckResult }) {
  return (
    <details className={styles.details}>
      <summary className={styles.line}>
        {words(check)}
        <span className={styles.show}>
          Show the evidence
          <IconChevronRight size={14} aria-hidden />
        </span>
      </summary>
      <dl className={styles.evidence}>
        {check.evidence.map(({ label, text }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              <pre tabIndex={0} aria-label={label}>
                {text}
              </pre>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

const words = (check: CheckResult) => (
  <>
    <StateMark mark={checkMarks[check.state]} quiet />
    <span className={styles.words}>
      <span className={styles.title}>{check.title}</span>
      {check.summary !== '' && <span className="muted"> {check.summary}</span>}
    </span>
  </>
);
