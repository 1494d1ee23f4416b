import { Menu } from '@mantine/core';
import type { BrowseColumn, BrowseQuery } from '@shared/browse.ts';
import { useRef, useState } from 'react';
import { shownName } from '../../../words/text.ts';
import { menuPlace } from '../../../components/menu-place.ts';
import { useOwnEscape } from '../../../components/use-own-escape.ts';
import { boxHint, valuesOf } from './box-filter.ts';
import { operators, operatorsOf, type Operator } from './filter-words.ts';
import { useFilterBox } from './use-filter-box.ts';
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

/** Condition and value of one column. What it asks for stands among the chips too, and follows them. */
export function FilterBox({ handle, column, query, describedBy, onLeave }: FilterBoxProps) {
  const { found, operator, text, type, ask, choose, clear } = useFilterBox(handle, column, query.filters);
  const [isOpen, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className={styles.box} data-used={found !== null}>
      <OperatorMenu
        column={column}
        operator={column.isSensitive && !found ? null : operator}
        isOpen={isOpen}
        onOpen={setOpen}
        onChoose={(next) => {
          choose(next);
          input.current?.focus();
        }}
      />
      <input
        ref={input}
        className={styles.input}
        aria-label={`Filter ${shownName(column.name)}`}
        aria-describedby={describedBy}
        placeholder={column.isSensitive && !found ? 'hidden' : boxHint(operator)}
        value={text}
        readOnly={valuesOf(operator) === 0}
        onChange={({ currentTarget }) => type(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') ask();
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
            clear();
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
  useOwnEscape(isOpen);
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
