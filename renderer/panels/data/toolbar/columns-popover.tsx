import { ActionIcon, Button, Checkbox, Popover } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconColumns3, IconPin, IconPinFilled } from '@tabler/icons-react';
import { shownName } from '../../../words/text.ts';
import { canMove, withHidden, withMove, withPin } from '../grid/arrange.ts';
import type { ArrangedColumns } from '../grid/use-columns.ts';
import { SomeColumns } from '../some-columns.tsx';
import styles from './columns.module.css';

/** All columns of a table: which are shown, in which order, and which stay at the left edge. */
export function ColumnsPopover({ arranged }: { arranged: ArrangedColumns }) {
  const { pinned, order, hidden } = arranged;
  const inOrder = [...pinned, ...order.filter((name) => !pinned.includes(name))];
  return (
    <Popover trapFocus returnFocus position="bottom-end" shadow="md" width={320}>
      <Popover.Target>
        <Button size="xs" variant="default" leftSection={<IconColumns3 size={14} aria-hidden />}>
          Columns{hidden.size > 0 ? `, ${hidden.size} hidden` : ''}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <SomeColumns names={inOrder}>
          {(listed) => (
            <ul className={styles.list}>
              {listed.map((name) => (
                <ColumnLine key={name} name={name} arranged={arranged} />
              ))}
            </ul>
          )}
        </SomeColumns>
        <Button size="xs" variant="default" onClick={arranged.reset}>
          Reset all columns
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}

function ColumnLine({ name, arranged }: { name: string; arranged: ArrangedColumns }) {
  const isPinned = arranged.pinned.includes(name);
  const isHidden = arranged.hidden.has(name);
  const Pin = isPinned ? IconPinFilled : IconPin;
  return (
    <li className={styles.line}>
      <Checkbox
        size="xs"
        className={styles.name}
        label={shownName(name)}
        checked={!isHidden}
        disabled={!isHidden && arranged.order.length - arranged.hidden.size < 2}
        onChange={() => arranged.change(withHidden(arranged, name, !isHidden))}
      />
      <ActionIcon
        size="sm"
        variant="subtle"
        color="gray"
        aria-label={`Pin ${shownName(name)}`}
        aria-pressed={isPinned}
        onClick={() => arranged.change(withPin(arranged, name, !isPinned))}
      >
        <Pin size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon
        size="sm"
        variant="subtle"
        color="gray"
        aria-label={`Move ${shownName(name)} left`}
        aria-disabled={!canMove(arranged, name, -1)}
        onClick={() => arranged.change(withMove(arranged, name, -1))}
      >
        <IconArrowUp size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon
        size="sm"
        variant="subtle"
        color="gray"
        aria-label={`Move ${shownName(name)} right`}
        aria-disabled={!canMove(arranged, name, 1)}
        onClick={() => arranged.change(withMove(arranged, name, 1))}
      >
        <IconArrowDown size={14} aria-hidden />
      </ActionIcon>
    </li>
  );
}
