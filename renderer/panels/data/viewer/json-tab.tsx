import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { counted } from '../../../words/numbers.ts';
import { visible } from '../cell-words.ts';
import { jsonRows, parseJson, sizeOf, type JsonNode, type JsonRow } from './json-tree.ts';
import styles from './viewer.module.css';

const ROW_PX = 22;
const OVERSCAN = 10;
const DEEPEST_INDENT = 30;
const LONGEST = 300;

/** A JSON value as a tree; one that is none says where. */
export function JsonTab({ text }: { text: string }) {
  const answer = useMemo(() => parseJson(text), [text]);
  if (answer.ok) return <Tree root={answer.root} />;
  return (
    <div className={styles.notice} role="status">
      <p>
        This is no valid JSON: in line {answer.line}, character {answer.column}, {answer.what}.
      </p>
      <pre className={styles.around}>{around(text, answer.line, answer.column)}</pre>
      <p className="muted">The tab Text shows it as it stands there.</p>
    </div>
  );
}

/** The line, shortened, and a mark below the place. */
function around(text: string, line: number, column: number): string {
  const own = text.split(/\r\n|\n|\r/)[line - 1] ?? '';
  const from = Math.max(0, column - 40);
  const before = visible(own.slice(from, column - 1));
  return `${before}${visible(own.slice(column - 1, column + 40))}\n${' '.repeat(before.length)}^`;
}

function Tree({ root }: { root: JsonNode }) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setActive] = useState(0);
  const [top, setTop] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const { ref: sized, height } = useElementSize<HTMLDivElement>();
  const both = useMergedRef(box, sized);
  const rows = useMemo(() => jsonRows(root, toggled), [root, toggled]);
  // The value may have been read anew, and be shorter: the place in it stays as far as there is one.
  const active = Math.min(chosen, rows.length - 1);
  const topRow = Math.min(Math.floor(top / ROW_PX), rows.length - 1);
  const toggle = (id: string): void =>
    setToggled((now) => {
      const next = new Set(now);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const goTo = (at: number): void => {
    const row = Math.max(0, Math.min(rows.length - 1, at));
    setActive(row);
    const element = box.current;
    if (!element) return;
    if (row * ROW_PX < element.scrollTop) element.scrollTop = row * ROW_PX;
    else if ((row + 1) * ROW_PX > element.scrollTop + element.clientHeight)
      element.scrollTop = (row + 1) * ROW_PX - element.clientHeight;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[active];
    const page = Math.floor((box.current?.clientHeight ?? 400) / ROW_PX);
    const next = row && moved(event.key, rows, active, page);
    if (next === undefined || next === null) {
      if (!row || !opens(event.key, row)) return;
      toggle(row.id);
    } else goTo(next);
    event.preventDefault();
  };
  const first = Math.max(0, topRow - OVERSCAN);
  const shown = rows.slice(first, topRow + Math.ceil((height || 600) / ROW_PX) + 1 + OVERSCAN);
  return (
    <div
      ref={both}
      role="tree"
      aria-label="JSON"
      tabIndex={0}
      aria-activedescendant={`json-${active}`}
      className={styles.scroller}
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
      onKeyDown={onKeyDown}
    >
      <div className={styles.space} role="presentation" style={{ height: rows.length * ROW_PX }}>
        {shown.map((row, at) => (
          <Line
            key={row.id}
            row={row}
            number={first + at}
            isActive={first + at === active}
            onClick={() => {
              setActive(first + at);
              if (sizeOf(row.node) > 0) toggle(row.id);
            }}
          />
        ))}
      </div>
    </div>
  );
}

interface LineProps {
  readonly row: JsonRow;
  readonly number: number;
  readonly isActive: boolean;
  readonly onClick: () => void;
}

function Line({ row, number, isActive, onClick }: LineProps) {
  const size = sizeOf(row.node);
  const Chevron = row.isOpen ? IconChevronDown : IconChevronRight;
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the tree takes the keys
    <div
      id={`json-${number}`}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-posinset={row.place}
      aria-setsize={row.siblings}
      aria-expanded={size > 0 ? row.isOpen : undefined}
      aria-selected={isActive}
      tabIndex={-1}
      className={styles.jsonLine}
      style={{ top: number * ROW_PX, paddingLeft: 6 + Math.min(row.depth, DEEPEST_INDENT) * 16 }}
      onClick={onClick}
    >
      <span className={styles.chevron}>{size > 0 && <Chevron size={13} aria-hidden />}</span>
      {row.label !== null && <span className={styles.jsonName}>{short(row.label)}: </span>}
      <span data-kind={row.node.kind} className={styles.jsonValue}>
        {words(row.node)}
      </span>
    </div>
  );
}

const short = (text: string): string => visible(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

function words(node: JsonNode): string {
  if (node.kind === 'object') return node.entries.length === 0 ? '{}' : `{ ${counted(node.entries.length, 'name')} }`;
  if (node.kind === 'array') return node.items.length === 0 ? '[]' : `[ ${counted(node.items.length, 'item')} ]`;
  return short(node.raw);
}

const opens = (key: string, { node, isOpen }: JsonRow): boolean =>
  sizeOf(node) > 0 && ((key === 'ArrowRight' && !isOpen) || (key === 'ArrowLeft' && isOpen) || key === 'Enter' || key === ' '); // prettier-ignore

/** @returns the row to go to, or null. */
function moved(key: string, rows: readonly JsonRow[], active: number, page: number): number | null {
  const row = rows[active];
  if (!row) return null;
  switch (key) {
    case 'ArrowDown':
      return active + 1;
    case 'ArrowUp':
      return active - 1;
    case 'PageDown':
      return active + page;
    case 'PageUp':
      return active - page;
    case 'Home':
      return 0;
    case 'End':
      return rows.length - 1;
    case 'ArrowRight':
      return row.isOpen ? active + 1 : null;
    case 'ArrowLeft':
      return row.isOpen ? null : rows.slice(0, active).findLastIndex(({ depth }) => depth < row.depth);
    default:
      return null;
  }
}
