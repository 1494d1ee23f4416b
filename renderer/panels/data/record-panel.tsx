import { ActionIcon, Button } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { BrowseTable } from '@shared/browse.ts';
import { useEffect, useRef, useState } from 'react';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { useBrowse } from '../../stores/browse.ts';
import { shownName } from '../../words/text.ts';
import { CompareDialog } from './compare/compare-dialog.tsx';
import { RecordValue } from './record-value.tsx';
import { ReferencedBy } from './referenced-by.tsx';
import { useRecord } from './use-record.ts';
import styles from './record.module.css';

interface RecordPanelProps {
  readonly handle: string;
  readonly table: BrowseTable;
  readonly rowKey: string;
  /** Opens one value in the viewer. */
  readonly onView: (cell: { rowKey: string; column: string }) => void;
  readonly onClose: () => void;
}

/** One row from top to bottom, with the rows it points to and those that point to it. Follows the grid's active row. */
export function RecordPanel({ handle, table, rowKey, onView, onClose }: RecordPanelProps) {
  const asked = useBrowse(({ byHandle }) => byHandle[handle]?.asked ?? 0);
  const { record, columns, error } = useRecord(handle, table, rowKey, asked);
  const [isComparing, setComparing] = useState(false);
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), []);
  const hasKey = table.kind === 'table' && table.columns.some(({ primaryKeyPosition }) => primaryKeyPosition > 0);
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Esc closes it, wherever the focus is in it */}
      <aside
        className={styles.panel}
        aria-label={`Row of ${shownName(table.name)}`}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.preventDefault();
          onClose();
        }}
      >
        <div className={styles.head}>
          <h2>Row</h2>
          <ActionIcon ref={close} variant="subtle" color="gray" aria-label="Close the row" onClick={onClose}>
            <IconX size={15} aria-hidden />
          </ActionIcon>
        </div>
        {error && <ErrorNotice error={error} />}
        {record && (
          <>
            <dl className={styles.values}>
              {columns.map((column, at) => (
                <RecordValue
                  key={column.name}
                  handle={handle}
                  table={table.name}
                  column={column}
                  cell={record.cells[at]}
                  record={record}
                  onView={() => onView({ rowKey: record.key, column: column.name })}
                />
              ))}
            </dl>
            <ReferencedBy handle={handle} record={record} />
            {hasKey && (
              <Button size="compact-sm" variant="default" onClick={() => setComparing(true)}>
                Compare with a backup…
              </Button>
            )}
          </>
        )}
      </aside>
      {record && (
        <CompareDialog
          isOpen={isComparing}
          handle={handle}
          table={table}
          rowKey={record.key}
          onClose={() => setComparing(false)}
        />
      )}
    </>
  );
}
