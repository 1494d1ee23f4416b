import type { AppError } from '@shared/errors.ts';
import type { StoreApi } from 'zustand';
import { useBackups } from './backups.ts';
import { forgetLogs, useIngest } from './ingest.ts';
import { useRecovery } from './recovery.ts';
import { useRuns } from './runs.ts';

/** The connection is there again: what was told only because it was not goes. How that ended, the host is asked anew. */
export function forgetDisconnected(): void {
  // Of files that were being taken in, and of issue rows tried again, nobody else tells how it ended: that error stays.
  for (const [handle, view] of Object.entries(useIngest.getState().byHandle))
    if (isLost(view) && view.looked === null) forgetLogs(handle);
  clearIn(useBackups);
  clearIn(useRecovery);
  const { refused } = useRuns.getState();
  const kept = Object.entries(refused).filter(([, error]) => !isLost({ error }));
  useRuns.setState({ refused: Object.fromEntries(kept) });
}

interface Told {
  readonly error: AppError | null;
}
const isLost = ({ error }: Told): boolean => error?.code === 'E_DISCONNECTED';

function clearIn<View extends Told>(store: Pick<StoreApi<ByHandle<View>>, 'getState' | 'setState'>): void {
  const views = Object.entries(store.getState().byHandle);
  if (!views.some(([, view]) => isLost(view))) return;
  const cleared = views.map(([handle, view]) => [handle, isLost(view) ? { ...view, error: null } : view] as const);
  store.setState({ byHandle: Object.fromEntries(cleared) });
}

interface ByHandle<View> {
  readonly byHandle: Readonly<Record<string, View>>;
}
