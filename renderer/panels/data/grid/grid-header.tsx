import { IconArrowDown, IconArrowUp, IconEyeOff, IconKey, IconLink } from '@tabler/icons-react';
import type { BrowseColumn, BrowseQuery, BrowseTable } from '@shared/browse.ts';
import { memo, useId, type MouseEvent } from 'react';
import { changeQuery } from '../../../stores/browse.ts';
import { shownName } from '../../../words/text.ts';
import { FilterBox } from '../filters/filter-box.tsx';
import { ColumnMenu } from './column-menu.tsx';
import { FILTER_PX, NAMES_PX } from './grid-sizes.ts';
import { clicked } from './sorting.ts';
import type { ArrangedColumns, ShownColumn } from './use-columns.ts';
import styles from './grid.module.css';

interface GridHeaderProps {
  readonly handle: string;
  readonly table: BrowseTable;
  readonly query: BrowseQuery;
  readonly drawn: readonly ShownColumn[];
  readonly arranged: ArrangedColumns;
  readonly widthPx: number;
  /** Name of the column whose menu is open; null = none. */
  readonly menuOf: string | null;
  readonly onMenu: (column: string | null) => void;
  readonly onResize: (column: string, event: MouseEvent) => void;
  /** Somebody types in the box of this column; null = no longer. */
  readonly onTyping: (column: string | null) => void;
  /** The focus goes back to the rows. */
  readonly onLeave: () => void;
}

/** Names, types and badges of the columns, and a filter below each. A click on a name sorts; Shift adds to the sort. */
export const GridHeader = memo(function GridHeader(props: GridHeaderProps) {
  const { handle, query, drawn, widthPx, onTyping, onLeave } = props;
  const keysId = useId();
  return (
    <div role="rowgroup" className={styles.header} style={{ width: widthPx }}>
      <span id={keysId} hidden>
        Alt and arrow down: the condition. Escape: back to the rows.
      </span>
      <div role="row" aria-rowindex={1} className={styles.headerRow} style={{ height: NAMES_PX }}>
        {drawn.map((shown) => (
          <HeaderCell key={shown.column.name} {...props} shown={shown} />
        ))}
      </div>
      <div role="row" aria-rowindex={2} className={styles.headerRow} style={{ height: FILTER_PX }}>
        {drawn.map(({ column, number, left, width, isPinned }) => (
          <div
            key={column.name}
            role="gridcell"
            aria-colindex={number + 1}
            className={styles.filterCell}
            data-pinned={isPinned}
            style={{ left, width }}
            onFocus={() => onTyping(column.name)}
            onBlur={() => onTyping(null)}
          >
            <FilterBox handle={handle} column={column} query={query} describedBy={keysId} onLeave={onLeave} />
          </div>
        ))}
      </div>
    </div>
  );
});

function HeaderCell({ shown, ...props }: GridHeaderProps & { readonly shown: ShownColumn }) {
  const { handle, table, query, arranged, menuOf, onMenu, onResize, onLeave } = props;
  const { column, left, width, number, isPinned } = shown;
  const { name } = column;
  const shownAs = shownName(name);
  const sort = query.sort.find((each) => each.column === name);
  const direction = sort === undefined ? 'none' : sort.isDescending ? 'descending' : 'ascending';
  return (
    <div
      role="columnheader"
      tabIndex={-1}
      aria-colindex={number + 1}
      aria-sort={direction}
      className={styles.headerCell}
      data-pinned={isPinned}
      style={{ left, width }}
      // A click beside the name leaves the keys with the rows.
      onFocus={(event) => event.target === event.currentTarget && onLeave()}
      onContextMenu={(event) => {
        event.preventDefault();
        onMenu(name);
      }}
    >
      <div className={styles.headerText}>
        {column.isSensitive ? (
          <span className={styles.unsorted} title={`${shownAs}: hidden values have no order`}>
            <span className={styles.name}>{shownAs}</span>
          </span>
        ) : (
          <button
            type="button"
            tabIndex={-1}
            className={styles.sort}
            title={shownAs}
            onClick={(event) => {
              changeQuery(handle, { sort: clicked(query.sort, name, event.shiftKey) });
              onLeave();
            }}
          >
            <span className={styles.name}>{shownAs}</span>
            <SortMark query={query} name={name} />
          </button>
        )}
        <span className={styles.badges}>
          <span className={styles.type}>{column.type === '' ? 'any' : column.type.toLowerCase()}</span>
          <Badges column={column} table={table} />
        </span>
      </div>
      <ColumnMenu
        handle={handle}
        query={query}
        name={name}
        isSortable={!column.isSensitive}
        widthPx={width}
        arranged={arranged}
        isOpen={menuOf === name}
        onChange={(isOpen) => onMenu(isOpen ? name : null)}
      />
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- the column menu resizes by keyboard */}
      <span className={styles.resizer} onMouseDown={(event) => onResize(name, event)} />
    </div>
  );
}

function SortMark({ query, name }: { query: BrowseQuery; name: string }) {
  const at = query.sort.findIndex(({ column }) => column === name);
  const sort = query.sort[at];
  if (!sort) return null;
  const Arrow = sort.isDescending ? IconArrowDown : IconArrowUp;
  return (
    <span className={styles.sortMark}>
      <Arrow size={12} aria-hidden />
      {query.sort.length > 1 && <span aria-label={`sorted by this as number ${at + 1}`}>{at + 1}</span>}
    </span>
  );
}

function Badges({ column, table }: { column: BrowseColumn; table: BrowseTable }) {
  const reference = table.references.find(({ from }) => from.includes(column.name));
  return (
    <>
      {column.primaryKeyPosition > 0 && (
        <span title="Primary key" className={styles.badge}>
          <IconKey size={11} aria-label="primary key" role="img" />
        </span>
      )}
      {reference && (
        <span title={`Points to ${shownName(reference.toTable)}`} className={styles.badge}>
          <IconLink size={11} aria-label={`points to ${shownName(reference.toTable)}`} role="img" />
        </span>
      )}
      {column.isSensitive && (
        <span title="Values are hidden until you ask for one" className={styles.badge}>
          <IconEyeOff size={11} aria-label="values are hidden" role="img" />
        </span>
      )}
      {column.isLegacy && (
        <span
          className={styles.badge}
          title={column.replacedBy !== null ? `Old name of ${shownName(column.replacedBy)}` : 'Goes in the last phase'}
        >
          old
        </span>
      )}
    </>
  );
}
