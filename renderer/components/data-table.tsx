import { Button } from '@mantine/core';
import { IconArrowDown, IconArrowsSort, IconArrowUp, IconChevronRight } from '@tabler/icons-react';
import {
  createColumnHelper,
  createExpandedRowModel,
  createSortedRowModel,
  rowExpandingFeature,
  rowSortingFeature,
  tableFeatures,
  useTable,
  type SortFn,
} from '@tanstack/react-table';
import { Fragment, useMemo, useRef, useState, type CSSProperties, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { count } from '../words/numbers.ts';
import { useDrawnRows } from './use-drawn-rows.ts';
import styles from './data-table.module.css';

/** What a column shows (`cell`) and what it sorts by (`value`). */
export interface Column<Row> {
  readonly id: string;
  readonly header: string;
  readonly value: (row: Row) => string | number | null;
  readonly cell?: (row: Row) => ReactNode;
  readonly align?: 'right';
  readonly width?: string;
  /** In place of `width` in a narrow window. */
  readonly narrowWidth?: string;
  /** Left away in a window narrower than so many px. */
  readonly spareBelow?: 900 | 760;
  /** Buttons and the like: no sorting, header for screen readers only. */
  readonly isActions?: boolean;
}

interface DataTableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly rowId: (row: Row) => string;
  /** Content of an opened row; without it rows do not open. */
  readonly detail?: (row: Row) => ReactNode;
  /** Rows that are open from the start. */
  readonly startsOpen?: (row: Row) => boolean;
  readonly canSort?: boolean;
  readonly emptyText?: string;
  /** For thousands of rows: scrolls in a box of its own and draws what is visible. Its rows do not open. */
  readonly isLong?: boolean;
  /** The last row came into view: time to fetch more. */
  readonly onEnd?: (() => void) | undefined;
}

type Value = string | number | null;
const features = tableFeatures({
  rowSortingFeature,
  rowExpandingFeature,
  sortedRowModel: createSortedRowModel(),
  expandedRowModel: createExpandedRowModel(),
});
interface Held<Row> {
  readonly row: Row;
}

function openAtFirst<Row>(
  rows: readonly Row[],
  rowId: (row: Row) => string,
  startsOpen: ((row: Row) => boolean) | undefined,
): Record<string, boolean> {
  return Object.fromEntries(rows.filter((row) => startsOpen?.(row)).map((row) => [rowId(row), true]));
}

/** Somebody who marks text to copy it does not want the row to open. */
const isPlainClick = (): boolean => getSelection()?.isCollapsed !== false;

/** Numbers by size, text as people read it (a2 before a10), nothing last. */
function compareValues(left: Value, right: Value): number {
  if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return String(left).localeCompare(String(right), 'en', { numeric: true });
}

/** What can be pressed in the row of this number, or the row itself. */
function focusRow(body: Element | null, index: number): void {
  const row = body?.querySelector<HTMLElement>(`:scope > tr[data-index="${index}"]`);
  if (row) row.tabIndex = -1;
  (row?.querySelector('button') ?? row)?.focus();
}

/** A slow computer draws 1,500 rows in 1 s, and stands still meanwhile; nobody reads that many at once. */
const ROWS_AT_ONCE = 50;

/** A dense table: sortable headers, rows that open. Sorting and opening are TanStack's, the markup is ours. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const {
    label,
    rows,
    columns,
    rowId,
    detail,
    canSort = true,
    emptyText = 'Nothing here.',
    isLong = false,
    onEnd,
  } = props;
  const data = useMemo(() => rows.map((row): Held<Row> => ({ row })), [rows]);
  const defs = useMemo(() => {
    const helper = createColumnHelper<typeof features, Held<Row>>();
    const sortFn: SortFn<typeof features, Held<Row>> = (a, b, id) =>
      compareValues(a.getValue<Value>(id), b.getValue<Value>(id));
    return helper.columns(
      columns.map(({ id, value, isActions }) =>
        helper.accessor(({ row }) => value(row), { id, sortFn, enableSorting: canSort && !isActions }),
      ),
    );
  }, [columns, canSort]);
  const { startsOpen } = props;
  const [expanded] = useState(() => openAtFirst(rows, rowId, startsOpen));
  const table = useTable({
    features,
    columns: defs,
    data,
    getRowId: ({ row }) => rowId(row),
    getRowCanExpand: () => detail !== undefined,
    initialState: { expanded },
    sortDescFirst: false,
  });
  const sorting = table.state.sorting;
  const width = columns.length + (detail ? 1 : 0);
  const all = table.getRowModel().rows;
  const box = useRef<HTMLDivElement>(null);
  const [most, setMost] = useState(ROWS_AT_ONCE);
  const hidden = isLong ? 0 : Math.max(0, all.length - most);
  const drawn = useDrawnRows({ rows: hidden > 0 ? all.slice(0, most) : all, isLong, onEnd, box });

  const content = (
    <table
      className={styles.table}
      aria-label={label}
      data-long={isLong}
      aria-rowcount={isLong ? all.length + 1 : undefined}
    >
      <thead>
        <tr>
          {detail && (
            <th className={styles.opener}>
              <span className={styles.hidden}>Open</span>
            </th>
          )}
          {columns.map((column) => (
            <Header
              key={column.id}
              column={column}
              sorted={sorting.find(({ id }) => id === column.id)?.desc}
              onSort={canSort && !column.isActions ? () => table.getColumn(column.id)?.toggleSorting() : undefined}
            />
          ))}
        </tr>
      </thead>
      <tbody>
        <Spacer height={drawn.before} width={width} />
        {drawn.rows.map(({ row, index }) => {
          const isOpen = detail !== undefined && row.getIsExpanded();
          return (
            <Fragment key={row.id}>
              {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the button in it has the keys; the row is only a larger target */}
              <tr
                ref={drawn.measure}
                data-index={index}
                aria-rowindex={isLong ? index + 2 : undefined}
                data-open={isOpen}
                data-opens={detail !== undefined}
                onClick={detail && (() => isPlainClick() && row.toggleExpanded())}
              >
                {detail && (
                  <td className={styles.opener}>
                    <button
                      type="button"
                      aria-expanded={isOpen}
                      aria-label={`Details of ${row.id}`}
                      onClick={(event) => {
                        event.stopPropagation();
                        row.toggleExpanded();
                      }}
                    >
                      <IconChevronRight size={14} aria-hidden />
                    </button>
                  </td>
                )}
                {columns.map((column) => (
                  <td key={column.id} data-align={column.align} data-spare={column.spareBelow}>
                    {column.cell ? column.cell(row.original.row) : (column.value(row.original.row) ?? '–')}
                  </td>
                ))}
              </tr>
              {isOpen && (
                <tr className={styles.detailRow}>
                  <td colSpan={width}>
                    <div className={styles.detail}>{detail(row.original.row)}</div>
                  </td>
                </tr>
              )}
            </Fragment>
          );
        })}
        <Spacer height={drawn.after} width={width} />
        {hidden > 0 && (
          <tr>
            <td colSpan={width} className={styles.empty}>
              <Button
                size="xs"
                variant="default"
                onClick={({ currentTarget: button }) => {
                  const body = button.closest('tbody');
                  flushSync(() => setMost(most + ROWS_AT_ONCE));
                  if (!button.isConnected) focusRow(body, most); // it goes with the last of them
                }}
              >
                Show {count(Math.min(hidden, ROWS_AT_ONCE))} more of {count(hidden)}
              </Button>
            </td>
          </tr>
        )}
        {rows.length === 0 && (
          <tr>
            <td colSpan={width} className={styles.empty}>
              {emptyText}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
  if (!isLong) return content;
  return (
    <div ref={box} className={styles.scroller} role="region" aria-label={`${label}, scrolls`} tabIndex={0}>
      {content}
    </div>
  );
}

/** In place of the rows that are not drawn. */
function Spacer({ height, width }: { height: number; width: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden className={styles.spacer} style={{ height }}>
      {/* oxlint-disable-next-line jsx-a11y/control-has-associated-label -- hidden: it stands for rows, not for a cell */}
      <td colSpan={width} />
    </tr>
  );
}

interface HeaderProps<Row> {
  readonly column: Column<Row>;
  /** true descending, false ascending, undefined not sorted by. */
  readonly sorted: boolean | undefined;
  readonly onSort: (() => void) | undefined;
}

/** Read by the style sheet, which knows how wide the window is. */
type Widths = CSSProperties & Readonly<Record<'--width' | '--narrow-width', string | undefined>>;

function Header<Row>({ column, sorted, onSort }: HeaderProps<Row>) {
  const { width, narrowWidth = width } = column;
  const widths: Widths = { '--width': width, '--narrow-width': narrowWidth };
  if (!onSort) {
    return (
      <th scope="col" data-align={column.align} data-spare={column.spareBelow} style={widths}>
        <span className={column.isActions ? styles.hidden : undefined}>{column.header}</span>
      </th>
    );
  }
  const Icon = sorted === undefined ? IconArrowsSort : sorted ? IconArrowDown : IconArrowUp;
  const direction = sorted === undefined ? 'none' : sorted ? 'descending' : 'ascending';
  return (
    <th scope="col" data-align={column.align} data-spare={column.spareBelow} style={widths} aria-sort={direction}>
      <button type="button" onClick={onSort} className={styles.sort} data-sorted={sorted !== undefined}>
        {column.header}
        <Icon size={12} aria-hidden />
      </button>
    </th>
  );
}
