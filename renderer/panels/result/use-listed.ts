import { useEffect, useState } from 'react';
import type { BackupRecord } from '@shared/run.ts';
import { loadBackups, useBackups } from '../../stores/backups.ts';
import type { Listed } from './result-words.ts';

const NONE: readonly BackupRecord[] = [];

/** Tells whether a restore made a report history, and what has become of its backups: fresh once this page has asked. */
export function useListed(handle: string): Listed {
  const backups = useBackups((state) => state.byHandle[handle]?.list?.backups ?? NONE);
  const isFailing = useBackups((state) => (state.byHandle[handle]?.listError ?? null) !== null);
  const [askedFor, setAskedFor] = useState<string | null>(null);
  useEffect(() => {
    let isWanted = true;
    void loadBackups(handle).then(() => isWanted && setAskedFor(handle));
    return () => {
      isWanted = false;
    };
  }, [handle]);
  return { backups, isFresh: askedFor === handle && !isFailing };
}
