import {
  IconAlertTriangleFilled,
  IconHexagonLetterXFilled,
  IconShield,
  IconShieldCheckFilled,
  IconShieldQuestion,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { safetyText, type AppError } from '@shared/errors.ts';
import { errorForSupport, isNotice } from '../words/errors.ts';
import { CopyButton } from './copy-button.tsx';
import styles from './error-notice.module.css';

/** The same three parts every time: what happened, is the data safe, what to do. No apology, no blame, no stack trace. */
export function ErrorNotice({ error, actions, subject, level = 2 }: ErrorNoticeProps) {
  const Heading = level === 1 ? 'h1' : 'h2';
  const certainty = CERTAINTY[error.safety] ?? 'sure';
  const isAsked = isNotice(error);
  const Icon = isAsked ? IconAlertTriangleFilled : IconHexagonLetterXFilled;
  const Shield = SHIELDS[certainty];
  return (
    <div role="alert" className={styles.notice} data-tone={isAsked ? 'attention' : 'blocked'}>
      <div className={styles.title}>
        <Icon size={20} className={styles.icon} aria-hidden />
        <Heading className={styles.heading}>{error.title}</Heading>
        <code className={styles.code}>{error.code}</code>
      </div>
      <p className={styles.safety} data-certainty={certainty}>
        <Shield size={18} aria-hidden />
        {error.safety}
      </p>
      <p className={styles.message}>{error.message}</p>
      <p className={styles.next}>
        <strong>What to do:</strong> {error.nextStep}
      </p>
      <div className={styles.actions}>
        {actions}
        <CopyButton withText label="Copy details for support" text={errorForSupport(error, subject)} />
      </div>
    </div>
  );
}

/** Green is for data that is well, not for what merely was not our doing. */
const CERTAINTY: Readonly<Record<string, keyof typeof SHIELDS>> = {
  [safetyText.unknown]: 'unsure',
  [safetyText['moved-away']]: 'unsure',
  [safetyText['not-ours']]: 'not-ours',
};
const SHIELDS = { sure: IconShieldCheckFilled, unsure: IconShieldQuestion, 'not-ours': IconShield } as const;

interface ErrorNoticeProps {
  readonly error: AppError;
  readonly actions?: ReactNode;
  /** Name of the file it is about, for the copied details. */
  readonly subject?: string | undefined;
  /** 1 where the notice is the page. */
  readonly level?: 1 | 2;
}
