import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import styles from './page.module.css';

/** Head of a page: headline, one or two sentences, and at most one filled button. */
export function PageHead({
  title,
  children,
  actions,
}: {
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className={styles.head}>
      <div className={styles.words}>
        <h1>{title}</h1>
        {children !== undefined && <div className={styles.lead}>{children}</div>}
      </div>
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

export function Page({ children, label }: { children: ReactNode; label: string }) {
  return (
    <div className={styles.page} role="region" aria-label={label}>
      {children}
    </div>
  );
}

/** Grey shapes in place of a page that is on its way, with words that say what is happening, and a way to give it up. */
export function PageSkeleton({ words, children }: { words: string; children?: ReactNode }) {
  return (
    <div className={styles.page}>
      <p role="status" className="muted">
        {words}
      </p>
      {children}
      <Skeleton height={26} width="45%" />
      <Skeleton height={16} width="70%" />
      <Skeleton height={72} />
      <Skeleton height={280} />
    </div>
  );
}

/** Nothing here yet, and what would change that. */
export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <p className={styles.emptyTitle}>{title}</p>
      {children}
    </div>
  );
}
