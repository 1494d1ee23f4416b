import { Button } from '@mantine/core';
import { IconEyeOff } from '@tabler/icons-react';
import type { BrowseColumn, BrowseRecord, CellValue } from '@shared/browse.ts';
import { hideAgain, placeId, reveal, useRevealed, type CellPlaceId } from '../../stores/revealed.ts';
import { shownName } from '../../words/text.ts';
import { cellText, type CellText } from './cell-words.ts';
import { Follow } from './referenced-by.tsx';
import { referencesOf } from './references.ts';
import { useRevealedValue } from './use-revealed-value.ts';
import { timeBeside } from './viewer/time-readings.ts';
import styles from './record.module.css';

interface RecordValueProps {
  readonly handle: string;
  readonly table: string;
  readonly column: BrowseColumn;
  readonly cell: CellValue | undefined;
  readonly record: BrowseRecord;
  readonly onView: () => void;
}

/** One column of a row: its value, what it means, where it leads. */
export function RecordValue({ handle, table, column, cell, record, onView }: RecordValueProps) {
  const place = { handle, table, rowKey: record.key, column: column.name };
  const isRevealed = useRevealed(({ ids }) => ids.has(placeId(place)));
  const shown = cell && cellText(cell);
  const time = cell && 'value' in cell ? timeBeside(column, cell.type, cell.value) : null;
  const isMasked = cell?.type === 'masked';
  return (
    <div className={styles.value}>
      <dt>
        <span className={styles.name}>{shownName(column.name)}</span>
        <span className={styles.type}>{typeWords(column, cell)}</span>
      </dt>
      <dd data-kind={isRevealed ? 'value' : shown?.kind}>
        {isMasked && isRevealed ? <Revealed place={place} record={record} onView={onView} /> : <Shown shown={shown} />}
        {time !== null && <span className={styles.time}>{time}</span>}
        {isMasked && !isRevealed && (
          <Button size="compact-xs" variant="subtle" onClick={() => reveal(place)}>
            Show this value
          </Button>
        )}
        {shown?.isCut && (
          <Button
            size="compact-xs"
            variant="subtle"
            aria-label={`Show all of ${shownName(column.name)}`}
            onClick={onView}
          >
            Show all
          </Button>
        )}
        {referencesOf(record, column.name).map(({ reference, filter, isThere }) =>
          filter && isThere ? (
            <Follow
              key={reference.toTable}
              handle={handle}
              from={record.key}
              to={reference.toTable}
              filter={filter}
              isOne
            >
              {shownName(reference.toTable)} →
            </Follow>
          ) : (
            filter && (
              <span key={reference.toTable} className={styles.nowhere}>
                leads nowhere: no such row in {shownName(reference.toTable)}
              </span>
            )
          ),
        )}
      </dd>
    </div>
  );
}

const Shown = ({ shown }: { shown: CellText | undefined }) => (
  <span>
    {shown?.text}
    {shown?.isCut && shown.kind !== 'tag' && '…'}
  </span>
);

/** Asked for only now: before, the window has never had it. */
function Revealed({ place, record, onView }: { place: CellPlaceId; record: BrowseRecord; onView: () => void }) {
  const value = useRevealedValue(place, record);
  if (value === null) return <span className="muted">Reading…</span>;
  const { text, isCut } = cellText({
    type: 'text',
    value: value.text,
    length: new TextEncoder().encode(value.text).length,
  });
  return (
    <>
      <span>
        {text}
        {(isCut || value.isCut) && '…'}
      </span>
      <span className={styles.revealed} role="status">
        <IconEyeOff size={12} aria-hidden /> Shown until you leave this row
        <Button size="compact-xs" variant="subtle" onClick={() => hideAgain(place)}>
          Hide
        </Button>
        <Button
          size="compact-xs"
          variant="subtle"
          aria-label={`Show all of ${shownName(place.column)}`}
          onClick={onView}
        >
          Show all
        </Button>
      </span>
    </>
  );
}

/** "text", "integer in a text column", "generated" */
function typeWords(column: BrowseColumn, cell: CellValue | undefined): string {
  const declared = column.type === '' ? 'any type' : column.type.toLowerCase();
  const stored = cell?.type === 'masked' ? cell.storage : cell?.type === 'broken-text' ? 'text' : cell?.type;
  const parts = [declared];
  if (stored !== undefined && stored !== 'null' && stored !== 'failed' && !fits(declared, stored))
    parts.push(`stored as ${stored}`);
  if (column.primaryKeyPosition > 0) parts.push('key');
  if (column.isGenerated) parts.push('generated');
  if (column.isLegacy) parts.push(column.replacedBy === null ? 'old' : `old name of ${column.replacedBy}`);
  return parts.join(', ');
}

/** By SQLite's own rules of affinity, as far as a reader would be surprised otherwise. */
function fits(declared: string, stored: 'integer' | 'real' | 'text' | 'blob'): boolean {
  if (declared === 'any type' || declared.includes(stored)) return true;
  if (declared.includes('int')) return stored === 'integer';
  if (/char|clob|text/.test(declared)) return stored === 'text';
  if (declared.includes('blob')) return stored === 'blob';
  if (/real|floa|doub/.test(declared)) return stored === 'real';
  return stored !== 'blob';
}
