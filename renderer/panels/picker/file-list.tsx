import { IconDatabase, IconFile, IconFolder, IconSquare, IconSquareCheckFilled } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { FileEntry } from '@shared/channels.ts';
import { dateTime } from '../../words/times.ts';
import type { PickerRequest } from '../../stores/dialogs.ts';
import { canChoose, describeEntry, nextIndex } from './picker-words.ts';
import styles from './picker.module.css';

const ROW_PX = 32;

/**
 * A list box: arrows move, Enter or a click opens, Backspace goes up. Where files are taken, Enter, Space or a click
 * marks one. Long folders are drawn only where visible.
 */
export function FileList({ title, entries, request, chosen, takesFocus, onChoose, onUp }: FileListProps) {
  const isMany = request.mode === 'files';
  const [marked, setActive] = useState(0);
  const active = Math.min(marked, Math.max(0, entries.length - 1)); // the filter may have shortened the list
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  });
  useEffect(() => {
    if (takesFocus) box.current?.focus(); // a folder was opened: go on with the arrow keys
  }, [takesFocus]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const entry = entries[active];
    const next = nextIndex(event.key, active, entries.length);
    if (next !== null) {
      setActive(next);
      rows.scrollToIndex(next);
    } else if ((event.key === 'Enter' || (isMany && event.key === ' ')) && entry) onChoose(entry);
    else if (event.key === 'Backspace') onUp();
    else return;
    event.preventDefault();
  };

  if (entries.length === 0) return <p className={styles.none}>Nothing here that matches.</p>;
  return (
    <div
      ref={box}
      role="listbox"
      tabIndex={0}
      aria-label={`Contents of ${title}`}
      aria-multiselectable={isMany || undefined}
      aria-activedescendant={entries[active] ? `file-${active}` : undefined}
      className={styles.list}
      onKeyDown={onKeyDown}
    >
      <div style={{ height: rows.getTotalSize(), position: 'relative' }} role="presentation">
        {rows.getVirtualItems().map(({ index, start }) => {
          const entry = entries[index];
          if (!entry) return null;
          const isChosen = chosen.has(entry.token);
          return (
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the list box has the keys
            <div
              key={entry.token}
              id={`file-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={isMany ? isChosen : index === active}
              aria-disabled={(request.mode !== 'database' && !canChoose(entry, request)) || undefined}
              className={styles.entry}
              data-active={index === active}
              data-plain={!canChoose(entry, request)}
              data-database={entry.looksLikeDatabase}
              style={{ transform: `translateY(${start}px)`, height: ROW_PX }}
              onClick={() => onChoose(entry)}
            >
              <EntryIcon entry={entry} isMany={isMany && canChoose(entry, request)} isChosen={isChosen} />
              <span className={styles.entryName}>{entry.name}</span>
              <span className={styles.entryFact}>{describeEntry(entry)}</span>
              <span className={styles.entryDate}>{entry.modifiedAt === null ? '' : dateTime(entry.modifiedAt)}</span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function EntryIcon({ entry, isMany, isChosen }: { entry: FileEntry; isMany: boolean; isChosen: boolean }) {
  if (isMany && entry.kind === 'file') {
    const Mark = isChosen ? IconSquareCheckFilled : IconSquare;
    return <Mark size={16} stroke={1.7} aria-hidden />;
  }
  const Icon = entry.kind === 'folder' ? IconFolder : entry.looksLikeDatabase ? IconDatabase : IconFile;
  return <Icon size={16} stroke={1.7} aria-hidden />;
}

interface FileListProps {
  readonly title: string;
  readonly entries: readonly FileEntry[];
  readonly request: PickerRequest;
  /** Tokens of the files that are marked. */
  readonly chosen: ReadonlyMap<string, string>;
  /** A folder was walked into; at first the filter has the focus. */
  readonly takesFocus: boolean;
  readonly onChoose: (entry: FileEntry) => void;
  readonly onUp: () => void;
}
