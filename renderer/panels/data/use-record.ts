import type { BrowseColumn, BrowseRecord, BrowseTable } from '@shared/browse.ts';
import type { AppError } from '@shared/errors.ts';
import { useEffect, useState } from 'react';
import { call } from '../../api.ts';

export interface FoundRecord {
  readonly record: BrowseRecord | null;
  /** Those that its cells stand for, in their order: the table may have others by now. */
  readonly columns: readonly BrowseColumn[];
  readonly error: AppError | null;
}

/**
 * The row with this key, asked for anew whenever `asked` grows. The row before stays until the next one is there, and this
 * one also where it could not be read again: below the reason.
 */
export function useRecord(handle: string, { name, columns }: BrowseTable, key: string, asked: number): FoundRecord {
  const [found, setFound] = useState<FoundRecord>({ record: null, columns, error: null });
  const names = JSON.stringify(columns.map((column) => column.name));
  useEffect(() => {
    let isWanted = true;
    void call('browse:record', { handle, table: name, key }).then((answer) => {
      if (!isWanted) return;
      if (answer.ok) setFound({ record: answer.value, columns, error: null });
      else
        setFound((before) => ({
          ...before,
          record: before.record?.key === key ? before.record : null,
          error: answer.error,
        }));
    });
    return () => {
      isWanted = false;
    };
    // oxlint-disable-next-line react/exhaustive-deps -- cells come in the order of the names; `asked` grows with the rest
  }, [handle, name, names, key, asked]);
  return found;
}
