import type { BrowseRecord } from '@shared/browse.ts';
import { useEffect, useState } from 'react';
import { call } from '../../api.ts';
import type { CellPlaceId } from '../../stores/revealed.ts';
import { decodeAnything } from './viewer/text-parts.ts';
import { fromHex } from './viewer/value-source.ts';

/** Long sensitive values are looked at in the viewer. */
const GLANCE_BYTES = 512;

/** A hidden value that a person asked for, read anew with the row that it is in; null = on its way. */
export function useRevealedValue(place: CellPlaceId, record: BrowseRecord) {
  const { handle, table, rowKey, column } = place;
  const [value, setValue] = useState<{ text: string; isCut: boolean } | null>(null);
  useEffect(() => {
    let isWanted = true;
    const asked = { handle, table, key: rowKey, column, from: 0, length: GLANCE_BYTES, isRevealed: true };
    void call('browse:cell', asked).then((range) => {
      if (!isWanted) return;
      if (!range.ok) return setValue({ text: range.error.message, isCut: false });
      const { type, value: found, totalLength, length } = range.value;
      const isHex = type === 'blob' || type === 'broken-text';
      setValue({ text: isHex ? decodeAnything(fromHex(found), 'UTF-8') : found, isCut: length < totalLength });
    });
    return () => {
      isWanted = false;
    };
  }, [handle, table, rowKey, column, record]);
  return value;
}
