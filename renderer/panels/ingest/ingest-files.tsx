import { Select, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { IngestReport } from '@shared/run.ts';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Section } from '../../components/section.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { count, counted } from '../../words/numbers.ts';
import {
  fileMarks,
  fileRank,
  fileWords,
  filterFiles,
  sortFiles,
  type FileFilter,
  type IngestFile,
} from './ingest-words.ts';
import styles from './ingest.module.css';

const columnsFor = (isTrial: boolean): Column<IngestFile>[] => [
  {
    id: 'name',
    header: 'File',
    width: '34%',
    narrowWidth: '30%',
    value: ({ name }) => name,
    cell: FileName,
  },
  { id: 'project', header: 'Project', width: '14%', narrowWidth: '17%', value: ({ project }) => project },
  {
    id: 'state',
    header: 'State',
    width: '190px',
    narrowWidth: '24%',
    value: ({ state }) => fileRank[state],
    cell: ({ state }) => <StateMark mark={fileMarks(isTrial)[state]} size={14} wraps />,
  },
  { id: 'adds', header: isTrial ? 'What it adds' : 'What it added', value: fileWords },
];

/** Its own name, and below it the folders on the way to it. */
function FileName({ name }: IngestFile) {
  const at = name.lastIndexOf('/');
  return (
    <>
      <code>{name.slice(at + 1)}</code>
      {at > 0 && <span className={styles.folder}>in {name.slice(0, at)}</span>}
    </>
  );
}

/** File by file: whose it is, what it adds, or why it is refused. Thousands scroll. */
export function IngestFiles({ report }: { report: IngestReport }) {
  const [text, setText] = useState('');
  const [state, setState] = useState<FileFilter>('all');
  const { files, isTrial } = report;
  const shown = useMemo(() => sortFiles(filterFiles(files, text, state)), [files, text, state]);
  const keys = useMemo(() => new Map(files.map((file, index) => [file, `${index} ${file.name}`])), [files]); // names may repeat
  const columns = useMemo(() => columnsFor(isTrial), [isTrial]);
  const filters = filtersOf(files, isTrial);
  const note =
    shown.length === files.length ? counted(files.length, 'file') : `${count(shown.length)} of ${count(files.length)}`;
  return (
    <Section
      title="File by file"
      note={note}
      flush
      actions={
        <>
          <TextInput
            w={180}
            aria-label="Filter files"
            placeholder="Filter files"
            leftSection={<IconSearch size={14} aria-hidden />}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Select
            w={190}
            aria-label="Filter by state"
            data={filters}
            value={state}
            onChange={(value) => setState(filters.find((filter) => filter.value === value)?.value ?? 'all')}
          />
        </>
      }
    >
      <DataTable
        label="Files"
        rows={shown}
        columns={columns}
        rowId={(file) => keys.get(file) ?? file.name}
        emptyText="No file matches the filter."
        isLong
      />
    </Section>
  );
}

const states: readonly IngestFile['state'][] = ['new', 'changed', 'known', 'refused'];

function filtersOf(files: readonly IngestFile[], isTrial: boolean): { value: FileFilter; label: string }[] {
  const of = (state: IngestFile['state']): number => files.filter((file) => file.state === state).length;
  return [
    { value: 'all', label: 'All states' },
    ...states
      .filter((state) => of(state) > 0)
      .map((state) => ({ value: state, label: `${fileMarks(isTrial)[state].word} (${count(of(state))})` })),
  ];
}
