import { Button } from '@mantine/core';
import type { BrowseTable } from '@shared/browse.ts';
import { useEffect, useState } from 'react';
import { loadSizes } from '../../stores/browse.ts';
import { useDatabases } from '../../stores/databases.ts';
import styles from './data.module.css';

/** Measuring reads the whole file: of a small one nobody notices. */
const UNASKED_BYTES = 64_000_000;

/** Sizes on disk: measured at once for a small file, on request for a large one. */
export function TableSizes({ handle, tables }: { handle: string; tables: readonly BrowseTable[] }) {
  const fileBytes = useDatabases((state) => state.views[handle]?.status?.file.sizeBytes);
  const isKnown = tables.some(({ sizeBytes }) => sizeBytes !== null);
  const [said, setSaid] = useState<'measuring' | 'unknown' | null>(null);
  const isSmall = fileBytes !== undefined && fileBytes <= UNASKED_BYTES;
  const measure = async (): Promise<void> => {
    setSaid('measuring');
    setSaid((await loadSizes(handle)) ? null : 'unknown');
  };
  useEffect(() => {
    if (isSmall && !isKnown) void loadSizes(handle);
  }, [handle, isSmall, isKnown]);
  if (isKnown || isSmall) return null;
  return (
    <div className={styles.sizes} role="status">
      {said === null && (
        <Button size="compact-xs" variant="subtle" onClick={() => void measure()}>
          Measure sizes on disk
        </Button>
      )}
      {said === 'measuring' && <span className="muted">Measuring sizes on disk…</span>}
      {said === 'unknown' && <span className="muted">Sizes cannot be told for this file.</span>}
    </div>
  );
}
