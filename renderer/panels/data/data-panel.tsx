import { useEffect } from 'react';
import { CrashNotice } from '../../components/crash-notice.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { EmptyState, PageSkeleton } from '../../components/page.tsx';
import { arriveAt, loadTables, openTable, returnToData, useBrowse } from '../../stores/browse.ts';
import { useRoute } from '../../stores/route.ts';
import { TableList } from './table-list.tsx';
import { TableView } from './table-view.tsx';
import styles from './data.module.css';

/** The data browser: tables on the left, the rows of one on the right. Nothing here changes anything. */
export function DataPanel({ handle, table }: { handle: string; table: string | null }) {
  const view = useBrowse((state) => state.byHandle[handle]);
  const step = useRoute((state) => state.step);
  useEffect(() => {
    if (!useBrowse.getState().byHandle[handle]?.tables) void loadTables(handle);
  }, [handle]);
  useEffect(() => {
    if (table !== null) arriveAt(handle, table, step);
  }, [handle, table, step]);
  const isKnown = view?.tables !== undefined && view.tables !== null;
  useEffect(() => {
    if (table === null && isKnown) returnToData(handle);
  }, [handle, table, isKnown]);
  if (!view?.tables) {
    if (view?.error)
      return (
        <div className={styles.notice}>
          <ErrorNotice level={1} error={view.error} />
        </div>
      );
    return <PageSkeleton words="Looking for tables. Nothing is changed by looking." />;
  }
  const crumb = view.trail.at(-1);
  const current = view.tables.find(({ name }) => name === table);
  const query = crumb && crumb.query.table === table ? crumb.query : undefined;
  return (
    <div className={styles.panel}>
      <TableList handle={handle} tables={view.tables} current={table} onOpen={(name) => openTable(handle, name)} />
      <section className={styles.content} aria-label="Rows">
        {current ? (
          // Rows that cannot be drawn leave the list of tables, and with it the way to another one.
          <CrashNotice key={current.name}>
            <TableView handle={handle} table={current} query={query ?? null} view={view} />
          </CrashNotice>
        ) : (
          <EmptyState title={view.tables.length === 0 ? 'There are no tables' : 'Choose a table'}>
            <p className="muted">You look only: nothing here can change the database.</p>
          </EmptyState>
        )}
      </section>
    </div>
  );
}
