import type { BrowseTable } from '@shared/browse.ts';
import { useEffect, useState, type KeyboardEvent, type ReactNode } from 'react';
import { hideAll } from '../../../stores/revealed.ts';
import { followCell } from '../references.ts';
import { ValueViewer } from './value-viewer.tsx';

interface Cell {
  readonly rowKey: string;
  readonly column: string;
}

interface CellViewer {
  readonly view: (cell: Cell) => void;
  /** F2 or Shift+Enter: looks at the value; F3: goes to the row that it points to. @returns true when it was one of them. */
  readonly onKey: (event: KeyboardEvent, cell: Cell | null) => boolean;
  readonly dialog: ReactNode;
}

/** The dialog that shows one value of a table, and the keys of the grid that open it. */
export function useCellViewer(handle: string, table: BrowseTable, openKey: string | null): CellViewer {
  const [cell, setCell] = useState<Cell | null>(null);
  const [isOpen, setOpen] = useState(false);
  const view = (next: Cell): void => {
    setCell(next);
    setOpen(true);
  };
  useEffect(() => hideAll, [handle, table.name, openKey]);
  const close = (): void => {
    // Of a row that is open, what was shown stays until that is left.
    if (cell?.rowKey !== openKey) hideAll();
    setOpen(false);
  };
  const sensitive = table.columns.find(({ name }) => name === cell?.column)?.isSensitive ?? false;
  return {
    view,
    onKey(event, at) {
      const isView = event.key === 'F2' || (event.key === 'Enter' && event.shiftKey);
      if (at === null || !(isView || event.key === 'F3')) return false;
      event.preventDefault();
      if (isView) view(at);
      else void followCell(handle, table, at.rowKey, at.column);
      return true;
    },
    // Also while it is closed: the dialog notes where the focus was when it opens.
    dialog: (
      <ValueViewer
        isOpen={isOpen}
        place={cell && { handle, table: table.name, ...cell }}
        isSensitive={sensitive}
        onClose={close}
      />
    ),
  };
}
