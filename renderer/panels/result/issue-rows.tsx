import { Button } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useRef, useState } from 'react';
import type { Output } from '@shared/channels.ts';
import type { AppError } from '@shared/errors.ts';
import type { IssueSummary } from '@shared/status.ts';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Section } from '../../components/section.tsx';
import { call } from '../../api.ts';
import { count, counted } from '../../words/numbers.ts';
import styles from './result.module.css';

type Issue = Output<'issues:list'>[number];
const PAGE_ROWS = 200;
const ROW_PX = 30;

const columns: Column<IssueSummary>[] = [
  { id: 'title', header: 'Reason', value: (issue) => issue.title },
  {
    id: 'table',
    header: 'From table',
    value: (issue) => issue.sourceTable,
    cell: ({ sourceTable }) => <code>{sourceTable}</code>,
  },
  {
    id: 'count',
    header: 'Rows',
    align: 'right',
    width: '90px',
    value: (issue) => issue.count,
    cell: (issue) => count(issue.count),
  },
  {
    id: 'reason',
    header: 'Code',
    value: (issue) => issue.reason,
    cell: ({ reason }) => <code className="muted">{reason}</code>,
  },
];

/** Rows that need a look, by reason; the list itself is fetched in pages and drawn only where visible. */
export function IssueRows({ handle, issues }: { handle: string; issues: readonly IssueSummary[] }) {
  const total = issues.reduce((all, issue) => all + issue.count, 0);
  const list = useIssues(handle);
  const isEmpty = list.isLoaded && list.rows.length === 0 && !list.error;
  return (
    <Section
      title="Issue rows by reason"
      note={counted(total, 'row')}
      flush
      actions={
        list.rows.length === 0 &&
        !isEmpty && (
          <Button variant="default" onClick={list.more} disabled={list.isLoading}>
            {list.isLoading ? 'Loading…' : 'List the rows'}
          </Button>
        )
      }
    >
      <DataTable
        label="Issue rows by reason"
        rows={issues}
        columns={columns}
        rowId={({ reason, sourceTable }) => `${sourceTable} ${reason}`}
      />
      {isEmpty && (
        <p role="status" className={styles.issueFoot}>
          The file holds no issue rows now. A restore or a later run has removed them since this report.
        </p>
      )}
      {list.error && <ErrorNotice error={list.error} />}
      {list.rows.length > 0 && (
        <IssueList rows={list.rows} total={total} onMore={list.hasMore ? list.more : null} isLoading={list.isLoading} />
      )}
    </Section>
  );
}

function useIssues(handle: string) {
  const [rows, setRows] = useState<readonly Issue[]>([]);
  const [hasMore, setHasMore] = useState(true);
  const [isLoading, setLoading] = useState(false);
  const [isLoaded, setLoaded] = useState(false);
  const [error, setError] = useState<AppError | null>(null);
  const load = useCallback(async () => {
    setLoading(true);
    const page = await call('issues:list', { handle, afterId: rows.at(-1)?.id ?? null, limit: PAGE_ROWS });
    setLoading(false);
    if (!page.ok) return setError(page.error);
    setError(null);
    setLoaded(true);
    setRows([...rows, ...page.value]);
    setHasMore(page.value.length === PAGE_ROWS);
  }, [handle, rows]);
  return { rows, hasMore, isLoading, isLoaded, error, more: () => void load() };
}

interface ListProps {
  readonly rows: readonly Issue[];
  readonly total: number;
  readonly onMore: (() => void) | null;
  readonly isLoading: boolean;
}

function IssueList({ rows, total, onMore, isLoading }: ListProps) {
  const box = useRef<HTMLDivElement>(null);
  const visible = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });
  return (
    <>
      <div
        ref={box}
        className={styles.issues}
        role="table"
        aria-label="Issue rows"
        aria-rowcount={rows.length + 1}
        tabIndex={0}
      >
        <div role="rowgroup">
          <div role="row" className={styles.issueHead}>
            <span role="columnheader">Table</span>
            <span role="columnheader">Row</span>
            <span role="columnheader">Why</span>
            <span role="columnheader">Its place</span>
          </div>
        </div>
        <div role="rowgroup" style={{ height: visible.getTotalSize(), position: 'relative' }}>
          {visible.getVirtualItems().map(({ index, start }) => {
            const issue = rows[index];
            if (!issue) return null;
            return (
              <div
                key={issue.id}
                role="row"
                aria-rowindex={index + 2}
                className={styles.issue}
                style={{ transform: `translateY(${start}px)`, height: ROW_PX }}
              >
                <code role="cell">{issue.sourceTable}</code>
                <code role="cell">{issue.sourceKey}</code>
                <span role="cell" title={`${issue.title} ${issue.detail}`}>
                  {issue.title} <span className="muted">{issue.detail}</span>
                </span>
                <span role="cell">{issue.isPlaced ? 'moved, needs a look' : 'kept aside, whole'}</span>
              </div>
            );
          })}
        </div>
      </div>
      <p className={styles.issueFoot}>
        Showing {count(rows.length)} of {count(total)}
        {onMore && (
          <Button variant="subtle" onClick={onMore} disabled={isLoading}>
            {isLoading ? 'Loading…' : 'Load more'}
          </Button>
        )}
      </p>
    </>
  );
}
