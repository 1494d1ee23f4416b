import type { BrowseRecord, BrowseTable } from '@shared/browse.ts';
import { call } from '../../api.ts';
import { followToRow, whereabouts } from '../../stores/browse.ts';

type Leading = BrowseRecord['references'][number];

/** The references that a column is part of. */
export const referencesOf = (record: BrowseRecord, column: string): Leading[] =>
  record.references.filter(({ reference }) => reference.from.includes(column));

/** Goes to the row that a cell points to; nothing happens where it points nowhere. */
export async function followCell(handle: string, table: BrowseTable, rowKey: string, column: string): Promise<void> {
  if (!table.references.some(({ from }) => from.includes(column))) return;
  const from = whereabouts();
  const record = await call('browse:record', { handle, table: table.name, key: rowKey });
  if (!record.ok || whereabouts() !== from) return;
  const leading = referencesOf(record.value, column).find(({ isThere }) => isThere);
  if (leading?.filter) await followToRow(handle, rowKey, leading.reference.toTable, leading.filter);
}
