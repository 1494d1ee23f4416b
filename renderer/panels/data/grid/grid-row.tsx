import type { BrowseRow } from '@shared/browse.ts';
import { memo } from 'react';
import { GridCell } from './grid-cell.tsx';
import { FIRST_ROW_INDEX } from './grid-sizes.ts';
import { ROW_PX } from './row-window.ts';
import type { ShownColumn } from './use-columns.ts';
import styles from './grid.module.css';

interface GridRowProps {
  readonly gridId: string;
  readonly position: number;
  readonly top: number;
  /** undefined: on its way. */
  readonly row: BrowseRow | undefined;
  readonly drawn: readonly ShownColumn[];
  /** Number of the active cell's column; null = the active cell is in another row. */
  readonly activeColumn: number | null;
  /** Numbers of the first and last marked column; -1 = none in this row. */
  readonly markedFrom: number;
  readonly markedTo: number;
}

export const cellId = (gridId: string, row: number, column: number): string => `${gridId}-${row}-${column}`;

/** Drawn again only when something in it changes: scrolling by a row draws one row. */
export const GridRow = memo(function GridRow(props: GridRowProps) {
  const { gridId, position, top, row, drawn, activeColumn, markedFrom, markedTo } = props;
  return (
    <div
      role="row"
      aria-rowindex={position + FIRST_ROW_INDEX}
      data-row={position}
      data-odd={position % 2 === 1}
      className={styles.row}
      style={{ transform: `translateY(${top}px)`, height: ROW_PX }}
    >
      {drawn.map(({ column, index, number, left, width, isPinned }) => (
        <GridCell
          key={column.name}
          id={cellId(gridId, position, number)}
          columnNumber={number}
          value={row?.cells[index]}
          left={left}
          width={width}
          isPinned={isPinned}
          isActive={number === activeColumn}
          isSelected={number >= markedFrom && number <= markedTo}
        />
      ))}
    </div>
  );
});
