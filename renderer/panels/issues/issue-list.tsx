import { useCallback, useEffect, useMemo, useState } from 'react';
import type { IssueSummary } from '@shared/status.ts';
import { RowsButton } from '../../components/rows-button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { showKey } from '../../stores/browse.ts';
import { useDatabases } from '../../stores/databases.ts';
import { count } from '../../words/numbers.ts';
import { hasTable, placeWords, type Issue } from './issues-words.ts';
import type { IssuePages } from './use-issue-pages.ts';
import styles from './issues.module.css';

/** Fetched ahead of what is seen. */
const WANTED_ROWS = 200;

const columns: Column<Issue>[] = [
  {
    id: 'key',
    header: 'Row',
    width: '31%',
    narrowWidth: '26%',
    value: (issue) => issue.sourceKey,
    cell: ({ sourceKey }) => <code>{sourceKey}</code>,
  },
  {
    id: 'detail',
    header: 'What is wrong with it',
    value: (issue) => issue.detail,
    cell: ({ detail }) => (detail === '' ? '–' : detail),
  },
  { id: 'place', header: 'Where it is now', width: '165px', narrowWidth: '24%', value: placeWords },
];

interface IssueListProps {
  readonly handle: string;
  readonly summary: IssueSummary;
  readonly pages: IssuePages;
}

/** The rows of one reason. Pages hold every reason's rows, so more are fetched until enough of this one are there. */
export function IssueList({ handle, summary, pages }: IssueListProps) {
  const [wanted, setWanted] = useState(WANTED_ROWS);
  const rows = useMemo(
    () => pages.rows.filter((row) => row.reason === summary.reason && row.sourceTable === summary.sourceTable),
    [pages.rows, summary.reason, summary.sourceTable],
  );
  const isThere = useDatabases((state) => hasTable(state.views[handle]?.status, summary.sourceTable));
  const withRow = useMemo(() => (isThere ? [...columns, rowColumn(handle)] : columns), [isThere, handle]);
  const { hasMore, isLoading, error, more } = pages;
  const needsMore = hasMore && !isLoading && error === null && rows.length < Math.min(wanted, summary.count);
  useEffect(() => {
    if (needsMore) more();
  }, [needsMore, more]);
  const onEnd = useCallback(() => setWanted(rows.length + WANTED_ROWS), [rows.length]);
  if (rows.length === 0 && !hasMore) {
    return (
      <p role="status" className={styles.none}>
        The file holds none of these rows now: a restore, a later run or another try has settled them since.
      </p>
    );
  }
  return (
    <div className={styles.list}>
      <DataTable
        label={`Rows: ${summary.title}`}
        rows={rows}
        columns={withRow}
        rowId={({ id }) => String(id)}
        canSort={false}
        emptyText={error === null || isLoading ? 'Loading…' : 'Not loaded.'}
        isLong
        onEnd={onEnd}
      />
      {(error === null || isLoading) && (
        <p role="status" className={styles.foot}>
          {isLoading
            ? 'Loading…'
            : rows.length < summary.count && hasMore
              ? `${count(rows.length)} of ${count(summary.count)}; scroll for more`
              : `All ${count(rows.length)}`}
        </p>
      )}
    </div>
  );
}

/** Leads to the row itself, where it came from. */
const rowColumn = (handle: string): Column<Issue> => ({
  id: 'show',
  header: 'The row itself',
  width: '104px', // in a table of fixed widths nothing makes room for its words
  narrowWidth: '46px',
  align: 'right',
  isActions: true,
  value: () => null,
  cell: ({ sourceTable, sourceKey }) => (
    <RowsButton
      words="Show row"
      label={`Show row ${sourceKey} of ${sourceTable}`}
      onClick={() => void showKey(handle, sourceTable, sourceKey)}
    />
  ),
});
