import { Menu } from '@mantine/core';
import { IconDotsVertical } from '@tabler/icons-react';
import type { BrowseQuery } from '@shared/browse.ts';
import { changeQuery } from '../../../stores/browse.ts';
import { shownName } from '../../../words/text.ts';
import { menuPlace } from '../../../components/menu-place.ts';
import { useOwnEscape } from '../../../components/use-own-escape.ts';
import { canMove, withHidden, withMove, withPin, withWidth } from './arrange.ts';
import { sortedBy, unsortedBy } from './sorting.ts';
import type { ArrangedColumns } from './use-columns.ts';
import styles from './grid.module.css';

interface ColumnMenuProps {
  readonly handle: string;
  readonly query: BrowseQuery;
  readonly name: string;
  /** False: the order of hidden values would tell what they are. */
  readonly isSortable: boolean;
  readonly widthPx: number;
  readonly arranged: ArrangedColumns;
}

const STEP_PX = 40;
/** Without keydown, which is among them by default: the key that opens the menu would close it. */
const OUTSIDE = ['mousedown', 'touchstart'];

interface ColumnMenuButtonProps extends ColumnMenuProps {
  readonly isOpen: boolean;
  readonly onChange: (isOpen: boolean) => void;
}

/** Everything that can be done with a column, by mouse and by keyboard. */
export function ColumnMenu({ isOpen, onChange, ...column }: ColumnMenuButtonProps) {
  useOwnEscape(isOpen);
  const opener = (
    <button
      type="button"
      tabIndex={-1}
      className={styles.menu}
      aria-label={`Column ${shownName(column.name)}`}
      aria-haspopup="menu"
      {...(!isOpen && { onClick: () => onChange(true) })}
    >
      <IconDotsVertical size={14} aria-hidden />
    </button>
  );
  // A menu that is closed costs as much as fifty cells, at every column that is scrolled into view.
  if (!isOpen) return opener;
  return (
    <Menu
      opened
      onChange={onChange}
      position="bottom-start"
      shadow="md"
      width={230}
      returnFocus={false}
      {...menuPlace}
      transitionProps={{ duration: 0 }}
      clickOutsideEvents={OUTSIDE}
    >
      <Menu.Target>{opener}</Menu.Target>
      <Menu.Dropdown>
        <Choices {...column} />
      </Menu.Dropdown>
    </Menu>
  );
}

function Choices({ handle, query, name, isSortable, widthPx, arranged }: ColumnMenuProps) {
  const isPinned = arranged.pinned.includes(name);
  const shown = arranged.order.length - arranged.hidden.size;
  return (
    <>
      {isSortable && <SortChoices handle={handle} query={query} name={name} />}
      <Menu.Item
        data-autofocus={!isSortable || undefined}
        onClick={() => arranged.change(withPin(arranged, name, !isPinned))}
      >
        {isPinned ? 'Unpin' : 'Pin to the left edge'}
      </Menu.Item>
      <Menu.Item disabled={shown < 2} onClick={() => arranged.change(withHidden(arranged, name, true))}>
        Hide
      </Menu.Item>
      <Menu.Item disabled={!canMove(arranged, name, -1)} onClick={() => arranged.change(withMove(arranged, name, -1))}>
        Move left
      </Menu.Item>
      <Menu.Item disabled={!canMove(arranged, name, 1)} onClick={() => arranged.change(withMove(arranged, name, 1))}>
        Move right
      </Menu.Item>
      <Menu.Item closeMenuOnClick={false} onClick={() => arranged.change(withWidth(arranged, name, widthPx + STEP_PX))}>
        Wider
      </Menu.Item>
      <Menu.Item closeMenuOnClick={false} onClick={() => arranged.change(withWidth(arranged, name, widthPx - STEP_PX))}>
        Narrower
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item onClick={arranged.reset}>Reset all columns</Menu.Item>
    </>
  );
}

function SortChoices({ handle, query: { sort }, name }: Pick<ColumnMenuProps, 'handle' | 'query' | 'name'>) {
  const own = sort.find(({ column }) => column === name);
  const isAmongOthers = sort.some(({ column }) => column !== name);
  const by = (isDescending: boolean, isMore: boolean) => () =>
    changeQuery(handle, { sort: sortedBy(sort, name, isDescending, isMore) });
  return (
    <>
      <Menu.Item data-autofocus onClick={by(false, false)}>
        Sort ascending
      </Menu.Item>
      <Menu.Item onClick={by(true, false)}>Sort descending</Menu.Item>
      {isAmongOthers && <Menu.Item onClick={by(false, true)}>Then by this, ascending</Menu.Item>}
      {isAmongOthers && <Menu.Item onClick={by(true, true)}>Then by this, descending</Menu.Item>}
      {own && (
        <Menu.Item onClick={() => changeQuery(handle, { sort: unsortedBy(sort, name) })}>Do not sort by this</Menu.Item>
      )}
      <Menu.Divider />
    </>
  );
}
