import type { BrowseTable } from '@shared/browse.ts';
import { useCallback, useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import type { RowSource } from '../../../stores/browse-rows.ts';
import { counted } from '../../../words/numbers.ts';
import { rangeOf, type Selection } from '../grid/use-active-cell.ts';
import { wholeValues } from './copy-cells.ts';
import { copyText, type CopyKind, type WholeValue } from './copy-text.ts';
import { putOnClipboard } from './put-on-clipboard.ts';

export interface CopyState {
  readonly words: string;
  readonly isFailed: boolean;
}

const SAID_MS = 6_000;

interface CopySubject {
  readonly handle: string;
  readonly table: BrowseTable;
  readonly source: RowSource;
  readonly selection: Selection;
  /** Columns that are shown, by their index in the table. */
  readonly order: readonly number[];
  /** The grid: while it has the focus, copying means its cells. */
  readonly box: RefObject<HTMLElement | null>;
}

/** Copies what is marked in the grid, whole, and says what was copied. */
export function useCopy({ handle, table, source, selection, order, box }: CopySubject) {
  const [state, setState] = useState<CopyState | null>(null);
  const timer = useRef(0);
  const say = useCallback((words: string, isFailed = false) => {
    clearTimeout(timer.current);
    setState({ words, isFailed });
    timer.current = window.setTimeout(() => setState(null), SAID_MS);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);

  const copy = async (kind: CopyKind): Promise<void> => {
    const isRow = kind === 'row-json' || kind === 'row-sql';
    const { from, to } = rangeOf(selection);
    const columns = isRow ? order : order.slice(from.column, to.column + 1);
    say('Copying…');
    const values = await wholeValues({ handle, table, source, fromRow: from.row, toRow: to.row, columns });
    if (!values.ok) return say(values.error.message, true);
    const names = columns.map((at) => table.columns[at]?.name ?? '');
    const text = copyText(kind, { name: table.name, columns: names }, values.value);
    if (await putOnClipboard(text)) say(copiedWords(values.value, isRow));
    else say('The browser did not let anything be copied.', true);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() !== 'c' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    void copy('cells');
  };
  useEffect(() => {
    // Copy in the menu of the desktop app is no key, and cells that are marked are no selection of Chromium's.
    const onCopy = (event: ClipboardEvent): void => {
      if (document.activeElement !== box.current) return;
      event.preventDefault();
      void copy('cells');
    };
    document.addEventListener('copy', onCopy);
    return () => document.removeEventListener('copy', onCopy);
  });
  return { copy, onKey, state };
}

/** "6 cells copied. 2 of them are hidden: their values were left away." */
export function copiedWords(rows: readonly (readonly WholeValue[])[], isRow: boolean): string {
  const cells = rows.flat();
  const masked = cells.filter(({ type }) => type === 'masked').length;
  const copied = isRow ? `${counted(rows.length, 'row')} copied.` : `${counted(cells.length, 'cell')} copied.`;
  if (masked === 0) return copied;
  return `${copied} ${counted(masked, 'hidden value was', 'hidden values were')} left out.`;
}
