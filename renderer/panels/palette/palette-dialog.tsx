import { Modal } from '@mantine/core';
import { useMounted } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { closePalette, showDialog, useDialogs } from '../../stores/dialogs.ts';
import { findRow, go, openFound, type FoundRow, type Search } from './palette-actions.ts';
import { shownItems, type PaletteItem } from './palette-items.ts';
import { useSurroundings } from './use-surroundings.ts';
import styles from './palette.module.css';

/** Ctrl+P: type a part of a name, choose, be there. */
export function PaletteDialog() {
  const isAsked = useDialogs((state) => state.isPaletteOpen);
  const isOpen = useMounted() && isAsked; // as in Dialog
  return (
    <Modal.Root
      opened={isOpen}
      onClose={closePalette}
      size={620}
      yOffset="10vh"
      transitionProps={{ duration: 0 }}
      lockScroll={false} // as in Dialog
    >
      <Modal.Overlay />
      <Modal.Content aria-label="Go to">
        <Modal.Body p={0}>{isOpen && <Palette />}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

interface Choice {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly choose: () => void;
}

function Palette() {
  const around = useSurroundings();
  const ahead = useDialogs((state) => state.paletteAhead);
  const [inField, setInField] = useState('');
  const text = ahead + inField;
  const [marked, setMarked] = useState(0);
  const [search, setSearch] = useState<Search | 'looking' | null>(null);
  const wanted = useRef(0);
  useEffect(() => () => void (wanted.current = -1), []); // closed: nothing that is found moves anybody
  const id = useId();

  const lookFor = async (handle: string, key: string): Promise<void> => {
    const own = ++wanted.current;
    const isWanted = (): boolean => wanted.current === own;
    setSearch('looking');
    const found = await findRow(handle, key, isWanted);
    if (!isWanted()) return;
    const [only, ...others] = 'rows' in found ? found.rows : [];
    if (only && others.length === 0) arrive(() => openFound(handle, only));
    setSearch(found);
    setMarked(0);
  };
  const choose = ({ target }: PaletteItem): void => {
    if (target.to === 'row') void lookFor(target.handle, target.text);
    else arrive(() => go(target));
  };
  const handle = around.route.page === 'database' ? around.route.handle : '';
  const choices: readonly Choice[] = isFound(search)
    ? search.rows.map((row) => foundChoice(handle, row))
    : shownItems(around, text).map((item) => ({ ...item, choose: () => choose(item) }));
  const active = Math.min(marked, choices.length - 1);
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = movedTo(event.key, active, choices.length);
    if (next !== null) setMarked(next);
    else if (event.key === 'Enter' && !event.nativeEvent.isComposing) choices[active]?.choose();
    else return;
    event.preventDefault();
  };
  const isEntered = useDialogs((state) => state.isPaletteEntered);
  useEffect(() => {
    if (!isEntered || !useDialogs.getState().isPaletteEntered) return; // once
    showDialog({ isPaletteEntered: false });
    choices[active]?.choose();
  });
  const onText = (typed: string): void => {
    wanted.current++;
    setInField(typed);
    showDialog({ paletteAhead: '' }); // in the field by now
    setSearch(null);
    setMarked(0);
  };
  return (
    <>
      <div className={styles.field}>
        <IconSearch size={16} aria-hidden />
        <input
          data-autofocus
          className={styles.input}
          role="combobox"
          aria-label="Go to a table, row, migration, backup, page or setting"
          aria-expanded={choices.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={choices[active] ? `${id}-${active}` : undefined}
          aria-autocomplete="list"
          placeholder="Table, row key, migration, backup, page, setting…"
          spellCheck={false}
          value={text}
          onChange={({ currentTarget }) => onText(currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      <ChoiceList id={id} choices={choices} active={active} />
      <p role="status" className={styles.status}>
        {searchWords(search) ?? enterWords(choices[active]?.kind, text)}
      </p>
    </>
  );
}

/** The palette is gone before the way begins, so that the focus is left to the page that comes. */
function arrive(leave: () => void): void {
  closePalette();
  leave();
}

const isFound = (search: Search | 'looking' | null): search is Extract<Search, { rows: unknown }> =>
  search !== null && search !== 'looking' && 'rows' in search && search.rows.length > 1;

const foundChoice = (handle: string, row: FoundRow): Choice => ({
  id: row.table,
  title: `${row.key} in ${row.table}`,
  kind: 'row',
  choose: () => arrive(() => openFound(handle, row)),
});

function ChoiceList({ id, choices, active }: { id: string; choices: readonly Choice[]; active: number }) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [active, choices]);
  return (
    <div ref={list} id={`${id}-list`} role="listbox" aria-label="Where to go" className={styles.list}>
      {choices.map(({ id: own, title, kind, choose }, at) => (
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the field has the keys
        <div
          key={own}
          id={`${id}-${at}`}
          role="option"
          tabIndex={-1}
          aria-selected={at === active}
          className={styles.choice}
          onMouseDown={(event) => event.preventDefault()} // the field keeps the focus
          onClick={choose}
        >
          <span className={styles.title}>{title}</span>
          <span className={styles.kind}>{kind}</span>
        </div>
      ))}
    </div>
  );
}

/** @returns the entry that a key moves to; null = the key is none of the list's. */
function movedTo(key: string, at: number, length: number): number | null {
  if (length === 0) return null;
  if (key === 'ArrowDown') return (at + 1) % length;
  if (key === 'ArrowUp') return (at + length - 1) % length;
  if (key === 'PageDown') return Math.min(length - 1, at + 8);
  return key === 'PageUp' ? Math.max(0, at - 8) : null;
}

function searchWords(search: Search | 'looking' | null): string | null {
  if (search === null) return null;
  if (search === 'looking') return 'Looking for the row…';
  if ('error' in search) return `${search.error.title}. ${search.error.message}`;
  return search.rows.length === 0 ? search.words : `${search.rows.length} tables have a row with this key.`;
}

/** What Enter does with the chosen entry. */
function enterWords(kind: string | undefined, text: string): string {
  if (kind === undefined) return text === '' ? '' : 'Nothing has this in its name.';
  if (kind === 'row') return 'Enter looks for it among the primary keys.';
  if (kind === 'setting') return 'Enter chooses it.';
  return kind === 'action' ? 'Enter begins it. Nothing in the database is changed by it.' : 'Enter goes there.';
}
