import { IconAlertTriangleFilled, IconInfoCircle, IconLock } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import styles from './notice.module.css';

const icons = { attention: IconAlertTriangleFilled, 'read-only': IconLock, info: IconInfoCircle } as const;

interface NoticeProps {
  readonly tone: keyof typeof icons;
  readonly title: string;
  readonly children: ReactNode;
}

/** What is special right now, in a line of its own. */
export function Notice({ tone, title, children }: NoticeProps) {
  const Icon = icons[tone];
  return (
    <div role="note" aria-label={title} className={styles.notice} data-tone={tone}>
      <Icon size={17} aria-hidden />
      <div>
        <strong>{title}</strong> {children}
      </div>
    </div>
  );
}
