import { Button } from '@mantine/core';
import { useEffect, useMemo, useRef } from 'react';
import type { IssueSummary } from '@shared/status.ts';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { count } from '../../words/numbers.ts';
import { IssueList } from './issue-list.tsx';
import { issueKey, sortReasons } from './issues-words.ts';
import { useIssuePages } from './use-issue-pages.ts';
import styles from './issues.module.css';

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
    width: '80px',
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

interface IssueRowsProps {
  readonly handle: string;
  readonly issues: readonly IssueSummary[];
  /** The reason that is shown first and opened. */
  readonly wanted?: string | null;
}

/** Issue rows by reason; a reason opens to its rows, each with what is wrong with it. */
export function IssueRows({ handle, issues, wanted = null }: IssueRowsProps) {
  const pages = useIssuePages(handle);
  const sorted = useMemo(() => sortReasons(issues, wanted), [issues, wanted]); // a new list would close every row
  const box = useRef<HTMLDivElement>(null);
  const wasRefused = useRef(false);
  const isRefused = pages.error !== null;
  useEffect(() => {
    // "Try again" goes with the refusal, and the focus with it; anywhere else it stays.
    const isLost = document.activeElement === document.body;
    if (wasRefused.current && !isRefused && isLost) box.current?.focus({ preventScroll: true });
    wasRefused.current = isRefused;
  }, [isRefused]);
  return (
    <div ref={box} tabIndex={-1}>
      {pages.error && (
        <div className={styles.error}>
          <ErrorNotice
            error={pages.error}
            actions={
              <Button variant="default" onClick={pages.more}>
                Try again
              </Button>
            }
          />
        </div>
      )}
      <DataTable
        label="Issue rows by reason"
        rows={sorted}
        columns={columns}
        rowId={issueKey}
        startsOpen={({ reason }) => reason === wanted || issues.length === 1}
        detail={(summary) => <IssueList handle={handle} summary={summary} pages={pages} />}
      />
    </div>
  );
}
