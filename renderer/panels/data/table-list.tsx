import { NativeSelect, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import type { BrowseTable } from '@shared/browse.ts';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { bytes, rowCount } from '../../words/numbers.ts';
import { shownName } from '../../words/text.ts';
import { groupTables, type TableGroup } from './table-groups.ts';
import { TableSizes } from './table-sizes.tsx';
import styles from './data.module.css';

interface TableListProps {
  readonly handle: string;
  readonly tables: readonly BrowseTable[];
  readonly current: string | null;
  readonly onOpen: (table: string) => void;
}

/** All tables and views, grouped as the pack says. Where the window is narrow, or zoomed, one line to choose from. */
export function TableList(props: TableListProps) {
  const isNarrow = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false });
  return isNarrow ? <TableSelect {...props} /> : <TableColumn {...props} />;
}

/** A table may be called "", which is not the same as none; no name in SQLite has this in it. */
const NO_TABLE = '\u0000';

function TableSelect({ tables, current, onOpen }: TableListProps) {
  const groups = groupTables(tables, '').map(({ name, tables: members }) => ({
    group: name,
    items: members.map((table) => ({ value: table.name, label: [shownName(table.name), rowsOf(table)].join(' – ') })),
  }));
  return (
    <nav className={styles.select} aria-label="Tables">
      <NativeSelect
        size="xs"
        aria-label="Table"
        value={current ?? NO_TABLE}
        data={[...(current === null ? [{ value: NO_TABLE, label: 'Choose a table' }] : []), ...groups]}
        onChange={({ currentTarget }) => currentTarget.value !== NO_TABLE && onOpen(currentTarget.value)}
      />
    </nav>
  );
}

function TableColumn({ handle, tables, current, onOpen }: TableListProps) {
  const [text, setText] = useState('');
  const groups = groupTables(tables, text);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-current=true]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  const names = groups.flatMap(({ tables: members }) => members.map(({ name }) => name));
  // One tab stop: the table that is open, or the first one.
  const stop = current !== null && names.includes(current) ? current : names[0];
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- arrow keys of the buttons inside
    <nav className={styles.tables} aria-label="Tables" onKeyDown={(event) => moveFocus(event, list.current)}>
      <TextInput
        size="xs"
        placeholder="Filter tables"
        aria-label="Filter tables"
        leftSection={<IconSearch size={13} aria-hidden />}
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
      />
      <div ref={list} className={styles.groups}>
        {groups.map((group) => (
          <Group key={group.name} group={group} current={current} stop={stop} onOpen={onOpen} />
        ))}
        {groups.length === 0 && <p className="muted">No table has this in its name.</p>}
      </div>
      <TableSizes handle={handle} tables={tables} />
    </nav>
  );
}

interface GroupProps {
  readonly group: TableGroup;
  readonly current: string | null;
  readonly stop: string | undefined;
  readonly onOpen: (table: string) => void;
}

function Group({ group: { name, tables }, current, stop, onOpen }: GroupProps) {
  return (
    <section aria-label={name}>
      <h2 className={styles.group}>{name}</h2>
      <ul>
        {tables.map((table) => (
          <li key={table.name}>
            <button
              type="button"
              className={styles.table}
              tabIndex={table.name === stop ? 0 : -1}
              title={[shownName(table.name), ...sizeOf(table)].join(', ')}
              aria-current={table.name === current ? 'true' : undefined}
              onClick={({ currentTarget }) => {
                currentTarget.blur(); // the rows that come take the focus, which is nowhere then
                onOpen(table.name);
              }}
            >
              <span className={styles.tableName}>{shownName(table.name)}</span>
              <span className={styles.count}>{rowsOf(table)}</span>
              {sizeOf(table).map((size) => (
                <span key={size} className={styles.size}>
                  {size}
                </span>
              ))}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

const rowsOf = (table: BrowseTable): string => (table.rows ? rowCount(table.rows) : table.kind);

/** In a list, as nothing is known of some. */
const sizeOf = ({ sizeBytes }: BrowseTable): string[] => (sizeBytes === null ? [] : [bytes(sizeBytes)]);

/** Up and down from table to table, Home and End; down from the filter box into the list. */
function moveFocus(event: KeyboardEvent, list: HTMLElement | null): void {
  const buttons = [...(list?.querySelectorAll('button') ?? [])];
  const at = buttons.findIndex((button) => button === document.activeElement);
  const isTyping = event.target instanceof HTMLInputElement;
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (next === undefined || (isTyping && event.key !== 'ArrowDown')) return;
  event.preventDefault();
  buttons[Math.max(0, Math.min(buttons.length - 1, next))]?.focus();
}
