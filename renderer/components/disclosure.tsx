import { IconChevronRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import styles from './disclosure.module.css';

/** "Show the evidence": a native disclosure, so keyboard and find-in-page work. */
export function Disclosure({
  summary,
  children,
  isOpen = false,
}: {
  summary: ReactNode;
  children: ReactNode;
  isOpen?: boolean;
}) {
  return (
    <details className={styles.disclosure} open={isOpen}>
      <summary className={styles.summary}>
        <IconChevronRight size={14} className={styles.chevron} aria-hidden />
        {summary}
      </summary>
      <div className={styles.body}>{children}</div>
    </details>
  );
}
