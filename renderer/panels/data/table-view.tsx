import type { BrowseQuery, BrowseTable } from '@shared/browse.ts';
import { useState } from 'react';
import { everyRow, type BrowseView } from '../../stores/browse.ts';
import { shownName } from '../../words/text.ts';
import { ExportButton } from './export/export-button.tsx';
import { FilterBar } from './filters/filter-bar.tsx';
import { useArrangement } from './grid/use-columns.ts';
import { RowsView } from './rows-view.tsx';
import { SortQuestion } from './sort-question.tsx';
import { ColumnsPopover } from './toolbar/columns-popover.tsx';
import { Trail } from './trail.tsx';
import { useAnswer } from './use-answer.ts';
import styles from './data.module.css';

interface TableViewProps {
  readonly handle: string;
  readonly table: BrowseTable;
  /** null: on its way. */
  readonly query: BrowseQuery | null;
  readonly view: BrowseView;
}

/** One table: what is asked of it, and its rows. */
export function TableView({ handle, table, query, view }: TableViewProps) {
  const asked = query ?? everyRow(table.name);
  const { source, cost } = useAnswer(handle, table, asked, view);
  const arranged = useArrangement(handle, table);
  const [copySlot, setCopySlot] = useState<HTMLElement | null>(null);
  return (
    <>
      <Trail handle={handle} trail={view.trail} />
      <div className={styles.toolbar}>
        <h1>{shownName(table.name)}</h1>
        <div className={styles.tools}>
          <div className={styles.tools} ref={setCopySlot} />
          <ExportButton handle={handle} table={table} query={asked} arranged={arranged} source={source} />
          {arranged && <ColumnsPopover arranged={arranged} />}
        </div>
      </div>
      <FilterBar key={view.step} handle={handle} table={table} query={asked} column={undefined} />
      <div className={styles.answer}>
        {cost && <SortQuestion handle={handle} query={asked} cost={cost} />}
        {source && arranged && (
          <RowsView
            key={view.step}
            handle={handle}
            table={table}
            query={asked}
            source={source}
            arranged={arranged}
            step={view.step}
            isCopy={view.isCopy}
            isAsking={cost !== null}
            copySlot={copySlot}
          />
        )}
      </div>
    </>
  );
}
