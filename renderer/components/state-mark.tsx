import {
  IconAlertTriangleFilled,
  IconCircle,
  IconCircleCheckFilled,
  IconHexagonLetterXFilled,
  IconLoader2,
  IconMinus,
} from '@tabler/icons-react';
import type { Mark, Tone } from '../words/states.ts';
import styles from './state-mark.module.css';

const icons: Record<Tone, typeof IconCircle> = {
  done: IconCircleCheckFilled,
  attention: IconAlertTriangleFilled,
  blocked: IconHexagonLetterXFilled,
  running: IconLoader2,
  idle: IconCircle,
  none: IconMinus,
};

/** The one look of a state: shape, colour and word. With `quiet` the word is for screen readers and the tooltip only. */
export function StateMark({ mark, quiet = false, size = 16, wraps = false }: StateMarkProps) {
  const Icon = icons[mark.tone];
  const icon = <Icon size={size} stroke={2} className={styles.icon} aria-hidden />;
  if (quiet) {
    return (
      <span role="img" aria-label={mark.word} title={mark.word} className={styles.mark} data-tone={mark.tone}>
        {icon}
      </span>
    );
  }
  return (
    <span className={styles.mark} data-tone={mark.tone}>
      {icon}
      <span className={styles.word} data-wraps={wraps}>
        {mark.word}
      </span>
    </span>
  );
}

interface StateMarkProps {
  readonly mark: Mark;
  readonly quiet?: boolean;
  /** px */
  readonly size?: number;
  /** For whole sentences: the words may take more than one line. */
  readonly wraps?: boolean;
}
