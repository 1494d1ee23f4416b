import { IconChevronRight } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import styles from './disclosure.module.css';

/** "Show the evidence": a native disclosure, so keyboard and find-in-page work. */
export function Disclosure({
  summary,
  children,
  isOpen = false,
  isLate = false,
}: {
  summary: ReactNode;
  children: ReactNode;
  isOpen?: boolean;
  /** Where there are many: what is inside is drawn from the first time on that it is opened, not to be found before. */
  isLate?: boolean;
}) {
  const [isDrawn, setDrawn] = useState(isOpen || !isLate);
  return (
    <details className={styles.disclosure} open={isOpen} onToggle={isDrawn ? undefined : () => setDrawn(true)}>
      <summary className={styles.summary}>
        <IconChevronRight size={14} className={styles.chevron} aria-hidden />
        {summary}
      </summary>
      <div className={styles.body}>{isDrawn && children}</div>
    </details>
  );
}
