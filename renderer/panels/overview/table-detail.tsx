import type { ColumnDiff, Gap, ObjectDiff, TableStatus } from '@shared/status.ts';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { gapMarks } from '../../words/states.ts';
import { describeColumn } from './overview-words.ts';
import styles from './overview.module.css';

const columnColumns: Column<ColumnDiff>[] = [
  {
    id: 'name',
    header: 'Column',
    width: '180px',
    value: (column) => column.name,
    cell: ({ name }) => <code>{name}</code>,
  },
  {
    id: 'now',
    header: 'Now',
    value: (column) => describeColumn(column.now),
    cell: ({ now }) => <Shape text={describeColumn(now)} />,
  },
  {
    id: 'target',
    header: 'Target',
    value: (column) => describeColumn(column.target),
    cell: ({ target }) => <Shape text={describeColumn(target)} />,
  },
  { id: 'gap', header: 'Gap', value: (column) => gapMarks[column.gap].word, cell: GapCell },
];

const objectColumns: Column<ObjectDiff>[] = [
  { id: 'kind', header: 'Kind', width: '110px', value: (object) => object.kind.replace('-', ' ') },
  {
    id: 'description',
    header: 'Index or constraint',
    value: (object) => object.description,
    cell: ({ description }) => <code>{description}</code>,
  },
  { id: 'gap', header: 'Gap', value: (object) => gapMarks[object.gap].word, cell: GapCell },
];

/** Column by column, then indexes and constraints: now, target, gap. */
export function TableDetail({ table }: { table: TableStatus }) {
  return (
    <div className={styles.detail}>
      {table.whatIsMissing !== '' && <p className={styles.detailWords}>{table.whatIsMissing}</p>}
      {table.columns.length > 0 && (
        <div className={styles.inner}>
          <DataTable
            label={`Columns of ${table.name}`}
            rows={table.columns}
            columns={columnColumns}
            rowId={(column) => column.name}
          />
        </div>
      )}
      {table.objects.length > 0 && (
        <div className={styles.inner}>
          <DataTable
            label={`Indexes and constraints of ${table.name}`}
            rows={table.objects}
            columns={objectColumns}
            rowId={(object) => `${object.kind} ${object.description}`}
          />
        </div>
      )}
      {table.columns.length === 0 && table.objects.length === 0 && (
        <p className="muted">Nothing to compare: this table has no target.</p>
      )}
    </div>
  );
}

function GapCell({ gap, note }: { gap: Gap; note: string }) {
  return (
    <span className={styles.gap}>
      <StateMark mark={gapMarks[gap]} size={14} />
      {note !== '' && note !== gapMarks[gap].word && <span className="muted">{note}</span>}
    </span>
  );
}

const Shape = ({ text }: { text: string }) => <span className={text === '–' ? 'muted' : 'mono'}>{text}</span>;
