import type { BrowseQuery, BrowseTable } from '@shared/browse.ts';
import {
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type KeyboardEvent,
  type MouseEvent,
} from 'react';
import type { RowSource } from '../../../stores/browse-rows.ts';
import { shownName } from '../../../words/text.ts';
import { GridHeader } from './grid-header.tsx';
import { cellId, GridRow } from './grid-row.tsx';
import { FIRST_ROW_INDEX } from './grid-sizes.ts';
import { rangeOf, type ActiveCell, type CellPlace } from './use-active-cell.ts';
import { columnId, type GridColumns } from './use-columns.ts';
import type { RowWindow } from './use-row-window.ts';
import styles from './grid.module.css';

interface GridProps {
  readonly handle: string;
  readonly table: BrowseTable;
  /** What is asked by now: what is typed into the header cannot wait for the rows. */
  readonly query: BrowseQuery;
  readonly source: RowSource;
  readonly columns: GridColumns;
  readonly rows: RowWindow;
  readonly box: React.RefObject<HTMLDivElement | null>;
  readonly active: ActiveCell;
  /** Enter, or a double click. */
  readonly onOpen: (place: CellPlace) => void;
  /** Keys that are none of the grid's own. */
  readonly onOtherKey: (event: KeyboardEvent, place: CellPlace) => void;
}

/** The rows of a table, however many: an ARIA grid with one tab stop that draws what is in view. */
export function Grid(props: GridProps) {
  const { handle, table, query, source, columns, rows, box, active, onOpen, onOtherKey } = props;
  const state = useSyncExternalStore(source.subscribe, () => source.state);
  const id = useId();
  const [menuOf, setMenuOf] = useState<string | null>(null);
  const [from, to] = [rows.drawn[0]?.position ?? 0, rows.drawn.at(-1)?.position ?? 0];
  useEffect(() => source.want(from, to), [source, from, to, state.revision]);
  const range = rangeOf(active.selection);
  const { active: cell } = active.selection;
  const size = { rows: state.rows.value, columns: columns.order.length, pageRows: rows.visibleRows };
  const isCellDrawn =
    rows.drawn.some(({ position }) => position === cell.row) &&
    columns.drawn.some(({ number }) => number === cell.column);

  const focus = useCallback(() => box.current?.focus({ preventScroll: true }), [box]);
  const onMenu = useCallback(
    (column: string | null) => {
      setMenuOf(column);
      if (column === null) focus();
    },
    [focus],
  );
  const latest = useRef(columns);
  useLayoutEffect(() => {
    latest.current = columns;
  }, [columns]);
  const onResize = useCallback((name: string, event: MouseEvent) => {
    event.preventDefault();
    const headers = latest.current.table.getFlatHeaders();
    headers.find(({ column }) => column.id === columnId(name))?.getResizeHandler()(event.nativeEvent);
  }, []);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget) return; // typed into a filter box
    const isCommand = event.ctrlKey || event.metaKey;
    const name = columns.names[cell.column];
    if (event.altKey && event.key === 'ArrowDown' && name !== undefined) {
      event.preventDefault();
      columns.show(cell.column);
      return setMenuOf(name);
    }
    if (isCommand && event.key.toLowerCase() === 'a') {
      event.preventDefault();
      return active.selectAll(size);
    }
    const place = active.onKey(event, size);
    if (place) {
      rows.show(place.row);
      columns.show(place.column);
    } else if (event.key === 'Enter' && !isCommand && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      rows.show(cell.row); // scrolled away from, it is on its way again
      columns.show(cell.column);
      onOpen(cell);
    } else onOtherKey(event, cell);
  };
  const onMouse = (event: MouseEvent): void => {
    const place = placeAt(event.target);
    if (!place || event.button !== 0) return;
    if (event.type === 'mousedown') focus(); // the browser does so only later: an open row follows who is in the grid
    active.select(place, event.shiftKey || (event.type === 'mousemove' && event.buttons === 1));
  };

  return (
    <div
      ref={box}
      role="grid"
      tabIndex={0}
      aria-label={shownName(table.name)}
      aria-describedby={`${id}-keys`}
      aria-rowcount={state.rows.isExact ? state.rows.value + FIRST_ROW_INDEX - 1 : -1}
      aria-colcount={columns.order.length}
      aria-multiselectable
      aria-activedescendant={isCellDrawn ? cellId(id, cell.row, cell.column) : undefined}
      aria-busy={state.isWaiting}
      className={styles.grid}
      style={{ scrollPaddingLeft: columns.pinnedPx }}
      onKeyDown={onKeyDown}
      onMouseDown={onMouse}
      onMouseMove={(event) => event.buttons === 1 && onMouse(event)}
      onDoubleClick={(event) => {
        const place = placeAt(event.target);
        if (place) onOpen(place);
      }}
    >
      <span id={`${id}-keys`} hidden>
        Arrow keys move, Enter opens the row, Alt and arrow down: what can be done with the column.
      </span>
      <GridHeader
        handle={handle}
        table={table}
        query={query}
        drawn={columns.drawn}
        arranged={columns.arranged}
        widthPx={columns.widthPx}
        menuOf={menuOf}
        onMenu={onMenu}
        onResize={onResize}
        onTyping={columns.keep}
        onLeave={focus}
      />
      <div role="rowgroup" className={styles.body} style={{ height: rows.heightPx, width: columns.widthPx }}>
        {rows.drawn.map(({ position, top }) => {
          const isMarked = position >= range.from.row && position <= range.to.row;
          return (
            <GridRow
              key={position}
              gridId={id}
              position={position}
              top={top}
              row={source.row(position)}
              drawn={columns.drawn}
              activeColumn={cell.row === position ? cell.column : null}
              markedFrom={isMarked ? range.from.column : -1}
              markedTo={isMarked ? range.to.column : -1}
            />
          );
        })}
      </div>
    </div>
  );
}

/** The cell under the mouse; null = something else is. */
function placeAt(target: EventTarget): CellPlace | null {
  const element = target instanceof Element ? target.closest<HTMLElement>('[role=gridcell]') : null;
  const row = element?.parentElement?.dataset['row'];
  return element && row !== undefined ? { row: Number(row), column: Number(element.dataset['column']) } : null;
}
