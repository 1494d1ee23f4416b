import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { BrowseTable } from '@shared/browse.ts';
import { useState } from 'react';
import { Dialog } from '../../../components/dialog.tsx';
import type { RowSource } from '../../../stores/browse-rows.ts';
import { forgetExport, useExports, type ExportView } from '../../../stores/exports.ts';
import { count } from '../../../words/numbers.ts';
import type { ArrangedColumns } from '../grid/use-columns.ts';
import { ExportForm } from './export-form.tsx';
import { ExportOutcome } from './export-outcome.tsx';
import type { ExportSubject } from './export-subject.ts';

interface ExportButtonProps extends Pick<ExportSubject, 'handle' | 'table' | 'query'> {
  readonly arranged: ArrangedColumns | null;
  readonly source: RowSource | null;
}

/** Writes rows to a file. An export goes on when its dialog is closed, and the button says how far it is. */
export function ExportButton({ handle, table, query, arranged, source }: ExportButtonProps) {
  const [isOpen, setOpen] = useState(false);
  const view = useExports((state) => state.byHandle[handle]);
  // Asked for when the dialog opens or goes on; the button itself need not follow every row that is counted.
  const shownRows = source?.state.rows ?? null;
  const close = (): void => {
    setOpen(false);
    if (view && view.state !== 'running') forgetExport(handle);
  };
  return (
    <>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconDownload size={14} aria-hidden />}
        onClick={() => setOpen(true)}
      >
        {buttonWords(view)}
      </Button>
      <Dialog title="Export rows to a file" isOpen={isOpen} onClose={close} width={620} closesOnClickOutside={false}>
        {view ? (
          <ExportOutcome handle={handle} view={view} onClose={close} />
        ) : (
          <ExportForm
            handle={handle}
            table={table}
            query={query}
            shownColumns={shownOf(table, arranged)}
            shownRows={shownRows}
            onClose={close}
          />
        )}
      </Dialog>
    </>
  );
}

function shownOf({ columns }: BrowseTable, arranged: ArrangedColumns | null): string[] {
  if (arranged === null) return columns.map(({ name }) => name);
  const { pinned, order, hidden } = arranged;
  return [...pinned, ...order.filter((name) => !pinned.includes(name))].filter((name) => !hidden.has(name));
}

function buttonWords(view: ExportView | undefined): string {
  if (view?.state === 'running') return `Exporting, ${count(view.rows)} rows`;
  if (view?.state === 'done') return 'Export finished';
  return view ? 'Export ended' : 'Export…';
}
