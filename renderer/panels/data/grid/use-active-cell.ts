import { useCallback, useState, type KeyboardEvent } from 'react';

/** A cell by its row number and the number of its column among those shown. */
export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

/** The active cell, and the two corners of what is marked: the active cell alone, or a range. */
export interface Selection {
  readonly active: CellPlace;
  /** Where the range began. */
  readonly corner: CellPlace;
  /** Where it ends: the active cell, unless everything was marked at once. */
  readonly head: CellPlace;
}

export interface GridSize {
  readonly rows: number;
  readonly columns: number;
  readonly pageRows: number;
}

/**
 * Where a key moves the active cell, as the ARIA grid pattern says; null = the key is none of the grid's.
 * With Ctrl, Home and End go to the first and last row too, and arrows to the edge.
 */
export function moved(
  { row, column }: CellPlace,
  { key, isCommand }: { key: string; isCommand: boolean },
  { rows, columns, pageRows }: GridSize,
): CellPlace | null {
  const [lastRow, lastColumn] = [Math.max(0, rows - 1), Math.max(0, columns - 1)];
  const to = (nextRow: number, nextColumn: number): CellPlace => ({
    row: Math.min(lastRow, Math.max(0, nextRow)),
    column: Math.min(lastColumn, Math.max(0, nextColumn)),
  });
  switch (key) {
    case 'ArrowUp':
      return to(isCommand ? 0 : row - 1, column);
    case 'ArrowDown':
      return to(isCommand ? lastRow : row + 1, column);
    case 'ArrowLeft':
      return to(row, isCommand ? 0 : column - 1);
    case 'ArrowRight':
      return to(row, isCommand ? lastColumn : column + 1);
    case 'PageUp':
      return to(row - pageRows, column);
    case 'PageDown':
      return to(row + pageRows, column);
    case 'Home':
      return to(isCommand ? 0 : row, 0);
    case 'End':
      return to(isCommand ? lastRow : row, lastColumn);
    default:
      return null;
  }
}

export interface ActiveCell {
  readonly selection: Selection;
  /** @param isRange the range grows from where it began. */
  select(place: CellPlace, isRange: boolean): void;
  /** Marks every cell; the active one stays where it is. */
  selectAll(size: GridSize): void;
  /** To the first row, in the column where one is by then: an effect comes after keys that were pressed meanwhile. */
  selectFirstRow(): void;
  /** Back to where there are cells; nothing where one is among them. */
  stayWithin(last: CellPlace): void;
  /** @returns the cell that the key led to; null when the key was none of the grid's. */
  onKey(event: KeyboardEvent, size: GridSize): CellPlace | null;
}

const start: CellPlace = { row: 0, column: 0 };
/** One cell, and nothing marked beside it. */
const alone = (place: CellPlace): Selection => ({ active: place, corner: place, head: place });

/** @param at where to begin. */
export function useActiveCell(at: CellPlace = start): ActiveCell {
  const [selection, setSelection] = useState<Selection>(alone(at));
  const select = useCallback(
    (place: CellPlace, isRange: boolean) =>
      setSelection(({ corner }) => ({ active: place, corner: isRange ? corner : place, head: place })),
    [],
  );
  const selectAll = useCallback(
    ({ rows, columns }: GridSize) =>
      setSelection(({ active }) => ({
        active,
        corner: start,
        head: { row: Math.max(0, rows - 1), column: Math.max(0, columns - 1) },
      })),
    [],
  );
  const selectFirstRow = useCallback(() => setSelection(({ active: { column } }) => alone({ row: 0, column })), []);
  const stayWithin = useCallback(
    (last: CellPlace) =>
      setSelection((current) => {
        const { row, column } = current.active;
        const isWithin = row <= last.row && column <= last.column;
        return isWithin ? current : alone({ row: Math.min(row, last.row), column: Math.min(column, last.column) });
      }),
    [],
  );
  const onKey = (event: KeyboardEvent, size: GridSize): CellPlace | null => {
    if (event.altKey) return null;
    const isCommand = event.ctrlKey || event.metaKey;
    const place = moved(selection.active, { key: event.key, isCommand }, size);
    if (place === null) return null;
    event.preventDefault();
    select(place, event.shiftKey);
    return place;
  };
  return { selection, select, selectAll, selectFirstRow, stayWithin, onKey };
}

/** @returns the corners of a range, sorted. */
export function rangeOf({ head, corner }: Selection): { from: CellPlace; to: CellPlace } {
  return {
    from: { row: Math.min(head.row, corner.row), column: Math.min(head.column, corner.column) },
    to: { row: Math.max(head.row, corner.row), column: Math.max(head.column, corner.column) },
  };
}
