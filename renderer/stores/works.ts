import { create } from 'zustand';
import type { Events, Input } from '@shared/channels.ts';
import type { AppError } from '@shared/errors.ts';
import { call } from '../api.ts';

/** What is going on with each database besides upgrades, as the host tells it. */
export type WorkView = NonNullable<Events['work:changed']['work']>;

interface Works {
  readonly byHandle: Readonly<Record<string, WorkView | null>>;
}

export const useWorks = create<Works>(() => ({ byHandle: {} }));

export function receiveWork({ handle, work }: Events['work:changed']): void {
  useWorks.setState(({ byHandle }) => ({ byHandle: { ...byHandle, [handle]: work } }));
}

export const isWorkedOn = ({ byHandle }: Works, handle: string): boolean => (byHandle[handle] ?? null) !== null;

/** It leaves other rows behind, and not those that it was asked to take in. */
export const changesRows = ({ kind }: WorkView): boolean => !['backup', 'backups', 'ingest'].includes(kind);

/** For a window that may have missed its beginning, or its end. */
export async function loadWork(handle: string): Promise<void> {
  const work = await call('work:get', { handle });
  if (work.ok) receiveWork({ handle, work: work.value });
}

/** The browser host cuts off a page with more than 100 calls under way, and the next connection asks the same again. */
const ASKED_AT_ONCE = 20;

/** Those of any number of databases. */
export async function loadWorks(handles: readonly string[]): Promise<void> {
  for (let at = 0; at < handles.length; at += ASKED_AT_ONCE)
    await Promise.all(handles.slice(at, at + ASKED_AT_ONCE).map(loadWork));
}

/** @returns the error, or null: then the work itself ends, and says what is kept. */
export async function cancelWork(handle: string): Promise<AppError | null> {
  const asked = await call('work:cancel', { handle });
  return asked.ok ? null : asked.error;
}

/** What only reads, and can be given up. */
export type Reading = Input<'reading:stop'>['call'];

/** @returns as `cancelWork`: what was asked then answers E_CANCELLED. */
export async function stopReading(handle: string, reading: Reading): Promise<AppError | null> {
  const asked = await call('reading:stop', { handle, call: reading });
  return asked.ok ? null : asked.error;
}
