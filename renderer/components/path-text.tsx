import { Tooltip } from '@mantine/core';
import { middleEllipsis } from '../words/text.ts';
import { CopyButton } from './copy-button.tsx';
import styles from './path-text.module.css';

/** A path or identifier: monospace, shortened in the middle, whole on hover and when copied. */
export function PathText({ path, maxLength = 56, canCopy = true, what = 'path' }: PathTextProps) {
  const short = middleEllipsis(path, maxLength);
  const text = <span className={`mono ${styles.text}`}>{short}</span>;
  return (
    <span className={styles.path}>
      {short === path ? text : <Tooltip label={<span className={styles.whole}>{path}</span>}>{text}</Tooltip>}
      {canCopy && <CopyButton text={path} label={`Copy ${what}`} />}
    </span>
  );
}

interface PathTextProps {
  readonly path: string;
  readonly maxLength?: number;
  readonly canCopy?: boolean;
  /** For the copy button's name: "Copy path", "Copy SHA-256". */
  readonly what?: string;
}
