import type { BrowseQuery, BrowseTable } from '@shared/browse.ts';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { createPortal } from 'react-dom';
import { knowRows } from '../../stores/browse.ts';
import type { RowSource } from '../../stores/browse-rows.ts';
import { reportLost } from '../../stores/databases.ts';
import { hidesRows } from '../../words/errors.ts';
import { CopyMenu } from './export/copy-menu.tsx';
import { useCopy } from './export/use-copy.ts';
import { Grid } from './grid/grid.tsx';
import { rangeOf, useActiveCell, type CellPlace } from './grid/use-active-cell.ts';
import { useColumns, type ArrangedColumns } from './grid/use-columns.ts';
import { useRowWindow } from './grid/use-row-window.ts';
import { OutdatedNotice } from './outdated-notice.tsx';
import { RecordPanel } from './record-panel.tsx';
import { RowsTrouble } from './rows-trouble.tsx';
import { StatusLine } from './status-line.tsx';
import { useKeptPlace, useRowsPlace } from './use-rows-place.ts';
import { useCellViewer } from './viewer/use-cell-viewer.tsx';
import styles from './data.module.css';

interface RowsViewProps {
  readonly handle: string;
  readonly table: BrowseTable;
  /** The question by now; the rows may still be those of the one before. */
  readonly query: BrowseQuery;
  readonly source: RowSource;
  readonly arranged: ArrangedColumns;
  readonly step: string | null;
  readonly isCopy: boolean;
  /** A question stands in front of the rows. */
  readonly isAsking: boolean;
  /** Where the copy menu stands: among the tools above. */
  readonly copySlot: HTMLElement | null;
}

/** The rows of one question, where one is in them, and the row that is open beside them. */
export function RowsView(props: RowsViewProps) {
  const { handle, table, query, source, arranged, step, isCopy, isAsking, copySlot } = props;
  const state = useSyncExternalStore(source.subscribe, () => source.state);
  const box = useRef<HTMLDivElement>(null);
  const rows = useRowWindow(state.rows.value, box);
  const columns = useColumns(table.columns, arranged, box);
  const kept = useKeptPlace(step);
  const active = useActiveCell(kept?.active);
  const [keptKey, setOpenKey] = useState(kept?.openKey ?? null);
  // Asked for by its number, where it is still on its way.
  const [openRow, setOpenRow] = useState<number | null>(null);
  const openKey = keptKey ?? (openRow === null ? null : (source.row(openRow)?.key ?? null));
  // Number of the row that is open, as it was when one went there; null = the one that comes to be active.
  const followed = useRef<number | null>(active.selection.active.row);
  useRowsPlace({ step, kept, total: state.rows.value, rows, active, openKey, box });
  const copying = useCopy({ handle, table, source, selection: active.selection, order: columns.order, box });
  const marked = rangeOf(active.selection);
  const markedRows = marked.to.row - marked.from.row + 1;
  const focus = (): void => box.current?.focus({ preventScroll: true });

  const { moveTo } = rows;
  const { selection, selectFirstRow, stayWithin } = active;
  const asked = JSON.stringify(source.query);
  const before = useRef(asked);
  useEffect(() => {
    // Other rows, or another order: from the first one on, in the column where one is.
    if (before.current === asked) return;
    before.current = asked;
    followed.current = null;
    selectFirstRow();
    queueMicrotask(() => moveTo(0));
  }, [asked, moveTo, selectFirstRow]);

  const lastRow = state.rows.isFinal ? Math.max(0, state.rows.value - 1) : Infinity;
  const lastColumn = Math.max(0, columns.order.length - 1);
  useEffect(() => {
    // Rows were deleted, a filter left fewer, or a column was hidden: the active cell is one that there is.
    if (selection.active.row > lastRow) followed.current = lastRow;
    stayWithin({ row: lastRow, column: lastColumn });
  }, [stayWithin, selection, lastRow, lastColumn]);

  const isWhole = source.query.filters.length === 0 && source.query.find === null;
  const { value, isExact } = state.rows;
  useEffect(() => {
    if (isWhole && isExact) knowRows(handle, table.name, value);
  }, [handle, table.name, isWhole, isExact, value]);

  useEffect(() => {
    if (state.error && hidesRows(state.error)) reportLost(handle, state.error);
  }, [handle, state.error]);

  const wasAsking = useRef(isAsking);
  useEffect(() => {
    // The focus is nowhere if it was in the question that is gone; anywhere else it stays.
    const isLost = document.activeElement === document.body;
    if (wasAsking.current && !isAsking && isLost) box.current?.focus({ preventScroll: true });
    wasAsking.current = isAsking;
  }, [isAsking]);

  const viewer = useCellViewer(handle, table, openKey);
  const cellAt = ({ row, column }: CellPlace): { rowKey: string; column: string } | null => {
    const rowKey = source.row(row)?.key;
    const name = table.columns[columns.order[column] ?? -1]?.name;
    return rowKey === undefined || name === undefined ? null : { rowKey, column: name };
  };
  const activeRow = selection.active.row;
  const activeKey = source.row(activeRow)?.key;
  const isOpen = openKey !== null;
  useEffect(() => {
    if (openKey === null) return;
    // The open row follows the active one when that moves; it stays when another row comes to stand at its number.
    const isMoved = activeKey !== undefined && followed.current !== activeRow;
    if (isMoved) followed.current = activeRow;
    setOpenKey(isMoved && box.current === document.activeElement ? activeKey : openKey);
  }, [openKey, activeRow, activeKey]);

  const close = (): void => {
    setOpenKey(null);
    setOpenRow(null);
    focus();
  };
  return (
    <div className={styles.rowsView} inert={isAsking}>
      {state.error && <RowsTrouble error={state.error} onRetry={source.refresh} onDone={focus} />}
      {state.isOutdated && !state.error && <OutdatedNotice handle={handle} onDone={focus} />}
      <div className={styles.rows}>
        <Grid
          handle={handle}
          table={table}
          query={query}
          source={source}
          columns={columns}
          rows={rows}
          box={box}
          active={active}
          onOpen={({ row }) => {
            setOpenKey(source.row(row)?.key ?? null);
            setOpenRow(row);
            followed.current = row;
          }}
          onOtherKey={(event, place) => {
            if (viewer.onKey(event, cellAt(place))) return;
            if (event.key === 'Escape' && isOpen) {
              event.preventDefault();
              close();
            } else copying.onKey(event);
          }}
        />
        {openKey !== null && (
          <RecordPanel handle={handle} table={table} rowKey={openKey} onView={viewer.view} onClose={close} />
        )}
        {viewer.dialog}
      </div>
      {copySlot &&
        createPortal(
          <CopyMenu
            copy={copying.copy}
            state={copying.state}
            rows={markedRows}
            cells={markedRows * (marked.to.column - marked.from.column + 1)}
          />,
          copySlot,
        )}
      <StatusLine handle={handle} first={rows.first} last={rows.last} state={state} isCopy={isCopy} />
    </div>
  );
}
