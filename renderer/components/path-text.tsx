import { Tooltip } from '@mantine/core';
import { visible } from '../words/text.ts';
import { CopyButton } from './copy-button.tsx';
import styles from './path-text.module.css';

/**
 * Where the end begins that stays and gives way last, because the file name is what people look for: at a separator, so
 * that no name and no date is cut in the middle, where there is one that leaves room for the beginning of the path.
 */
export function splitPath(path: string, maxLength: number): number {
  const split = path.length - Math.min(32, Math.floor(maxLength / 2));
  if (split < 2) return 0;
  const inTail = path.slice(split, -1).search(/[/\\]/);
  if (inTail >= 0) return split + inTail;
  const name = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  return name >= MIN_HEAD && path.length - name <= maxLength - MIN_HEAD ? name : split;
}

/** Characters of the beginning that must be worth showing. */
const MIN_HEAD = 8;

/** A path or identifier: monospace, shortened in the middle as far as its place needs, whole on hover and when copied. */
export function PathText({ path: whole, maxLength = 56, canCopy = true, what = 'path' }: PathTextProps) {
  const path = visible(whole);
  const split = splitPath(path, maxLength);
  return (
    <span className={styles.path}>
      <Tooltip label={<span className={styles.whole}>{path}</span>}>
        <span className={`mono ${styles.text}`} style={{ maxWidth: `${maxLength}ch` }}>
          {split > 0 && <span className={styles.head}>{path.slice(0, split)}</span>}
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
