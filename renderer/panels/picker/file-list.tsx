import { IconDatabase, IconFile, IconFolder } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { FileEntry } from '@shared/channels.ts';
import { dateTime } from '../../words/times.ts';
import { describeEntry, nextIndex } from './picker-words.ts';
import styles from './picker.module.css';

const ROW_PX = 32;

/** A list box: arrows move, Enter or a click opens, Backspace goes up. Long folders are drawn only where visible. */
export function FileList({ title, entries, takesFocus, onChoose, onUp }: FileListProps) {
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
    } else if (event.key === 'Enter' && entry) onChoose(entry);
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
      aria-activedescendant={entries[active] ? `file-${active}` : undefined}
      className={styles.list}
      onKeyDown={onKeyDown}
    >
      <div style={{ height: rows.getTotalSize(), position: 'relative' }} role="presentation">
        {rows.getVirtualItems().map(({ index, start }) => {
          const entry = entries[index];
          if (!entry) return null;
          return (
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the list box has the keys
            <div
              key={entry.token}
              id={`file-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === active}
              className={styles.entry}
              data-database={entry.looksLikeDatabase}
              data-file={entry.kind === 'file'}
              style={{ transform: `translateY(${start}px)`, height: ROW_PX }}
              onClick={() => onChoose(entry)}
            >
              <EntryIcon entry={entry} />
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

function EntryIcon({ entry }: { entry: FileEntry }) {
  const Icon = entry.kind === 'folder' ? IconFolder : entry.looksLikeDatabase ? IconDatabase : IconFile;
  return <Icon size={16} stroke={1.7} aria-hidden />;
}

interface FileListProps {
  readonly title: string;
  readonly entries: readonly FileEntry[];
  /** A folder was walked into; at first the filter has the focus. */
  readonly takesFocus: boolean;
  readonly onChoose: (entry: FileEntry) => void;
  readonly onUp: () => void;
}
