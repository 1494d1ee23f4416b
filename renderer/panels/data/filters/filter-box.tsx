import { Menu } from '@mantine/core';
import type { BrowseColumn, BrowseQuery } from '@shared/browse.ts';
import { useEffect, useRef, useState } from 'react';
import { changeQuery } from '../../../stores/browse.ts';
import { shownName } from '../../../words/text.ts';
import { menuPlace } from '../menu-place.ts';
import { boxFilterOf, boxHint, filterOfBox, usualOperator, valuesOf, withBoxFilter } from './box-filter.ts';
import { operators, operatorsOf, type Operator } from './filter-words.ts';
import styles from './filters.module.css';

interface FilterBoxProps {
  readonly handle: string;
  readonly column: BrowseColumn;
  readonly query: BrowseQuery;
  /** Element that says which keys the box knows. */
  readonly describedBy: string;
  /** Escape: back to the rows. */
  readonly onLeave: () => void;
}

const TYPING_PAUSE_MS = 500;

/** Condition and value of one column. What it asks for stands among the chips too, and follows them. */
export function FilterBox({ handle, column, query, describedBy, onLeave }: FilterBoxProps) {
  const found = boxFilterOf(query.filters, column.name);
  const said = JSON.stringify(found?.filter ?? null);
  const [operator, setOperator] = useState<Operator>(found?.filter.operator ?? usualOperator(column));
  const [text, setText] = useState(found?.text ?? '');
  const [isOpen, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const [ours, setOurs] = useState(said);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // A chip was removed, or another filter added: the box says what holds. What was typed here holds already.
  if (said !== ours) {
    setOurs(said);
    setText(found?.text ?? '');
    if (found) setOperator(found.filter.operator);
  }
  useEffect(() => () => clearTimeout(timer.current), []);

  const ask = (by: Operator, value: string): void => {
    clearTimeout(timer.current);
    const next = filterOfBox(column.name, by, value);
    // Half a range is not a filter yet: what held goes on until there is one, or the box is empty.
    if (next === null && value !== '') return;
    const asked = JSON.stringify(next);
    setOurs(asked);
    if (asked !== said) changeQuery(handle, { filters: withBoxFilter(query.filters, column.name, next) });
  };
  const later = (value: string): void => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => ask(operator, value), TYPING_PAUSE_MS);
  };
  const choose = (next: Operator): void => {
    const value = valuesOf(next) === 0 ? '' : text;
    setOperator(next);
    setText(value);
    if (valuesOf(next) === 0 || value !== '') ask(next, value);
    input.current?.focus();
  };
  return (
    <div className={styles.box} data-used={found !== null}>
      <OperatorMenu
        column={column}
        operator={column.isSensitive && !found ? null : operator}
        isOpen={isOpen}
        onOpen={setOpen}
        onChoose={choose}
      />
      <input
        ref={input}
        className={styles.input}
        aria-label={`Filter ${shownName(column.name)}`}
        aria-describedby={describedBy}
        placeholder={column.isSensitive && !found ? 'hidden' : boxHint(operator)}
        value={text}
        readOnly={valuesOf(operator) === 0}
        onChange={({ currentTarget }) => later(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') ask(operator, text);
          else if (event.key === 'ArrowDown' && event.altKey) setOpen(true);
          else if (event.key === 'Escape') onLeave();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      {found && (
        <button
          type="button"
          tabIndex={-1}
          className={styles.clear}
          aria-label={`Remove the filter of ${shownName(column.name)}`}
          onClick={() => {
            setText('');
            if (valuesOf(operator) === 0) setOperator(usualOperator(column));
            changeQuery(handle, { filters: withBoxFilter(query.filters, column.name, null) });
            onLeave();
          }}
        >
          ×
        </button>
      )}
    </div>
  );
}

interface OperatorMenuProps {
  readonly column: BrowseColumn;
  /** null = nothing is asked, and nothing is usual. */
  readonly operator: Operator | null;
  readonly isOpen: boolean;
  readonly onOpen: (isOpen: boolean) => void;
  readonly onChoose: (operator: Operator) => void;
}

function OperatorMenu({ column, operator, isOpen, onOpen, onChoose }: OperatorMenuProps) {
  const { sign, title } = operators.find((each) => each.operator === operator) ?? { sign: '▾', title: 'any' };
  const opener = (
    <button
      type="button"
      tabIndex={-1}
      className={styles.operator}
      aria-label={`Condition for ${shownName(column.name)}: ${title}`}
      aria-haspopup="menu"
      title={title}
      data-sign={sign}
      {...(!isOpen && { onClick: () => onOpen(true) })}
    />
  );
  if (!isOpen) return opener; // as with the menus of the columns: closed ones are not free
  return (
    <Menu
      opened
      onChange={onOpen}
      position="bottom-start"
      shadow="md"
      width={190}
      {...menuPlace}
      transitionProps={{ duration: 0 }}
      clickOutsideEvents={['mousedown', 'touchstart']} // the key that opens it would close it
    >
      <Menu.Target>{opener}</Menu.Target>
      <Menu.Dropdown>
        {operatorsOf(column).map((each, at) => (
          <Menu.Item
            key={each.operator}
            data-autofocus={at === 0 || undefined}
            leftSection={<span className={styles.sign}>{each.sign}</span>}
            onClick={() => onChoose(each.operator)}
          >
            {each.title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
