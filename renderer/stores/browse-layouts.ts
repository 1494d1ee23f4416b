import { create } from 'zustand';
import type { ColumnLayout } from '@shared/browse.ts';
import { call } from '../api.ts';

/** How the columns of the tables are arranged, by handle and table; the host remembers them. null = as they come. */
export const useLayouts = create<{ byTable: Readonly<Record<string, ColumnLayout | null>> }>(() => ({ byTable: {} }));

/** A drag of a column's edge is many changes: only where it ends is written, ms. */
const WRITE_AFTER_MS = 400;
const timers = new Map<string, ReturnType<typeof setTimeout>>();

export const layoutId = (handle: string, table: string): string => JSON.stringify([handle, table]);

/** Asked once per table; a host that cannot tell is no reason to show no rows. */
export async function loadLayout(handle: string, table: string): Promise<void> {
  const id = layoutId(handle, table);
  if (useLayouts.getState().byTable[id] !== undefined) return;
  const answer = await call('browse:layout', { handle, table });
  if (useLayouts.getState().byTable[id] === undefined) set(id, answer.ok ? answer.value : null);
}

/** @param layout null = as they come. */
export function changeLayout(handle: string, table: string, layout: ColumnLayout | null): void {
  const id = layoutId(handle, table);
  set(id, layout);
  clearTimeout(timers.get(id));
  const write = (): void => void call('browse:setLayout', { handle, table, layout });
  timers.set(id, setTimeout(write, WRITE_AFTER_MS));
}

const set = (id: string, layout: ColumnLayout | null): void =>
  useLayouts.setState(({ byTable }) => ({ byTable: { ...byTable, [id]: layout } }));
