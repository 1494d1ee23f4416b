import { IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import type { CheckResult } from '@shared/status.ts';
import { checkMarks, type Mark } from '../words/states.ts';
import { StateMark } from './state-mark.tsx';
import styles from './check-list.module.css';

/** Executable checks: mark and sentence first; a line opens to its proof (query, counts, keys). */
export function CheckList({ checks, label, markOf = (check) => checkMarks[check.state] }: CheckListProps) {
  return (
    <ul className={styles.list} aria-label={label}>
      {checks.map((check) => (
        <li key={check.id}>
          {check.evidence.length === 0 ? (
            <div className={styles.line}>{words(check, markOf(check))}</div>
          ) : (
            <WithEvidence check={check} mark={markOf(check)} />
          )}
        </li>
      ))}
    </ul>
  );
}

interface CheckListProps {
  readonly checks: readonly CheckResult[];
  readonly label: string;
  /** Where the state alone does not say it. */
  readonly markOf?: (check: CheckResult) => Mark;
}

function WithEvidence({ check, mark }: { check: CheckResult; mark: Mark }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className={styles.details} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className={styles.line}>
        {words(check, mark)}
        <span className={styles.show}>
          {isOpen ? 'Hide' : 'Show'} the evidence
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

const words = (check: CheckResult, mark: Mark) => (
  <>
    <StateMark mark={mark} quiet />
    <span className={styles.words}>
      <span className={styles.title}>{check.title}</span>
      {check.summary !== '' && <span className="muted"> {check.summary}</span>}
    </span>
  </>
);
