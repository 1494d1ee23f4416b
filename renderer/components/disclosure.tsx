import { IconChevronRight } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import styles from './disclosure.module.css';

/** "Show the evidence": a native disclosure, so keyboard and find-in-page work. */
export function Disclosure({
  summary,
  openSummary = summary,
  children,
  isOpen = false,
  isLate = false,
}: {
  summary: ReactNode;
  /** While it is open, where that reads otherwise. */
  openSummary?: ReactNode;
  children: ReactNode;
  isOpen?: boolean;
  /** Where there are many: what is inside is drawn from the first time on that it is opened, not to be found before. */
  isLate?: boolean;
}) {
  const [isDrawn, setDrawn] = useState(isOpen || !isLate);
  const [isShown, setShown] = useState(isOpen);
  const onToggle = ({ currentTarget: { open } }: { currentTarget: HTMLDetailsElement }): void => {
    setShown(open);
    setDrawn((was) => was || open);
  };
  return (
    <details className={styles.disclosure} open={isOpen} onToggle={onToggle}>
      <summary className={styles.summary}>
        <IconChevronRight size={14} className={styles.chevron} aria-hidden />
        {isShown ? openSummary : summary}
      </summary>
      <div className={styles.body}>{isDrawn && children}</div>
    </details>
  );
}
