import { create } from 'zustand';
import type { Events } from '@shared/channels.ts';
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
export const changesRows = ({ kind }: WorkView): boolean => kind !== 'backup' && kind !== 'ingest';

/**
 * After a lost connection: of what was told before it and not again since, the end was missed. What goes on all the same
 * tells of itself as soon as it has more to say.
 * @returns the handles of those.
 */
export function endUntold(before: Works['byHandle']): string[] {
  const now = useWorks.getState().byHandle;
  const untold = Object.keys(before).filter((handle) => before[handle] && now[handle] === before[handle]);
  useWorks.setState({ byHandle: { ...now, ...Object.fromEntries(untold.map((handle) => [handle, null])) } });
  return untold;
}

/** @returns the error, or null: then the work itself ends, and says what is kept. */
export async function cancelWork(handle: string): Promise<AppError | null> {
  const asked = await call('work:cancel', { handle });
  return asked.ok ? null : asked.error;
}
