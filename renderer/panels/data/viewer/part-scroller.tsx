import { useElementSize, useMergedRef } from '@mantine/hooks';
import { Slider } from '@mantine/core';
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { ErrorNotice } from '../../../components/error-notice.tsx';
import { bytes } from '../../../words/numbers.ts';
import type { Parts } from './use-parts.ts';
import { PART_BYTES } from './value-source.ts';
import styles from './viewer.module.css';

const ROW_PX = 20;
const OVERSCAN = 12;
/** The next stretch is fetched when so many rows are left. */
const AHEAD_ROWS = 200;

interface PartScrollerProps<Row> {
  readonly label: string;
  readonly parts: Parts<Row>;
  /** Stretches in all. */
  readonly count: number;
  readonly totalBytes: number;
  /** @param at number of the row in its stretch. */
  readonly draw: (row: Row, part: number, at: number) => ReactNode;
}

/** Rows of a value of any size: scrolling fetches the next stretch and lets go of the one behind. */
export function PartScroller<Row>({ label, parts, count, totalBytes, draw }: PartScrollerProps<Row>) {
  const box = useRef<HTMLDivElement>(null);
  const { ref: sized, height } = useElementSize<HTMLDivElement>();
  const both = useMergedRef(box, sized);
  const [top, setTop] = useState(0);
  const { loaded, shiftRows, error, want } = parts;
  const rows = loaded.reduce((sum, part) => sum + part.rows.length, 0);
  const visible = Math.ceil((height || 600) / ROW_PX);
  const [from, to] = [Math.max(0, Math.floor(top / ROW_PX) - OVERSCAN), Math.floor(top / ROW_PX) + visible + OVERSCAN];
  const [first, last] = [loaded[0]?.index ?? 0, loaded.at(-1)?.index ?? 0];

  // Where somebody goes, until that is there: what is shown stays in place meanwhile.
  const goal = useRef<{ readonly part: number; readonly isEnd: boolean } | null>(null);
  useLayoutEffect(() => {
    if (!box.current) return;
    if (goal.current !== null && loaded.length === 1 && loaded[0]?.index === goal.current.part) {
      box.current.scrollTop = goal.current.isEnd ? box.current.scrollHeight : 0;
      goal.current = null;
    } else if (shiftRows !== 0) box.current.scrollTop += shiftRows * ROW_PX;
  }, [loaded, shiftRows]);
  useEffect(() => {
    if (loaded.length === 0) return;
    const row = Math.floor(top / ROW_PX);
    if (row + visible + AHEAD_ROWS > rows && last + 1 < count) want(last + 1, true);
    else if (row < AHEAD_ROWS && first > 0) want(first - 1, true);
  }, [loaded, top, rows, visible, first, last, count, want]);

  /** @param isEnd its last row is to be seen, else its first. */
  const jump = (part: number, isEnd = false): void => {
    goal.current = { part, isEnd };
    want(part);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.ctrlKey || event.metaKey) || !['Home', 'End'].includes(event.key) || count === 1) return;
    event.preventDefault();
    jump(event.key === 'Home' ? 0 : count - 1, event.key === 'End');
  };
  const current = partAt(loaded, Math.floor(top / ROW_PX));
  return (
    <>
      {error && <ErrorNotice error={error} />}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys */}
      <div
        ref={both}
        role="region"
        aria-label={label}
        tabIndex={0}
        className={styles.scroller}
        onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
        onKeyDown={onKeyDown}
      >
        <div className={styles.space} style={{ height: rows * ROW_PX }}>
          {drawn(loaded, from, to).map(({ row, part, at, number }) => (
            <div key={number} className={styles.row} style={{ top: number * ROW_PX }}>
              {draw(row, part, at)}
            </div>
          ))}
        </div>
      </div>
      {count > 1 && (
        <div className={styles.place}>
          <span>
            at {bytes(current * PART_BYTES)} of {bytes(totalBytes)}
          </span>
          <Slider
            className={styles.slider}
            size="sm"
            label={null}
            thumbLabel="Place in the value"
            min={0}
            max={count - 1}
            value={current}
            onChange={(part) => jump(part)}
          />
        </div>
      )}
    </>
  );
}

function partAt<Row>(loaded: Parts<Row>['loaded'], row: number): number {
  let before = 0;
  for (const { index, rows } of loaded) {
    before += rows.length;
    if (row < before) return index;
  }
  return loaded.at(-1)?.index ?? 0;
}

function drawn<Row>(loaded: Parts<Row>['loaded'], from: number, to: number) {
  let before = 0;
  return loaded.flatMap(({ index, rows }) => {
    const start = before;
    before += rows.length;
    const own = rows.slice(Math.max(0, from - start), Math.max(0, to - start));
    const skipped = Math.max(0, from - start);
    return own.map((row, at) => ({ row, part: index, at: skipped + at, number: start + skipped + at }));
  });
}
