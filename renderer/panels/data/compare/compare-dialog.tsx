import { NativeSelect } from '@mantine/core';
import type { BackupComparison, BrowseTable, CellValue } from '@shared/browse.ts';
import type { AppError } from '@shared/errors.ts';
import { useEffect, useState } from 'react';
import { call } from '../../../api.ts';
import { Dialog } from '../../../components/dialog.tsx';
import { ErrorNotice } from '../../../components/error-notice.tsx';
import { StateMark } from '../../../components/state-mark.tsx';
import { loadBackups, useBackups } from '../../../stores/backups.ts';
import { goTo } from '../../../stores/route.ts';
import { shownName } from '../../../words/text.ts';
import { cellText } from '../cell-words.ts';
import { backupChoices, comparisonMark, comparisonWords } from './compare-words.ts';
import styles from './compare.module.css';

interface CompareDialogProps {
  readonly isOpen: boolean;
  readonly handle: string;
  readonly table: BrowseTable;
  readonly rowKey: string;
  readonly onClose: () => void;
}

/** The row as it is now beside the same row in a backup. Both are only read. */
export function CompareDialog({ isOpen, handle, table, rowKey, onClose }: CompareDialogProps) {
  return (
    <Dialog title={`This row of ${shownName(table.name)} in a backup`} isOpen={isOpen} onClose={onClose} width={1000}>
      <Chosen handle={handle} table={table} rowKey={rowKey} />
    </Dialog>
  );
}

function Chosen({ handle, table, rowKey }: Omit<CompareDialogProps, 'isOpen' | 'onClose'>) {
  const view = useBackups(({ byHandle }) => byHandle[handle]);
  useEffect(() => void loadBackups(handle), [handle]);
  const backups = (view?.list?.backups ?? []).filter(({ state }) => state !== 'missing');
  const [chosen, setChosen] = useState<string | null>(null);
  const backupId = chosen ?? backups[0]?.id ?? null;
  return (
    <div className={styles.body}>
      {view?.listError && <ErrorNotice error={view.listError} />}
      {view?.list && backups.length === 0 && (
        <p>
          There is no backup of this database yet.{' '}
          <button type="button" className={styles.link} onClick={() => goTo(handle, 'backups')}>
            Go to the backups
          </button>
        </p>
      )}
      {backupId !== null && (
        <>
          <NativeSelect
            label="Backup"
            data-autofocus
            data={backupChoices(backups)}
            value={backupId}
            onChange={({ currentTarget }) => setChosen(currentTarget.value)}
          />
          <Comparison key={backupId} handle={handle} table={table.name} rowKey={rowKey} backupId={backupId} />
        </>
      )}
    </div>
  );
}

interface ComparisonProps {
  readonly handle: string;
  readonly table: string;
  readonly rowKey: string;
  readonly backupId: string;
}

function Comparison({ handle, table, rowKey, backupId }: ComparisonProps) {
  const { found, error } = useComparison(handle, table, rowKey, backupId);
  if (error) return <ErrorNotice error={error} />;
  if (!found) return <p role="status">Reading the backup…</p>;
  if (found.table === null) return <p role="status">This backup has no table of this kind: it came later.</p>;
  return (
    <>
      <p role="status">{comparisonWords(found, table)}</p>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys */}
      <div className={styles.scroller} tabIndex={0} role="region" aria-label="Comparison">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">Now</th>
              <th scope="col">In the backup</th>
              <th scope="col">Compared</th>
            </tr>
          </thead>
          <tbody>
            {found.columns.map((pair) => (
              <tr key={`${pair.column}/${pair.backupColumn}`} data-same={pair.isSame}>
                <th scope="row">{shownName(pair.column ?? pair.backupColumn ?? '')}</th>
                <td>{valueWords(pair.now)}</td>
                <td>
                  {valueWords(pair.backup)}
                  {pair.column !== null && pair.backupColumn !== null && pair.backupColumn !== pair.column && (
                    <span className={styles.source}>there it is {shownName(pair.backupColumn)}</span>
                  )}
                </td>
                <td>
                  <StateMark mark={comparisonMark(pair, found.isThere)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function valueWords(cell: CellValue | null): string {
  if (cell === null) return '–';
  const { text, isCut } = cellText(cell);
  return isCut && cell.type === 'text' ? `${text}…` : text;
}

function useComparison(handle: string, table: string, rowKey: string, backupId: string) {
  const [state, setState] = useState<{ found: BackupComparison | null; error: AppError | null }>({
    found: null,
    error: null,
  });
  useEffect(() => {
    let isWanted = true;
    void call('browse:compare', { handle, table, key: rowKey, backupId }).then((answer) => {
      if (!isWanted) return;
      setState(answer.ok ? { found: answer.value, error: null } : { found: null, error: answer.error });
    });
    return () => {
      isWanted = false;
    };
  }, [handle, table, rowKey, backupId]);
  return state;
}
