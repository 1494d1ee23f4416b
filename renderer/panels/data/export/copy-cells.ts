import type { BrowseRow, BrowseTable, CellValue } from '@shared/browse.ts';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import { call } from '../../../api.ts';
import type { RowSource } from '../../../stores/browse-rows.ts';
import { bytes, count } from '../../../words/numbers.ts';
import { shownName } from '../../../words/text.ts';
import { createValueSource } from '../viewer/value-source.ts';
import { hexOf, type WholeValue } from './copy-text.ts';

/** More is a matter for an export: the clipboard has to hold all of it at once. */
export const MOST_CELLS = 10_000;
const MOST_BYTES = 20_000_000;
const PAGE_ROWS = 500;

export interface CopyRange {
  readonly handle: string;
  readonly table: BrowseTable;
  readonly source: RowSource;
  readonly fromRow: number;
  readonly toRow: number;
  /** By their index in the table, in the order they are shown. */
  readonly columns: readonly number[];
}

/** Every value of a range, whole: what the grid shows cut is fetched. Masked ones stay masked. */
export async function wholeValues(range: CopyRange): Promise<Result<WholeValue[][]>> {
  const cells = (range.toRow - range.fromRow + 1) * range.columns.length;
  if (cells > MOST_CELLS)
    return tooMuch(`These are ${count(cells)} cells; at most ${count(MOST_CELLS)} can be copied.`);
  const rows = await rowsOf(range);
  if (!rows.ok) return rows;
  const size = rows.value.reduce(
    (sum, { cells: row }) => sum + range.columns.reduce((s, at) => s + copiedSize(row[at]), 0),
    0,
  );
  if (size > MOST_BYTES)
    return tooMuch(`These values have ${bytes(size)}; at most ${bytes(MOST_BYTES)} can be copied.`);
  const whole: WholeValue[][] = [];
  for (const { key, cells: row } of rows.value) {
    const values: WholeValue[] = [];
    for (const at of range.columns) {
      const value = await wholeValue(range, key, range.table.columns[at]?.name ?? '', row[at] ?? { type: 'null' });
      if (!value.ok) return value;
      values.push(value.value);
    }
    whole.push(values);
  }
  return ok(whole);
}

const tooMuch = (message: string): Result<never> =>
  err(appError('E_BAD_REQUEST', `${message} Export them to a file instead.`));

const sizeOf = (cell: CellValue | undefined): number => (cell && 'length' in cell ? cell.length : 0);
/** Of hidden values nothing is copied. */
const copiedSize = (cell: CellValue | undefined): number => (cell?.type === 'masked' ? 0 : sizeOf(cell));

/** Those in view are here already; the others are asked for. */
async function rowsOf({ handle, source, fromRow, toRow }: CopyRange): Promise<Result<BrowseRow[]>> {
  const rows: BrowseRow[] = [];
  for (let position = fromRow; position <= toRow;) {
    const known = source.row(position);
    if (known) {
      rows.push(known);
      position += 1;
      continue;
    }
    const anchor = { at: 'position', position } as const;
    const limit = Math.min(PAGE_ROWS, toRow - position + 1);
    const page = await call('browse:page', { handle, query: source.query, anchor, limit, hasConsent: true });
    if (!page.ok) return page;
    if (page.value.rows.length === 0) break;
    rows.push(...page.value.rows);
    position += page.value.rows.length;
  }
  return ok(rows);
}

async function wholeValue(
  { handle, table }: CopyRange,
  rowKey: string,
  column: string,
  cell: CellValue,
): Promise<Result<WholeValue>> {
  if (cell.type === 'failed')
    return err(appError('E_HOSTILE_SCHEMA', `${shownName(column)} cannot be computed: ${cell.reason}. Leave it out.`));
  const { type: kind } = cell;
  const known = (text: string, hex = ''): Result<WholeValue> => ok({ type: kind, text, hex, sizeBytes: sizeOf(cell) });
  switch (cell.type) {
    case 'null':
    case 'masked':
      return known('');
    case 'integer':
    case 'real':
      return known(cell.value);
    case 'text':
      if (!cell.isCut) return known(cell.value);
      break;
    case 'blob':
    case 'broken-text':
      if (cell.hex.length === 2 * cell.length) return known('', cell.hex);
  }
  const source = createValueSource({ handle, table: table.name, rowKey, column }, false);
  const head = await source.head();
  if (!head.ok) return head;
  const { type, value, encoding, totalBytes } = head.value;
  if (type === 'null' || type === 'integer' || type === 'real') return ok({ type, text: value, hex: '', sizeBytes: 0 });
  const stored = await source.whole(totalBytes);
  if (!stored.ok) return stored;
  const text = type === 'text' ? decoded(stored.value, encoding) : null;
  if (text !== null) return ok({ type: 'text', text, hex: '', sizeBytes: totalBytes });
  return ok({
    type: type === 'blob' ? 'blob' : 'broken-text',
    text: '',
    hex: hexOf(stored.value),
    sizeBytes: totalBytes,
  });
}

function decoded(stored: Uint8Array, encoding: string | null | undefined): string | null {
  try {
    return new TextDecoder(encoding ?? 'utf-8', { fatal: true, ignoreBOM: true }).decode(stored);
  } catch {
    return null;
  }
}
