import { useEffect, useRef, useState, type RefObject } from 'react';
import { placeAt, rememberPlace, type RowsPlace } from '../../stores/browse-steps.ts';
import type { ActiveCell } from './grid/use-active-cell.ts';
import type { RowWindow } from './grid/use-row-window.ts';

/** Where one was when this step of the history was left; null = it is new. */
export const useKeptPlace = (step: string | null): RowsPlace | null => useState(() => placeAt(step))[0];

interface Shown {
  readonly step: string | null;
  readonly kept: RowsPlace | null;
  /** Rows of the table, as far as known. */
  readonly total: number;
  readonly rows: RowWindow;
  readonly active: ActiveCell;
  readonly openKey: string | null;
  readonly box: RefObject<HTMLDivElement | null>;
}

/** Goes back to where one was as soon as there are rows enough, and notes from then on where one is. */
export function useRowsPlace({ step, kept, total, rows, active, openKey, box }: Shown): void {
  const isBack = useRef(kept === null);
  useEffect(() => {
    if (isBack.current || kept === null || total <= kept.top) return;
    isBack.current = true;
    // Not inside of React's own commit: rows are drawn when it returns.
    if (kept.top > 0) queueMicrotask(() => rows.show(Math.min(total - 1, kept.top + rows.visibleRows - 1)));
  }, [kept, total, rows]);

  const { first: top } = rows;
  const { row, column } = active.selection.active;
  useEffect(() => {
    if (isBack.current && step !== null) rememberPlace(step, { top, active: { row, column }, openKey });
  }, [step, top, row, column, openKey]);

  useEffect(() => {
    // What was followed here is gone from the screen, and the focus with it.
    const { activeElement } = document;
    if (activeElement === document.body || activeElement?.id === 'main') box.current?.focus({ preventScroll: true });
  }, [box]);
}
