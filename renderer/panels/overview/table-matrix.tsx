import { Select, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { TableStatus } from '@shared/status.ts';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { RowsButton } from '../../components/rows-button.tsx';
import { Section } from '../../components/section.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { openTable } from '../../stores/browse.ts';
import { count, rowCount } from '../../words/numbers.ts';
import { priorityRank, priorityWords, tableMarks, tableRank } from '../../words/states.ts';
import { filterTables, priorityLeft, type StateFilter } from './overview-words.ts';
import { TableDetail } from './table-detail.tsx';
import styles from './overview.module.css';

const columns: Column<TableStatus>[] = [
  { id: 'name', header: 'Table', width: '27%', value: (table) => table.name, cell: TableName },
  {
    id: 'state',
    header: 'State',
    width: '150px',
    value: (table) => tableRank[table.state],
    cell: ({ state }) => <StateMark mark={tableMarks[state]} />,
  },
  {
    id: 'priority',
    header: 'Priority',
    width: '90px',
    spareBelow: 760,
    value: (table) => priorityRank[priorityLeft(table)],
    cell: (table) => (
      <span className={styles.priority} data-now={priorityLeft(table) === 'must-now'}>
        {priorityWords[priorityLeft(table)]}
      </span>
    ),
  },
  {
    id: 'rows',
    header: 'Rows',
    align: 'right',
    width: '80px',
    value: ({ rows }) => rows?.value ?? null,
    cell: ({ rows }) => (rows ? rowCount(rows) : '–'),
  },
  {
    id: 'missing',
    header: 'What is missing',
    spareBelow: 900, // the opened row begins with it
    value: (table) => table.whatIsMissing,
    cell: ({ whatIsMissing }) => <Missing text={whatIsMissing} />,
  },
];

const filters: { value: StateFilter; label: string }[] = [
  { value: 'all', label: 'All states' },
  { value: 'gaps', label: 'Only gaps' },
  ...(Object.keys(tableMarks) as (keyof typeof tableMarks)[]).map((value) => ({
    value,
    label: tableMarks[value].word,
  })),
];

/** Every table with its state; a row opens to its columns, indexes and constraints. */
export function TableMatrix({ handle, tables }: { handle: string; tables: readonly TableStatus[] }) {
  const [text, setText] = useState('');
  const [state, setState] = useState<StateFilter>('all');
  const shown = useMemo(() => filterTables(tables, text, state), [tables, text, state]);
  const withRows = useMemo(() => [...columns, rowsColumn(handle)], [handle]);
  const note =
    shown.length === tables.length ? count(tables.length) : `${count(shown.length)} of ${count(tables.length)}`;
  return (
    <Section
      title="Tables"
      note={note}
      flush
      actions={
        <>
          <TextInput
            w={190}
            aria-label="Filter tables"
            placeholder="Filter tables"
            leftSection={<IconSearch size={14} aria-hidden />}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Select
            w={150}
            aria-label="Filter by state"
            data={filters}
            value={state}
            onChange={(value) => setState(filters.find((filter) => filter.value === value)?.value ?? 'all')}
          />
        </>
      }
    >
      <DataTable
        label="Tables"
        rows={shown}
        columns={withRows}
        rowId={(table) => table.name}
        detail={(table) => <TableDetail table={table} />}
        emptyText="No table matches the filter."
      />
    </Section>
  );
}

const rowsColumn = (handle: string): Column<TableStatus> => ({
  id: 'show',
  header: 'Rows of the table',
  width: '1px', // as wide as its words
  align: 'right',
  isActions: true,
  value: () => null,
  cell: ({ name, presentName, state }) =>
    state !== 'missing' && (
      <RowsButton
        words="Show rows"
        label={`Show rows of ${presentName ?? name}`}
        onClick={() => openTable(handle, presentName ?? name)}
      />
    ),
});

function TableName({ name, presentName }: TableStatus) {
  return (
    <span className={styles.tableName}>
      <code>{name}</code>
      {presentName !== null && <span className={styles.now}>still called {presentName}</span>}
    </span>
  );
}

function Missing({ text }: { text: string }) {
  return (
    <span className={styles.missing} title={text}>
      {text === '' ? '–' : text}
    </span>
  );
}
