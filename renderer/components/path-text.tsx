import { Tooltip } from '@mantine/core';
import { visible } from '../words/text.ts';
import { CopyButton } from './copy-button.tsx';
import styles from './path-text.module.css';

/** The file name is what people look for: so many characters at the end stay, and give way last. */
const tailOf = (maxLength: number): number => Math.min(32, Math.floor(maxLength / 2));

/** A path or identifier: monospace, shortened in the middle as far as its place needs, whole on hover and when copied. */
export function PathText({ path: whole, maxLength = 56, canCopy = true, what = 'path' }: PathTextProps) {
  const path = visible(whole);
  const split = Math.max(0, path.length - tailOf(maxLength));
  return (
    <span className={styles.path}>
      <Tooltip label={<span className={styles.whole}>{path}</span>}>
        <span className={`mono ${styles.text}`} style={{ maxWidth: `${maxLength}ch` }}>
          <span className={styles.head}>{path.slice(0, split)}</span>
          <span className={styles.tail}>{path.slice(split)}</span>
        </span>
      </Tooltip>
      {canCopy && <CopyButton text={whole} label={`Copy ${what}`} />}
    </span>
  );
}

interface PathTextProps {
  readonly path: string;
  /** Characters that it takes at most. */
  readonly maxLength?: number;
  readonly canCopy?: boolean;
  /** For the copy button's name: "Copy path", "Copy SHA-256". */
  readonly what?: string;
}
