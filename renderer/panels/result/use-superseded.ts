import { useEffect } from 'react';
import type { RunReport } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { loadBackups, useBackups } from '../../stores/backups.ts';
import { supersededBy, type Superseded } from './superseded.ts';

/** Whether a restore made this report history. The list of backups tells, so it is asked for. */
export function useSuperseded(handle: string, report: RunReport | null, status: DatabaseStatus): Superseded | null {
  const backups = useBackups((state) => state.byHandle[handle]?.list?.backups);
  useEffect(() => void loadBackups(handle), [handle]);
  return report === null ? null : supersededBy(report, status, backups ?? []);
}
