import type { CellValue } from '@shared/browse.ts';
import { memo } from 'react';
import { cellText } from '../cell-words.ts';
import styles from './grid.module.css';

interface GridCellProps {
  readonly id: string;
  readonly columnNumber: number;
  /** undefined: its row is on its way. */
  readonly value: CellValue | undefined;
  readonly left: number;
  readonly width: number;
  readonly isPinned: boolean;
  readonly isSelected: boolean;
  readonly isActive: boolean;
}

/** One value in one line. Everything is text: nothing that a database holds becomes markup. */
export const GridCell = memo(function GridCell(props: GridCellProps) {
  const { id, columnNumber, value, left, width, isPinned, isSelected, isActive } = props;
  const shown = value && cellText(value);
  return (
    <div
      role="gridcell"
      id={id}
      aria-colindex={columnNumber + 1}
      aria-selected={isSelected}
      aria-busy={shown === undefined}
      data-column={columnNumber}
      data-kind={shown?.kind ?? 'waiting'}
      data-active={isActive}
      data-pinned={isPinned}
      className={styles.cell}
      style={{ left, width }}
    >
      {shown ? (
        <>
          {shown.text}
          {shown.isCut && <span className={styles.more}>…</span>}
        </>
      ) : (
        <span className={styles.waiting} />
      )}
    </div>
  );
});
